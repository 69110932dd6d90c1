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
from django.conf import settings  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.test import Client  # noqa: E402

from access.models import AccessEvent  # noqa: E402
from fellowship.accounts import policy  # noqa: E402
from fellowship.accounts.models import User  # noqa: E402
from fellowship.accounts.roles import Seat  # noqa: E402
from fellowship.accounts.scopes import SCIM, SCOPES  # noqa: E402
from fellowship.accounts.services import create_token  # noqa: E402
from fellowship.history.models import Event  # noqa: E402
from fellowship.kernel import blobs  # noqa: E402
from findings.models import Finding  # noqa: E402
from governance.models import Matter, Vote  # noqa: E402
from governance.services import open_ballot  # noqa: E402
from proposals.models import Draft, DraftFile, Review  # noqa: E402
from tests.scenarios import access as access_scenes  # noqa: E402
from tests.scenarios import findings as finding_scenes  # noqa: E402
from tests.scenarios import proposals as proposal_scenes  # noqa: E402
from tests.scenarios.oversight import whole_case  # noqa: E402
from tests.scenarios.world import SETUP, World, make_person, make_world  # noqa: E402

# Nobody here signs in by a password, so none is worth a slow hash.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROLES = ("manager", "product_owner", "steward", "oncall", "auditor", "sponsor")
TOKENS = ("board", "steward", "product_owner", "reviewer")
FINDINGS = 40
REVIEWS = 12


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
    evidence = [finding_scenes.artifact(world, case.fellowship, sources=[case.dataset])]
    waiting = [
        finding_scenes.reported(world, case.fellowship, title=f"Finding {n}", evidence=evidence).ref
        for n in range(FINDINGS)
    ]
    event = {**access_scenes.event(case.grant), "id": ""}
    theirs: dict[str, dict[str, Any]] = {
        "product_owner": {"findings": waiting},
        "steward": {"event": event},
    }
    found = [person(world.fresh(name), name, theirs.get(name, {})) for name in ROLES]
    for member, seat in zip(world.board, Seat.values, strict=True):
        told = {"matters": matters, "seat": seat}
        found.append(person(User.objects.get(pk=member.pk), "board", told))
    found += _reviewers(world)
    found += [dict(one) for one in found if one["role"] in ("manager", "steward", "sponsor")]
    found += [_applicant(world, n) for n in range(max(1, people - len(found)))]
    return _mixed(found)[:people]


def _mixed(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One of each role, then a second of each: a few people do everything too."""
    counted: Counter[str] = Counter()
    places = []
    for one in found:
        places.append(counted[one["role"]])
        counted[one["role"]] += 1
    return [one for _, one in sorted(zip(places, found, strict=True), key=lambda pair: pair[0])]


def _reviewers(world: World) -> list[dict[str, Any]]:
    """Two, each asked for a review of the same proposals."""
    asked: dict[str, list[int]] = {"reviewer": [], "reviewer_two": []}
    for number in range(REVIEWS):
        sent = proposal_scenes.submitted_proposal(world, make_person(f"asker-{number}"))
        for name, keys in asked.items():
            keys.append(proposal_scenes.assigned(world, sent, world.people[name]).pk)
    return [
        person(world.fresh(name), "reviewer", {"reviews": keys}) for name, keys in asked.items()
    ]


def _applicant(world: World, number: int) -> dict[str, Any]:
    draft = proposal_scenes.drafted_proposal(world, make_person(f"writer-{number}"))
    return person(draft.applicant, "applicant", {"draft": draft.ref})


def person(user: User, role: str, theirs: dict[str, Any]) -> dict[str, Any]:
    """Them as a browser works for them: with a session, and a token where their role has one."""
    token = ""
    if role in TOKENS:
        scopes = [name for name in SCOPES if name != SCIM]
        token = create_token(user=user, scopes=_allowed(user, scopes), by=SETUP)[1]
    return {"role": role, "session": signed_in(user), "token": token, "theirs": theirs}


def signed_in(user: User) -> str:
    """The key of a new session of theirs, with the second factor that rules ask of some."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, BACKEND)
    request: Any = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, "mfa", type="totp")
    request.session.save()  # under another key: a factor shown changes it
    return str(request.session.session_key)


