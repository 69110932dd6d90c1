"""Who may raise, answer and close an escalation."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Model

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Conflict, User
from fellowship.accounts.queries import has_role, roles_of
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import containment
from governance.models import Escalation, Matter
from governance.models.visibility import ESCALATION_READERS, LATE_ESCALATION_READERS
from governance.policy.common import needs_role, text_given
from governance.states import (
    ESCALATION_MOVES,
    EscalationKind,
    EscalationState,
    Severity,
)

ANSWERERS = (roles.ONCALL, roles.CHAIR, roles.MANAGER)


def reads_all(escalation: Escalation, user: User) -> bool:
    """Whether one who sees the alarm reads the whole of it, not only what the fellow is shown."""
    late = LATE_ESCALATION_READERS if escalation.late(now()) else ()
    if not has_role(user, escalation.program_id, *ESCALATION_READERS, *late):
        return False
    if user.pk == escalation.fellow_id:
        return False
    return escalation.raised_by_id != user.pk or not _conflicted(escalation, user)


def _conflicted(escalation: Escalation, user: User) -> bool:
    """Asked of who raised it, who sees it all the same; others with a conflict see nothing."""
    if escalation.subject_id is None:
        return False
    declared = Conflict.objects.recusing().filter(
        user=user, subject_type=escalation.subject_type, subject_id=escalation.subject_id
    )
    return declared.exists()


NO_PROGRAM = Refusal(
    "no_program", "Choose the programme, or name a case: the case decides.", field="program"
)


def program_of(subject: Model | None, program: Program | None) -> int | None:
    """The key of the programme an alarm belongs to: its case's, else the one that was named."""
    of_case: int | None = getattr(subject, "program_id", None)
    return of_case or (program.pk if program else None)


def fellow_of(subject: Model | None) -> User | None:
    """The fellow whose case an alarm is about: its own, or that of the fellowship it belongs to."""
    found = getattr(subject, "fellow", None)
    if found is None:
        found = getattr(getattr(subject, "fellowship", None), "fellow", None)
    return found if isinstance(found, User) else None


def may_raise(
    program: Program, kind: str, severity: str, summary: str, by: Actor
) -> Refusal | None:
    """Why the alarm is refused: never for want of a role beyond taking part."""
    outsider = isinstance(by, User) and not roles_of(by, program.pk)
    return first(
        Refusal("wrong_role", f"Only participants of {program} raise its alarms.")
        if outsider
        else None,
        None
        if kind in EscalationKind.values
        else Refusal("unknown_kind", "Choose what happened.", field="kind"),
        None
        if severity in Severity.values
        else Refusal("unknown_severity", "Choose how severe it is.", field="severity"),
        text_given(summary, "summary", "Say in a sentence what happened."),
    )


def may_answer(escalation: Escalation, by: Actor, verb: str) -> Refusal | None:
    """Why `by` may not take this step of the escalation now."""
    return first(
        needs_role(by, escalation.program_id, *ANSWERERS, to="answer an escalation"),
        ESCALATION_MOVES.refusal(escalation.state, verb),
    )


def may_inform(escalation: Escalation, by: Actor) -> Refusal | None:
    """Why `by` may not tell the fellow how it stands."""
    return first(
        needs_role(by, escalation.program_id, *ANSWERERS, to="answer an escalation"),
        None
        if escalation.state != EscalationState.CLOSED
        else Refusal("wrong_state", "This escalation is closed."),
        None
        if escalation.fellow_id
        else Refusal("no_fellow", "Nobody outside is named to be told."),
    )


def known_means(keys: Iterable[str]) -> Refusal | None:
    """Why a means of containment is refused."""
    unknown = [key for key in keys if containment.get(key) is None]
    if not unknown:
        return None
    text = f"There is no such means: {', '.join(unknown)}."
    return Refusal("unknown_means", text, field="actions")


def may_reopen(escalation: Escalation, by: Actor) -> Refusal | None:
    """Why `by` may not take it up again: withdraw it from the board first."""
    return first(may_answer(escalation, by, "reopen"), with_the_board(escalation))


def with_the_board(escalation: Escalation) -> Refusal | None:
    """Why nobody else ends it: the board decides."""
    asked = Matter.objects.live().filter(kind="governance.escalation", subject_id=escalation.pk)
    if asked.exists():
        return Refusal("with_board", "The board decides whether this is closed.")
    return None


def may_close(escalation: Escalation, by: Actor, review: str) -> Refusal | None:
    """Why the escalation may not be closed: the written review stands first.

    One that is before the board is closed by its decision alone.
    """
    return first(
        may_answer(escalation, by, "close"),
        with_the_board(escalation),
        text_given(review, "review", "Write the review: cause, effect, and what prevents it."),
    )
