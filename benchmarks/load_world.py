"""What the load works on: people with sessions and tokens before it, and the count after it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import django

django.setup()

from allauth.account.internal.flows.login import record_authentication  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.http import HttpRequest  # noqa: E402

from access.models import AccessEvent  # noqa: E402
from fellowship.accounts.models import User  # noqa: E402
from fellowship.accounts.scopes import SCIM, SCOPES  # noqa: E402
from fellowship.accounts.services import create_token  # noqa: E402
from fellowship.history.models import Event  # noqa: E402
from fellowship.kernel import blobs  # noqa: E402
from findings.models import Finding  # noqa: E402
from governance.models import Matter, Vote  # noqa: E402
from governance.services import open_ballot  # noqa: E402
from proposals.models import DraftFile  # noqa: E402
from tests.scenarios import access as access_scenes  # noqa: E402
from tests.scenarios import findings as finding_scenes  # noqa: E402
from tests.scenarios import proposals as proposal_scenes  # noqa: E402
from tests.scenarios.oversight import whole_case  # noqa: E402
from tests.scenarios.world import SETUP, World, make_person, make_world  # noqa: E402

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROLES = {
    "manager": ("manager",),
    "product_owner": ("product_owner",),
    "steward": ("steward",),
    "oncall": ("oncall",),
    "auditor": ("auditor",),
    "sponsor": ("sponsor",),
}
FINDINGS = 40


def prepare(people: int) -> list[dict[str, Any]]:
    """A programme with a case, ballots, findings that wait, and so many people at work in it.

    Some seats are worked by several browsers of one person: a board has five.
    """
    world = make_world()
    case = whole_case(world)
    asked = [proposal_scenes.referred_proposal(world, make_person(f"a{n}")) for n in range(3)]
    matters = []
    for proposal in asked:
        matter = Matter.objects.get(subject_type="proposals.proposal", subject_id=proposal.pk)
        open_ballot(matter=matter, by=world.manager)
        matters.append(matter.ref)
    waiting = [
        finding_scenes.reported(world, case.fellowship, title=f"Finding {n}").ref
        for n in range(FINDINGS)
    ]
    event = {**access_scenes.event(case.grant), "id": ""}
    theirs: dict[str, dict[str, Any]] = {
        "product_owner": {"findings": waiting},
        "steward": {"event": event, "asked": {}},
    }
    found = [
        _person(world.fresh(name), role, theirs.get(role, {})) for role, (name,) in ROLES.items()
    ]
    for seat, member in zip(
        ("research", "product", "security", "legal", "policy"), world.board, strict=False
    ):
        user = User.objects.get(pk=member.pk)
        found.append(_person(user, "board", {"matters": matters, "seat": seat}))
    found += [dict(one) for one in found if one["role"] in ("manager", "steward", "sponsor")]
    found += [_applicant(world, n) for n in range(max(0, people - len(found)))]
    return found[:people]


def _applicant(world: World, number: int) -> dict[str, Any]:
    draft = proposal_scenes.drafted_proposal(world, make_person(f"writer-{number}"))
    return _person(draft.applicant, "applicant", {"draft": draft.ref})


def _person(user: User, role: str, theirs: dict[str, Any]) -> dict[str, Any]:
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    request: Any = HttpRequest()
    request.session, request.user = session, user
    record_authentication(request, user, "password")
    record_authentication(request, user, "mfa", type="totp")
    session.save()
    token = ""
    if role in ("board", "steward", "product_owner"):
        scopes = [name for name in SCOPES if name != SCIM]
        token = create_token(user=user, scopes=_allowed(user, scopes), by=SETUP)[1]
    return {"role": role, "session": session.session_key, "token": token, "theirs": theirs}


def _allowed(user: User, scopes: list[str]) -> list[str]:
    from fellowship.accounts import policy

    return [
        scope
        for scope in scopes
        if policy.may_create_token(user=user, scopes=[scope], by=SETUP) is None
    ]


def check(taken: dict[str, list[str]]) -> list[str]:
    """What the site said it took against what is there: lost, doubled, or half."""
    wrong = []
    events = set(taken.get("event", ()))
    there = Counter(
        AccessEvent.objects.filter(external_id__in=events).values_list("external_id", flat=True)
    )
    wrong += [f"access event {key} is lost" for key in events - set(there)]
    wrong += [f"access event {key} is there {n} times" for key, n in there.items() if n > 1]
    for said in set(taken.get("vote", ())):
        ref, seat = said.split(" ")
        count = Vote.objects.filter(ballot_seat__ballot__matter__ref=ref, ballot_seat__seat=seat)
        if count.count() != 1:
            wrong.append(f"{count.count()} votes of the {seat} seat on {ref}")
    for said in taken.get("file", ()):
        ref, name = said.split(" ")
        rows = list(DraftFile.objects.filter(proposal__ref=ref, name=name))
        if len(rows) != 1:
            wrong.append(f"{len(rows)} files {name} of {ref}")
        wrong += [f"file {name} is not what was sent" for r in rows if not _whole(r.sha256, name)]
    for ref in taken.get("disposition", ()):
        done = Event.objects.filter(verb="findings.accept_finding", subject_ref=ref).count()
        if done != 1 or Finding.objects.get(ref=ref).state == "reported":
            wrong.append(f"finding {ref} was disposed of {done} times")
    return wrong


def _whole(sha256: str, name: str) -> bool:
    return blobs.read(sha256).startswith(name.encode())


if __name__ == "__main__":
    act, argument = sys.argv[1:]
    if act == "prepare":
        print(json.dumps(prepare(int(argument)), default=str))
    else:
        print(json.dumps(check(json.loads(Path(argument).read_text()))))