def _allowed(user: User, scopes: list[str]) -> list[str]:
    return [
        scope
        for scope in scopes
        if policy.may_create_token(user=user, scopes=[scope], by=SETUP) is None
    ]


def check(taken: dict[str, list[Any]]) -> list[str]:
    """What the site said it took against what is there: lost, doubled, or half."""
    return [
        *_events(taken.get("event", [])),
        *_votes(taken.get("vote", [])),
        *_files(taken.get("file", [])),
        *_drafts(taken.get("draft", [])),
        *_reviews(taken.get("review", [])),
        *_dispositions(taken.get("disposition", [])),
    ]


def _events(said: list[str]) -> list[str]:
    there = Counter(AccessEvent.objects.filter(source="load").values_list("external_id", flat=True))
    wrong = [f"access event {key} is lost" for key in set(said) - set(there)]
    wrong += [f"access event {key} is there {n} times" for key, n in there.items() if n > 1]
    return wrong + [
        f"access event {key} was never said to be taken" for key in set(there) - set(said)
    ]


def _votes(said: list[list[str]]) -> list[str]:
    """The last of each seat stands, and each that was taken is one event."""
    wrong = []
    for (matter, seat), rationale in {(m, s): text for m, s, text in said}.items():
        rows = Vote.objects.filter(ballot_seat__ballot__matter__ref=matter, ballot_seat__seat=seat)
        if [row.rationale for row in rows] != [rationale]:
            wrong.append(f"the last vote of the {seat} seat on {matter} is not there")
    for matter, count in Counter(matter for matter, *_ in said).items():
        wrong += _once("governance.cast_vote", Matter.objects.get(ref=matter), count)
    return wrong


def _files(said: list[tuple[str, str]]) -> list[str]:
    """The last of each draft alone is there, whole."""
    wrong = []
    for ref, name in dict(said).items():
        rows = list(DraftFile.objects.filter(proposal__ref=ref))
        if [row.name for row in rows] != [name]:
            wrong.append(f"{ref} has {[row.name for row in rows]}, not {name}")
        wrong += [f"file {name} is not what was sent" for r in rows if not _whole(r.sha256, name)]
    return wrong


def _drafts(said: list[list[Any]]) -> list[str]:
    """The last that was saved is there, as that version."""
    wrong = []
    for ref, (version, text) in {ref: (version, text) for ref, version, text in said}.items():
        draft = Draft.objects.get(proposal__ref=ref, section="system")
        if (draft.version, draft.answers["system"]) != (version, text):
            wrong.append(f"{ref} was saved as version {version}, and is {draft.version}")
    return wrong


def _reviews(said: list[list[Any]]) -> list[str]:
    wrong = []
    for pk, comment in said:
        rows = list(Review.objects.filter(assignment=pk))
        if [row.comment_applicant for row in rows] != [comment]:
            wrong.append(f"{len(rows)} reviews of assignment {pk}")
        for row in rows:
            wrong += _once("proposals.submit_review", row)
    return wrong


def _dispositions(said: list[str]) -> list[str]:
    wrong = []
    for ref in said:
        finding = Finding.objects.get(ref=ref)
        if finding.state != "accepted":
            wrong.append(f"finding {ref} is {finding.state}")
        wrong += _once("findings.accept", finding)
    return wrong


def _once(verb: str, subject: Any, times: int = 1) -> list[str]:
    """The ledger says of the subject that it happened so many times."""
    there = Event.objects.about(subject).filter(verb=verb).count()
    return [] if there == times else [f"{verb} of {subject}: {there} events, not {times}"]


def _whole(sha256: str, name: str) -> bool:
    return blobs.read(sha256).startswith(name.encode())


if __name__ == "__main__":
    act, argument = sys.argv[1:]
    if act == "prepare":
        print(json.dumps(prepare(int(argument)), default=str))
    else:
        print(json.dumps(check(json.loads(Path(argument).read_text()))))
