"""Who may close a case, take its package, audit a programme and read its figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Conflict
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance.models.visibility import ROOM
from oversight import closing_policy
from oversight.models import Extract, HealthBreach, SavedScope
from oversight.roles import OFFICE as OFFICE  # noqa: PLC0414 - our callers name it here
from scoping import closeout
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
HEALTH: Final = (*ROOM, roles.SPONSOR)
"""Who reads governance health: the board room, and the sponsor without what votes tell."""
LOOK_AGAIN_WITHIN: Final = dt.timedelta(days=366)
RISK_READERS: Final = (
    *(roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER, roles.ONCALL, roles.STEWARD),
    *(roles.PRODUCT_OWNER, roles.SPONSOR, roles.AUDITOR),
)
"""Who opens the risk register; each reads the lines whose pages they may open."""


def may_close(
    fellowship: Fellowship, by: Actor, known: Iterable[Obligation] | None = None
) -> Refusal | None:
    """Why the case may not be closed: wrong person, closed already, or an obligation is open.

    `known`: the case's obligations, where they were asked for already.
    """
    if closing_policy.is_closed(fellowship):
        return Refusal("closed", say("This fellowship is closed."))
    items = closeout.obligations(fellowship) if known is None else list(known)
    return first(scoping.may_close(fellowship, by, items), closing_policy.excepted_it(by, items))


def health_url(program: Program) -> str:
    """The page of governance health."""
    return reverse("oversight:health", args=[program.slug])


def may_answer_breach(
    breach: HealthBreach, by: Actor, answer: str = "-", look_again_on: dt.date | None = None
) -> Refusal | None:
    """Why the board's answer to a figure may not be written down, or not like this."""
    if not has_role(by, breach.program_id, roles.CHAIR):
        return Refusal("wrong_role", say("Only the chair writes down what the board makes of it."))
    if breach.ended_at is not None:
        return Refusal(
            "ended", say("The figure is within its limits again: nothing is left to answer.")
        )
    if not answer.strip():
        return Refusal("no_answer", say("Say what the board makes of it."), field="answer")
    today = breach.program.today()
    if look_again_on and not today < look_again_on <= today + LOOK_AGAIN_WITHIN:
        return Refusal(
            "look_again_on",
            say("Choose a day from tomorrow on, within a year: the board looks again then."),
            field="look_again_on",
        )
    return None


def may_take_package(fellowship: Fellowship, user: Any) -> Refusal | None:
    """The package holds the board's letters and the case's whole record."""
    if has_role(user, fellowship.program_id, *PACKAGE_READERS):
        return None
    return Refusal(
        "wrong_role",
        say("The package is for the programme's manager, chair, steward, sponsor and auditor."),
    )


def may_audit(program_id: int, by: Actor) -> Refusal | None:
    """Only the programme's auditors work in the audit room."""
    if has_role(by, program_id, roles.AUDITOR):
        return None
    return Refusal("wrong_role", say("Only an auditor of this programme may do this."))


def may_take_export(extract: Extract, by: Any, at: dt.datetime) -> Refusal | None:
    """An export's file is for the auditor who asked for it, as long as it is kept."""
    if extract.person_id is None or extract.person_id != getattr(by, "pk", None):
        text = say(
            "An export is for the auditor who asked for it: what it leaves out is about them."
        )
        return Refusal("not_yours", text)
    since = Conflict.objects.recusing().filter(user_id=extract.person_id)
    return first(
        may_audit(extract.program_id, by),
        _kept(extract, at),
        Refusal(
            "conflict_since",
            say(
                "You declared a conflict of interest since this was made. Ask for it again: it then"
                " leaves out what the conflict is about."
            ),
        )
        if since.filter(declared_at__gte=extract.created_at).exists()
        else None,
    )


def _kept(extract: Extract, at: dt.datetime) -> Refusal | None:
    """Why there is no file to take."""
    if extract.failed_at:
        return Refusal("not_made", extract.failure)
    if not extract.made_at:
        return Refusal("not_made_yet", say("The export is still being made."))
    if not extract.is_kept(at):
        return Refusal(
            "no_longer_kept", say("The file is no longer kept. Ask for the export again.")
        )
    return None


def scope_is_named(name: str) -> Refusal | None:
    """A saved scope is found again by its name."""
    if name.strip():
        return None
    return Refusal("no_name", say("Give the scope a name."), field="name")


def may_remove_scope(saved: SavedScope, by: Actor) -> Refusal | None:
    """Every auditor uses a saved scope; who made it removes it."""
    other = Refusal("not_yours", say("Only who saved this scope may remove it."))
    return first(may_audit(saved.program_id, by), other if saved.owner != by else None)


def may_verify_here(program_id: int, by: Actor, events: int, most: int) -> Refusal | None:
    """A page verifies small ledgers alone; large ones are verified by command."""
    too_many = Refusal(
        "too_large",
        say(
            "{events:,} events are more than the {most:,} a page verifies. Run "
            "“manage.py verify_ledger”.",
            events=events,
            most=most,
        ),
    )
    return first(may_audit(program_id, by), too_many if events > most else None)
