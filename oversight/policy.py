"""Who may close a case, take its package, audit a programme and read its figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from oversight.models import Closeout
from scoping.closeout import Obligation
from scoping.models import Fellowship
from scoping.policy import cases as scoping

PACKAGE_READERS: Final = (
    roles.MANAGER,
    roles.CHAIR,
    roles.STEWARD,
    roles.SPONSOR,
    roles.AUDITOR,
)
OFFICE: Final = (roles.MANAGER, roles.SPONSOR, roles.CHAIR)


def may_close(
    fellowship: Fellowship, by: Actor, known: Iterable[Obligation] | None = None
) -> Refusal | None:
    """Why the case may not be closed: wrong person, closed already, or an obligation is open.

    `known`: the case's obligations, where they were asked for already.
    """
    if Closeout.objects.filter(fellowship=fellowship).exists():
        return Refusal("closed", "This fellowship is closed.")
    return scoping.may_close(fellowship, by, known)


def may_take_package(fellowship: Fellowship, user: Any) -> Refusal | None:
    """The package holds the board's letters and the case's whole record."""
    if has_role(user, fellowship.program_id, *PACKAGE_READERS):
        return None
    return Refusal(
        "wrong_role",
        "The package is for the programme's manager, chair, steward, sponsor and auditor.",
    )


def may_audit(program_id: int, by: Actor) -> Refusal | None:
    """Only the programme's auditors work in the audit room."""
    if has_role(by, program_id, roles.AUDITOR):
        return None
    return Refusal("wrong_role", "Only an auditor of this programme may do this.")


def may_verify_here(program_id: int, by: Actor, events: int, most: int) -> Refusal | None:
    """A page verifies small ledgers alone; large ones are verified by command."""
    too_many = Refusal(
        "too_large",
        f"{events:,} events are more than the {most:,} a page verifies. Run "
        "“manage.py verify_ledger”.",
    )
    return first(may_audit(program_id, by), too_many if events > most else None)
