"""One programme with one person per role, rules in force and an open call, all made by services."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.services import grant_role, register
from fellowship.kernel.journal import System
from fellowship.kernel.time import now
from fellowship.programs.models import Call, Cohort, Program
from fellowship.programs.services import (
    complete_checklist_item,
    draft_call,
    found_program,
    furnish,
    name_sponsor,
    open_cohort,
    publish_call,
)
from fellowship.programs.states import LaunchItem, Stage
from governance.services import adopt_founding_rules

if TYPE_CHECKING:
    from scoping.models import Fellowship

SETUP = System("scenario")
PASSWORD = "correct horse battery"

PEOPLE: dict[str, tuple[str, str]] = {
    "mentor": (roles.MENTOR, ""),
    "reviewer": (roles.REVIEWER, ""),
    "reviewer_two": (roles.REVIEWER, ""),
    "board_research": (roles.BOARD_MEMBER, roles.Seat.RESEARCH),
    "board_product": (roles.BOARD_MEMBER, roles.Seat.PRODUCT),
    "board_security": (roles.BOARD_MEMBER, roles.Seat.SECURITY),
    "board_legal": (roles.BOARD_MEMBER, roles.Seat.LEGAL),
    "board_policy": (roles.BOARD_MEMBER, roles.Seat.POLICY),
    "chair": (roles.CHAIR, ""),
    "manager": (roles.MANAGER, ""),
    "steward": (roles.STEWARD, ""),
    "product_owner": (roles.PRODUCT_OWNER, ""),
    "oncall": (roles.ONCALL, ""),
    "policy_reviewer": (roles.POLICY_REVIEWER, ""),
    "legal_reviewer": (roles.LEGAL_REVIEWER, ""),
    "auditor": (roles.AUDITOR, ""),
    "sponsor": (roles.SPONSOR, ""),
    "admin": (roles.ADMINISTRATOR, ""),
}
OUTSIDERS = ("applicant", "other_applicant", "stranger")


@dataclass
class World:
    """A programme and its people, reachable by name: `world.manager`, `world.board_security`."""

    program: Program
    cohort: Cohort
    call: Call
    people: dict[str, User] = field(default_factory=dict)
    fellowship: Fellowship | None = None
    """The applicant's, signed, where the world was built with one."""

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def board(self) -> list[User]:
        """The five seats' people, in the order of the seats."""
        return [self.people[f"board_{seat}"] for seat in roles.Seat.values]

    def fresh(self, name: str) -> User:
        """The person read anew, with no role cached."""
        return User.objects.get(pk=self.people[name].pk)


def make_person(name: str, slug: str = "") -> User:
    """Register one person; `slug` keeps the addresses of two worlds apart."""
    username = f"{name}{slug}".replace("_", "-")
    return register(
        email=f"{username}@example.org",
        username=username,
        name=name.replace("_", " ").title(),
        affiliation="University of Elsewhere" if name in OUTSIDERS else "Meridian Systems",
        password=PASSWORD,
        by=SETUP,
    )


def make_world(slug: str = "") -> World:
    """A programme ready to take proposals. A second world needs its own `slug`."""
    program = found_program(
        slug=f"meridian{slug}",
        name=f"Meridian Safety Fellowship{slug}",
        purpose="Independent scrutiny that becomes measured controls.",
        by=SETUP,
    )
    people = {name: make_person(name, slug) for name in (*PEOPLE, *OUTSIDERS)}
    for name, (role, seat) in PEOPLE.items():
        grant_role(user=people[name], realm=program.realm, role=role, seat=seat, by=SETUP)
    people = {name: User.objects.get(pk=user.pk) for name, user in people.items()}
    manager = people["manager"]
    program = name_sponsor(program=program, sponsor=people["sponsor"], by=SETUP)
    adopt_founding_rules(program=program, by=people["admin"])
    furnish(
        program=program,
        by=manager,
        tracks=[
            {
                "key": key,
                "summary": "What is studied.",
                "approval": "The board.",
                "communication": "Open by default.",
            }
            for key in ("open_methods", "controlled_access", "product_facing")
        ],
        models=[
            {
                "key": "controlled_access",
                "access_level": "Restricted internal data",
                "publication_freedom": "Moderate",
                "best_for": "Evaluations",
                "main_risk": "Data leakage",
            },
            {
                "key": "open_methods",
                "access_level": "Public or synthetic data",
                "publication_freedom": "High",
                "best_for": "Benchmarking",
                "main_risk": "Low product relevance",
            },
        ],
        output_types=[
            {
                "key": "eval-harness",
                "name": "Evaluation harness",
                "access_level": "Internal",
                "reviews": "Scientific and policy",
                "publication_timeline": "30 days",
                "milestones": [
                    {"title": title, "week": None} for title in ("Protocol", "Harness", "Report")
                ],
            }
        ],
        standards=[
            {"stage": stage, "owner": manager, "standard": f"How we {stage}."}
            for stage in Stage.values
        ],
    )
    for item in LaunchItem.values:
        complete_checklist_item(program=program, item=item, evidence="See the wiki.", by=manager)
    today = now()
    cohort = open_cohort(
        program=program,
        name="Spring",
        starts_on=today.date(),
        ends_on=today.date() + dt.timedelta(days=180),
        by=manager,
    )
    call = draft_call(
        program=program,
        cohort=cohort,
        by=manager,
        title="Refusal and tool use under pressure",
        summary="We look for bounded questions about refusals and tool use.",
        topics="Refusal consistency; tool-call trust.",
        constraints="No raw transcripts leave the environment.",
        eligibility="Anyone outside the company.",
        publication_rules="Published by default.",
        opens_at=today - dt.timedelta(days=1),
        closes_at=today + dt.timedelta(days=30),
    )
    call = publish_call(call=call, by=manager)
    return World(program=program, cohort=cohort, call=call, people=people)
