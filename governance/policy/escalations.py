"""Who may raise, answer and close an escalation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Model

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Conflict, User
from fellowship.accounts.queries import has_role, may_be_recused, roles_of
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import containment
from governance.models import Escalation, EscalationStep, Matter, ReportDuty
from governance.models.visibility import ESCALATION_READERS, LATE_ESCALATION_READERS
from governance.policy.common import needs_role, text_given
from governance.states import (
    ESCALATION_MOVES,
    EscalationKind,
    EscalationState,
    Harm,
    Severity,
    Step,
)

LONG_BEFORE = dt.timedelta(days=30)
"""How long before the alarm the company may have known."""
ANSWERERS = (roles.ONCALL, roles.CHAIR, roles.MANAGER)


def reads_all(escalation: Escalation, user: User) -> bool:
    """Whether one who sees the alarm reads the whole of it, not only what the fellow is shown."""
    late = LATE_ESCALATION_READERS if escalation.late(now()) else ()
    reads = has_role(user, escalation.program_id, *ESCALATION_READERS, *late)
    if not reads and not escalation.parties.filter(user=user).exists():
        return False
    if user.pk == escalation.fellow_id:
        return False
    return not _conflicted(escalation, user)


def reads_words(
    escalation: Escalation, steps: Iterable[EscalationStep], user: User, *, inside: bool
) -> bool:
    """Whether one who sees the alarm reads in which words, and by whom, it was raised.

    The fellow whose case it is reads only what kind of alarm it is, unless they raised it or were
    named.
    """
    if inside or escalation.raised_by_id == user.pk:
        return True
    if escalation.fellow_id != user.pk:
        return False
    return any(row.step == Step.RAISED and row.shown_to_fellow for row in steps)


def steps_shown(
    steps: Iterable[EscalationStep], user: User, *, inside: bool, concerned: bool
) -> list[EscalationStep]:
    """The steps the person reads: `inside` all, else one's own alarms and what the fellow is shown.

    What others raised, with the fellow named, is read by the fellow alone.
    """
    alarms = (Step.RAISED, Step.OCCURRED)

    def shown(row: EscalationStep) -> bool:
        if row.step in alarms and row.by_id == user.pk:
            return True
        return row.shown_to_fellow and (row.step not in alarms or concerned)

    return [row for row in steps if inside or shown(row)]


def _conflicted(escalation: Escalation, user: User) -> bool:
    """Asked of who raised it, who sees it all the same; others with a conflict see nothing."""
    if escalation.subject_id is None or not may_be_recused(user):
        return False
    declared = Conflict.objects.recusing().filter(
        user=user, subject_type=escalation.subject_type, subject_id=escalation.subject_id
    )
    return declared.exists()


NO_PROGRAM = Refusal(
    "no_program", say("Choose the programme, or name a case: the case decides."), field="program"
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
        Refusal(
            "wrong_role", say("Only participants of {program} raise its alarms.", program=program)
        )
        if outsider
        else None,
        None
        if kind in EscalationKind.values
        else Refusal("unknown_kind", say("Choose what happened."), field="kind"),
        None
        if severity in Severity.values
        else Refusal("unknown_severity", say("Choose how severe it is."), field="severity"),
        text_given(summary, "summary", say("Say in a sentence what happened.")),
    )


def may_answer(escalation: Escalation, by: Actor, verb: str) -> Refusal | None:
    """Why `by` may not take this step of the escalation now."""
    return first(
        needs_role(by, escalation.program_id, *ANSWERERS, to=say("answer an escalation")),
        ESCALATION_MOVES.refusal(escalation.state, verb),
    )


def may_inform(escalation: Escalation, by: Actor) -> Refusal | None:
    """Why `by` may not tell the fellow how it stands."""
    return first(
        needs_role(by, escalation.program_id, *ANSWERERS, to=say("answer an escalation")),
        None
        if escalation.state != EscalationState.CLOSED
        else Refusal("wrong_state", say("This escalation is closed.")),
        None
        if escalation.fellow_id
        else Refusal("no_fellow", say("Nobody outside is named to be told.")),
    )


def known_means(keys: Iterable[str]) -> Refusal | None:
    """Why a means of containment is refused."""
    unknown = [key for key in keys if containment.get(key) is None]
    if not unknown:
        return None
    text = say("There is no such means: {unknown}.", unknown=joined(", ", unknown))
    return Refusal("unknown_means", text, field="actions")


def means_chosen(keys: Iterable[str]) -> Refusal | None:
    """Why nothing is done: no means was chosen."""
    if list(keys):
        return None
    return Refusal("no_means", say("Choose what to do."), field="actions")


def may_act(escalation: Escalation, by: Actor) -> Refusal | None:
    """Why `by` may not use further means: while it is open, who answers may."""
    return first(
        needs_role(by, escalation.program_id, *ANSWERERS, to=say("answer an escalation")),
        None
        if escalation.state != EscalationState.CLOSED
        else Refusal("wrong_state", say("This escalation is closed.")),
    )


def may_prevent(escalation: Escalation, by: Actor) -> Refusal | None:
    """Why `by` may not say what prevents it."""
    return first(may_answer(escalation, by, "prevent"), with_the_board(escalation))


def may_reopen(escalation: Escalation, by: Actor) -> Refusal | None:
    """Why `by` may not take it up again: withdraw it from the board first."""
    return first(may_answer(escalation, by, "reopen"), with_the_board(escalation))


def with_the_board(escalation: Escalation) -> Refusal | None:
    """Why nobody else ends it: the board decides."""
    asked = Matter.objects.live().filter(kind="governance.escalation", subject_id=escalation.pk)
    if asked.exists():
        return Refusal("with_board", say("The board decides whether this is closed."))
    return None


def may_close(
    escalation: Escalation,
    by: Actor,
    review: str,
    findings: Sequence[Model] = (),
    none_found: str = "",
) -> Refusal | None:
    """Why the escalation may not be closed: review and findings come first, and due reports.

    One that is before the board is closed by its decision alone.
    """
    return first(
        may_answer(escalation, by, "close"),
        with_the_board(escalation),
        text_given(review, "review", say("Write the review: cause, effect, and what prevents it.")),
        are_findings(findings),
        _something_found(escalation, findings, none_found),
        _reported(escalation),
    )


def are_findings(found: Sequence[Model]) -> Refusal | None:
    """Why a record is no finding."""
    for record in found:
        if not containment.is_finding(record._meta.label_lower):
            return Refusal(
                "no_finding", say("{record} is no finding.", record=record), field="findings"
            )
    return None


def _something_found(
    escalation: Escalation, findings: Sequence[Model], none_found: str
) -> Refusal | None:
    if findings or none_found.strip() or escalation.none_found or escalation.findings.exists():
        return None
    return Refusal(
        "no_findings",
        say("Name the findings that came of it, or say why there are none."),
        field="findings",
    )


def _reported(escalation: Escalation) -> Refusal | None:
    """Why it stays open: an authority has not been told."""
    duty = escalation.duties.filter(sent_at=None, lifted_at=None).first()
    if duty is None:
        return None
    return Refusal(
        "not_reported",
        say(
            "“{harm}” is still to be reported, by {due_at:%-d %B %Y}. Record the report "
            "first, or say why none is due.",
            harm=duty.get_harm_display(),
            due_at=escalation.program.last_day(duty.due_at),
        ),
        rule=duty.rule,
    )


# --- what must be reported, and who is called in ---------------------------------------------


def may_note_harm(escalation: Escalation, harm: str, by: Actor) -> Refusal | None:
    """Why the kind of incident is not noted."""
    return first(
        may_act(escalation, by),
        None
        if harm in Harm.values
        else Refusal("unknown_harm", say("Choose the kind of incident."), field="harm"),
    )


def knew(escalation: Escalation, aware_at: dt.datetime) -> Refusal | None:
    """Why the company cannot have known then."""
    if aware_at > now():
        return Refusal("future", say("This lies ahead."), field="aware_at")
    if aware_at < escalation.raised_at - LONG_BEFORE:
        return Refusal(
            "too_early", say("This is more than 30 days before the alarm."), field="aware_at"
        )
    return None


def may_report(duty: ReportDuty, by: Actor) -> Refusal | None:
    """Why no report is recorded."""
    return first(
        needs_role(by, duty.program_id, *ANSWERERS, to=say("record this report")),
        Refusal("lifted", say("It turned out that this need not be reported."))
        if duty.lifted_at
        else None,
    )


def may_lift(duty: ReportDuty, by: Actor, because: str) -> Refusal | None:
    """Why the duty stays: the chair lifts it, who does not answer the alarm alone."""
    return first(
        needs_role(by, duty.program_id, roles.CHAIR, to=say("say that no report is due")),
        Refusal("sent", say("It was reported already.")) if duty.sent_at else None,
        text_given(because, "because", say("Say why no report is due.")),
    )
