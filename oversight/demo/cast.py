"""The people of the story, by their short names, and the two programmes they meet in."""

from __future__ import annotations

from dataclasses import dataclass, field

from fellowship.accounts.models import User
from fellowship.accounts.queries import forget_what_is_held
from fellowship.accounts.services import grant_role, register
from fellowship.kernel.journal import System
from fellowship.programs import usual
from fellowship.programs.models import Program
from fellowship.programs.services import (
    complete_checklist_item,
    found_program,
    furnish,
    name_sponsor,
)
from fellowship.programs.states import LaunchItem
from governance.services import adopt_founding_rules
from oversight.demo.content import programs as content
from oversight.demo.content.people import COLLEAGUES, RESEARCHERS, SIGN_INS, Person

PASSWORD = "fellowship"  # noqa: S105 - the demonstration prints it
NARRATOR = System("demonstration")


@dataclass
class Cast:
    """Everyone by username, and the programmes by slug."""

    people: dict[str, User] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    def __getitem__(self, username: str) -> User:
        return self.people[username]

    @property
    def board(self) -> list[User]:
        """The five seats, in their order."""
        seats = ("research", "product", "security", "legal", "policy")
        return [self.people[f"board-{seat}"] for seat in seats]


def assemble() -> Cast:
    """Register everyone, found both programmes, grant the roles, adopt the founding rules."""
    cast = Cast()
    everyone = (*SIGN_INS, *COLLEAGUES, *RESEARCHERS)
    for person in everyone:
        cast.people[person.username] = _register(person)
    for slug, about in content.PROGRAMS.items():
        cast.programs[slug] = _found(slug, about, cast)
    return cast


def refresh(cast: Cast) -> None:
    """Forget what was cached about anyone's roles."""
    for user in cast.people.values():
        forget_what_is_held(user)


def _register(person: Person) -> User:
    return register(
        email=f"{person.username}@fellowship.example",
        username=person.username,
        name=person.name,
        affiliation=person.affiliation,
        orcid=person.orcid,
        time_zone=person.zone,
        password=PASSWORD,
        is_staff=person.role in ("board_member", "chair"),
        by=NARRATOR,
    )


def _found(slug: str, about: dict[str, str], cast: Cast) -> Program:
    program = found_program(
        slug=slug,
        name=about["name"],
        purpose=about["purpose"],
        zone=about["zone"],
        holidays=content.HOLIDAYS,
        by=NARRATOR,
    )
    for person in (*SIGN_INS, *COLLEAGUES):
        if person.role:
            grant_role(
                user=cast[person.username],
                realm=program.realm,
                role=person.role,
                seat=person.seat,
                by=NARRATOR,
            )
    refresh(cast)
    manager = cast["manager"]
    name_sponsor(program=program, sponsor=cast["sponsor"], by=manager)
    adopt_founding_rules(program=program, by=cast["admin"])
    furnish(
        program=program,
        by=manager,
        **usual.OFFERS,
        standards=[
            {"stage": stage, "owner": cast[content.OWNERS[stage]], "standard": text}
            for stage, text in content.STANDARDS.items()
        ],
    )
    for item in LaunchItem.values:
        evidence = content.EVIDENCE.get(item, "")
        complete_checklist_item(program=program, item=item, evidence=evidence, by=manager)
    return program
