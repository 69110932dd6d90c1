"""Who may suspend a person's access or a dataset, and lift it again, and why not."""

from __future__ import annotations

import datetime as dt
from typing import Final

from access.models import AccessSuspension, Dataset
from access.policy import SEPARATION
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, recused
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from scoping.models import Fellowship

SUSPENDERS: Final = (roles.ONCALL, roles.STEWARD, roles.MANAGER, roles.CHAIR)
"""Who may close, and, being another person than whoever closed, open again."""


def may_suspend(
    program: Program | int,
    by: Actor,
    *,
    person: User | None = None,
    dataset: Dataset | None = None,
    until: dt.datetime | None = None,
) -> Refusal | None:
    """Why `by` may not suspend the person's access in the programme, or the dataset."""
    return first(
        _staff(program, by, person, say("suspends access")),
        None
        if until is None or until > now()
        else Refusal(
            "until_past", say("The end of a suspension lies in the future."), field="until"
        ),
        _is_concerned(program, person) if person else None,
        None
        if dataset is None or dataset.program_id == _key(program)
        else Refusal(
            "other_program",
            say("{dataset} belongs to another programme.", dataset=dataset),
            field="dataset",
        ),
    )


def may_lift(suspension: AccessSuspension, by: Actor) -> Refusal | None:
    """Why `by` may not lift it: a second person decides that the danger is over."""
    return first(
        None
        if isinstance(by, User)
        else Refusal("separation", say("A suspension is lifted by a person."), rule=SEPARATION),
        _staff(suspension.program_id, by, suspension.person, say("lifts a suspension")),
        Refusal("separation", say("Someone other than who suspended lifts it."), rule=SEPARATION)
        if suspension.by_id is not None and suspension.by_id == getattr(by, "pk", None)
        else None,
        None
        if suspension.until is None or suspension.until > now()
        else Refusal("ended", say("This suspension has ended already; there is nothing to lift.")),
    )


def _staff(program: Program | int, by: Actor, person: User | None, what: str) -> Refusal | None:
    if not isinstance(by, User):
        return None
    if not has_role(by, program, *SUSPENDERS):
        names = joined(", ", (roles.ROLES[key].label.lower() for key in SUSPENDERS[:-1]))
        chair = roles.ROLES[SUSPENDERS[-1]].label.lower()
        return Refusal(
            "wrong_role",
            say(
                "Only a {names} or {chair} of this programme {what}.",
                names=names,
                chair=chair,
                what=what,
            ),
        )
    if person is None:
        return None
    if by.pk == person.pk:
        return Refusal("separation", say("Nobody {what} of their own.", what=what), rule=SEPARATION)
    cases = Fellowship.objects.filter(program_id=_key(program), fellow=person)
    if any(recused(by, case) or recused(by, case.proposal) for case in cases):
        return Refusal(
            "separation", say("You declared a conflict about this case."), rule=SEPARATION
        )
    return None


def _is_concerned(program: Program | int, person: User) -> Refusal | None:
    """Nobody is suspended where they could never have reached anything."""
    known = Fellowship.objects.filter(program_id=_key(program), fellow=person).exists()
    if known or person.grants.filter(fellowship__program_id=_key(program)).exists():
        return None
    reason = say("{person} has neither a fellowship nor a grant in this programme.", person=person)
    return Refusal("not_concerned", reason, field="person")


def _key(program: Program | int) -> int:
    return program if isinstance(program, int) else int(program.pk)
