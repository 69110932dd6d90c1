"""Who asks, in the authorisation matrix: each role, and how its person stands to one case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from access.models import ReleaseRequest
from fellowship.accounts import roles
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.history.models import Event
from governance.models import Decision
from oversight.lineage.serialise import FORMS
from proposals.models import Proposal
from tests.scenarios import access
from tests.scenarios.proposals import drafted_proposal
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import SETUP, make_person, make_world
from tests.support.furnished import furnish_all
from tests.support.house import House, build_house


@dataclass(frozen=True)
class Part:
    """One who asks."""

    role: str
    """The role held in the programme; empty for none."""
    relation: str
    """How they stand to the case that all addresses belong to."""
    column: str
    """Two signs for the head of a table."""


CAST: Final[dict[str, Part]] = {
    "visitor": Part("", "signed out", "vi"),
    "newcomer": Part("", "signed in, without any role", "ne"),
    "fellow": Part(roles.FELLOW, "the fellow of the case", "fe"),
    "fellow_other": Part(roles.FELLOW, "the fellow of another case", "f2"),
    "applicant": Part(roles.APPLICANT, "with proposals of their own", "ap"),
    "collaborator": Part(roles.COLLABORATOR, "on the case", "co"),
    "mentor": Part(roles.MENTOR, "of the case", "me"),
    "mentor_other": Part(roles.MENTOR, "of no case", "m2"),
    "reviewer": Part(roles.REVIEWER, "of the case's proposal", "re"),
    "reviewer_other": Part(roles.REVIEWER, "asked for no review", "r2"),
    "board": Part(roles.BOARD_MEMBER, "of the programme", "bo"),
    "board_recused": Part(roles.BOARD_MEMBER, "recused from the case", "b!"),
    "chair": Part(roles.CHAIR, "of the programme", "ch"),
    "manager": Part(roles.MANAGER, "of the programme", "ma"),
    "manager_recused": Part(roles.MANAGER, "recused from the case", "m!"),
    "steward": Part(roles.STEWARD, "of the programme", "st"),
    "product_owner": Part(roles.PRODUCT_OWNER, "of the programme", "po"),
    "oncall": Part(roles.ONCALL, "of the programme", "oc"),
    "policy_reviewer": Part(roles.POLICY_REVIEWER, "of the case's publication", "pr"),
    "legal_reviewer": Part(roles.LEGAL_REVIEWER, "of the programme", "lr"),
    "auditor": Part(roles.AUDITOR, "of the programme", "au"),
    "auditor_recused": Part(roles.AUDITOR, "recused from the case", "a!"),
    "sponsor": Part(roles.SPONSOR, "of the programme", "sp"),
    "admin": Part(roles.ADMINISTRATOR, "of the programme", "ad"),
    "elsewhere_fellow": Part(roles.APPLICANT, "of another programme", "ef"),
    "elsewhere_manager": Part(roles.MANAGER, "of another programme", "em"),
    "elsewhere_auditor": Part(roles.AUDITOR, "of another programme", "ea"),
    "elsewhere_admin": Part(roles.ADMINISTRATOR, "of another programme", "ex"),
}
"""Everybody who may read something, in the order of the columns."""

ASKED: Final = tuple(CAST)
"""Whom the matrix asks. `make matrix ASK=new` asks others who are added."""

RECUSED: Final = tuple(name for name in CAST if name.endswith("_recused"))
ELSEWHERE: Final = tuple(name for name in CAST if name.startswith("elsewhere_"))
APART: Final = (
    *("visitor", "newcomer", "fellow_other", "applicant", "mentor_other", "reviewer_other"),
    *(*RECUSED, *ELSEWHERE),
)
"""Who has no part in the case."""
STAFF: Final = tuple(
    name
    for name, part in CAST.items()
    if part.role in roles.STAFF and name not in (*RECUSED, *ELSEWHERE)
)
"""Who works for the programme and is not recused from the case."""

_AS = {"fellow": "applicant", "applicant": "other_applicant", "collaborator": "stranger"}
_AS |= {"board": "board_security", "board_recused": "board_product"}
"""Parts played by people of the world that have another name there."""


def build_cast() -> House:
    """The house, with everybody there who asks; what was added comes after what its names mean."""
    house = build_house()
    house.names = {begin: list(values) or values for begin, values in house.names.items()}
    furnish_all(house)
    house = replace(house, names=_names(house), later=_later(house))
    world, realm = house.world, house.world.program.realm
    world.people |= {"machine": world.stranger, "stranger": make_person("collaborator")}
    access.collaborator(world, house.case.fellowship)
    other = make_person("fellow_other")
    signed_fellowship(world, other)
    people = {"newcomer": make_person("newcomer"), "fellow_other": other}
    for name in ("mentor_other", "reviewer_other", "manager_recused", "auditor_recused"):
        people[name] = make_person(name)
        grant_role(user=people[name], realm=realm, role=CAST[name].role, by=SETUP)
    people |= {name: world.people[known] for name, known in _AS.items()}
    elsewhere = make_world("-elsewhere")
    people |= {f"elsewhere_{name}": person for name, person in elsewhere.people.items()}
    people["elsewhere_fellow"] = elsewhere.applicant
    drafted_proposal(elsewhere)
    world.people.update(people)
    for name in RECUSED:
        person = world.fresh(name)
        proposal = Proposal.objects.get(pk=house.case.fellowship.proposal_id)
        declare_conflict(
            user=person,
            subject=proposal,
            realm=realm,
            kind="coauthor",
            statement="We wrote together.",
            by=person,
        )
    return house


_WHILE_A_DRAFT: Final = {
    "proposals/": ("edit/", "attachments/", "check/", "reuse/", "submit/", "discard/"),
    "access/releases/": ("files/", "send/"),
}
"""What is done to what was not sent yet."""


def _names(house: House) -> dict[str, Iterable[Any]]:
    """What the house says, that of the case first; a draft where one is worked on."""
    names: dict[str, Iterable[Any]] = {begin: list(values) for begin, values in house.names.items()}
    sent = house.case.fellowship.proposal.ref, _sent_release().ref
    for (begin, parts), ref in zip(_WHILE_A_DRAFT.items(), sent, strict=True):
        known = list(names[begin])
        names |= {route: known for part in parts for route in _routes(begin, part)}
        names[begin] = sorted(known, key=lambda one: one != ref)
    proposal = house.case.fellowship.proposal_id
    decided = Decision.objects.filter(matter__subject_type="proposals.proposal")
    refs = decided.filter(matter__subject_id=proposal).values_list("matter__ref", flat=True)
    names["board/decisions/"] = list(refs)
    names["rules/<int:pk>/comments/"] = list(names["rules/"])[1:]
    names["api/v1/reviewers/"] = [house.world.reviewer.username]
    names["access/releases/<str:ref>/files/<int:pk>/"] = [sent[1]]
    names["accounts/2fa/webauthn/keys/"] = [1]
    return names


def _routes(begin: str, part: str) -> list[str]:
    """How the addresses below a record of this kind are written."""
    return [f"{begin}<{kind}:ref>/{part}" for kind in ("str", "slug")]


def _sent_release() -> ReleaseRequest:
    return ReleaseRequest.objects.exclude(first_sent_at=None).earliest("pk")


def _later(house: House) -> dict[str, Sequence[Any]]:
    """What stands for later arguments, so that there is something to be shown."""
    case, waits = house.case.fellowship, Proposal.objects.get(title="Waits for reviewers")
    event = Event.objects.filter(subject_type="scoping.fellowship", subject_id=case.pk)
    output = _sent_release().outputs.earliest("pk")
    return {
        **house.later,
        "access/releases/<str:ref>/files/": [output.pk],
        "api/v1/access/releases/<pk>/outputs/": [output.sha256],
        "audit/<slug:slug>/case/": [case.ref],
        "audit/<slug:slug>/event/": [event.earliest("pk").uid],
        "lineage/<str:ref>/": [min(FORMS)],
        "proposals/suggestions/<int:pk>/": [waits.ref],
    }
