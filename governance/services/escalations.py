"""The verbs of escalations: raise, acknowledge, contain, verify, inform, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Model

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.clocks import queries as clocks
from fellowship.clocks import services as clock_services
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused, refuse
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from governance import containment, rules
from governance.models import Escalation, EscalationStep, RuleVersion
from governance.policy import escalations as policy
from governance.policy.common import text_given
from governance.rulekinds import SeverityClock
from governance.services.telling import readers
from governance.states import ESCALATION_MOVES, EscalationState, RuleKind, Severity, Step

ACKNOWLEDGE_CLOCK = "governance.acknowledgement"
WORD_CLOCK = "governance.next_word"
_GRAVEST_FIRST = tuple(Severity.values)
TO_TELL = (roles.ONCALL, roles.CHAIR, roles.MANAGER)


@journal.verb("governance.raise_escalation")
def raise_escalation(
    *,
    kind: str,
    severity: str,
    summary: str,
    by: Actor,
    program: Program | None = None,
    subject: Model | None = None,
    fellow: User | None = None,
) -> Escalation:
    """Raise an alarm: on-call is told at once and the clock to acknowledge starts.

    While one of the same kind about the same record is open, this is written down as a further
    occurrence of it; a graver one makes it graver, and on-call is told again. The case decides the
    programme; `program` counts where there is no case, or one of no programme. The fellow is told
    of each step: the one named, the one who raises, or the one whose case it is. That last one
    reads what kind of alarm it is, not the raiser's own words.
    """
    found = policy.program_of(subject, program)
    if found is None:
        raise Refused(policy.NO_PROGRAM)
    program = Program.objects.locked().get(pk=found)
    refuse(policy.may_raise(program, kind, severity, summary, by))
    open_one = _open_one(program, kind, subject)
    if open_one:
        return _fold(open_one, summary.strip(), severity, by)
    rule = rules.in_force(program, RuleKind.SEVERITY_CLOCKS)
    clock: SeverityClock = rule.params.severities[severity]
    person = by if isinstance(by, User) else None
    told = fellow or (person if has_role(person, program.pk, roles.FELLOW) else None)
    escalation = Escalation.objects.create(
        program=program,
        ref=next_reference("ESC"),
        kind=kind,
        severity=severity,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=subject.pk if subject else None,
        subject_label=str(subject)[:250] if subject else "",
        summary=summary.strip(),
        raised_by=person,
        raised_by_label="" if person else by.name,
        raised_at=now(),
        fellow=told or policy.fellow_of(subject),
        acknowledge_by=clock.acknowledge.due(now(), program.calendar()),
    )
    _step(escalation, Step.RAISED, by, summary, shown=told is not None)
    change = {"kind": kind, "severity": severity, "acknowledge_by": escalation.acknowledge_by}
    journal.record(subject=escalation, change=change)
    _await_acknowledgement(escalation, rule, by)
    _page(escalation)
    words = summary if told else escalation.public_words
    _tell_fellow(escalation, "An escalation about your work was raised", words)
    return escalation


def _open_one(program: Program, kind: str, subject: Model | None) -> Escalation | None:
    if subject is None:
        return None
    same = Escalation.objects.locked().open().about(subject)
    return same.filter(program=program, kind=kind).first()


def _await_acknowledgement(escalation: Escalation, rule: RuleVersion, by: Actor) -> None:
    clock_services.start(
        kind=ACKNOWLEDGE_CLOCK,
        subject=escalation,
        realm=escalation.program_id,
        window=rule.params.severities[escalation.severity].acknowledge,
        by=by,
        holder="us",
        silence="The chair, the programme manager and the sponsor are told.",
        rule=str(rule),
    )


def _fold(escalation: Escalation, summary: str, severity: str, by: Actor) -> Escalation:
    escalation.occurrences += 1
    change: dict[str, Any] = {"occurrences": escalation.occurrences}
    graver = _GRAVEST_FIRST.index(severity) < _GRAVEST_FIRST.index(escalation.severity)
    if graver:
        escalation.severity = change["severity"] = severity
        _hasten(escalation, by)
    escalation.save()
    _step(escalation, Step.OCCURRED, by, summary)
    journal.record(subject=escalation, change=change)
    if graver:
        _page(escalation)
    return escalation


def _hasten(escalation: Escalation, by: Actor) -> None:
    """What nobody acknowledged is to be acknowledged as soon as what is as grave."""
    rule = rules.in_force(escalation.program_id, RuleKind.SEVERITY_CLOCKS)
    window: SeverityClock = rule.params.severities[escalation.severity]
    due = window.acknowledge.due(now(), escalation.program.calendar())
    if escalation.acknowledged_at is None and due < escalation.acknowledge_by:
        escalation.acknowledge_by = due
        _stop(escalation, ACKNOWLEDGE_CLOCK, by)
        _await_acknowledgement(escalation, rule, by)


@journal.verb("governance.acknowledge_escalation")
def acknowledge(*, escalation: Escalation, by: User, text: str = "") -> Escalation:
    """Take the alarm. One acknowledged already stays as it is."""
    escalation = _locked(escalation)
    if escalation.acknowledged_at is not None:
        return escalation
    refuse(policy.may_answer(escalation, by, "acknowledge"))
    _move(escalation, "acknowledge", Step.ACKNOWLEDGED, by, text)
    return escalation


@journal.verb("governance.contain_escalation")
def contain(
    *,
    escalation: Escalation,
    by: User,
    text: str,
    actions: Sequence[str] = (),
    reason: str = "",
) -> Escalation:
    """Contain the harm, by registered means (`governance.containment`) or others said in `text`.

    Acknowledges too where nobody has. One contained already stays as it is.
    """
    escalation = _locked(escalation)
    if escalation.state == EscalationState.CONTAINED:
        return escalation
    refuse(policy.may_answer(escalation, by, "contain"))
    refuse(policy.known_means(actions))
    refuse(text_given(text, "text", "Say what was done."))
    done = [text.strip(), *_perform(escalation, actions, by, f"{escalation.ref}: {text}")]
    _move(escalation, "contain", Step.CONTAINED, by, "\n".join(done), means=list(actions))
    return escalation


def _perform(
    escalation: Escalation, actions: Sequence[str], by: User, reason: str
) -> Iterator[str]:
    """Use each means once; says what each did."""
    for means in filter(None, map(containment.get, dict.fromkeys(actions))):
        yield means(escalation=escalation, by=by, reason=reason)


@journal.verb("governance.verify_escalation")
def verify(*, escalation: Escalation, by: User, text: str) -> Escalation:
    """Confirm that the containment holds. One verified already stays as it is."""
    escalation = _locked(escalation)
    if escalation.state == EscalationState.VERIFIED:
        return escalation
    refuse(policy.may_answer(escalation, by, "verify"))
    refuse(text_given(text, "text", "Say how it was verified."))
    _move(escalation, "verify", Step.VERIFIED, by, text)
    return escalation


@journal.verb("governance.reopen_escalation")
def reopen(*, escalation: Escalation, by: User, text: str) -> Escalation:
    """Take a verified escalation up again: the containment did not hold."""
    escalation = _locked(escalation)
    refuse(policy.may_reopen(escalation, by))
    refuse(text_given(text, "text", "Say what was found."))
    _move(escalation, "reopen", Step.REOPENED, by, text)
    return escalation


@journal.verb("governance.inform_fellow")
def inform(*, escalation: Escalation, by: User, text: str) -> Escalation:
    """Tell the fellow how it stands; the next word is due after the interval of its severity."""
    escalation = _locked(escalation)
    refuse(policy.may_inform(escalation, by))
    refuse(text_given(text, "text", "Write what the fellow should know."))
    escalation.next_word_by = _next_word(escalation)
    escalation.save()
    _step(escalation, Step.INFORMED, by, text, shown=True)
    journal.record(subject=escalation, change={"next_word_by": escalation.next_word_by})
    _promise(escalation, by)
    _tell_fellow(escalation, "Word on your escalation", text)
    return escalation


@journal.verb("governance.close_escalation")
def close(*, escalation: Escalation, by: User, review: str) -> Escalation:
    """Close with a written review. One closed stays as it is."""
    escalation = _locked(escalation)
    if escalation.state == EscalationState.CLOSED:
        return escalation
    refuse(policy.may_close(escalation, by, review))
    escalation.review, escalation.closed_at, escalation.closed_by = review.strip(), now(), by
    _move(escalation, "close", Step.CLOSED, by, review)
    return escalation


def _locked(escalation: Escalation) -> Escalation:
    found = Escalation.objects.locked().select_related("program", "fellow", "raised_by")
    return found.get(pk=escalation.pk)


def _move(escalation: Escalation, verb: str, step: str, by: User, text: str, **change: Any) -> None:
    """Take one step: state, its line in the timeline, its event, the clocks, word to the fellow."""
    escalation.state = ESCALATION_MOVES.target(escalation.state, verb)
    closed = escalation.state == EscalationState.CLOSED
    if escalation.acknowledged_at is None:
        escalation.acknowledged_at, escalation.acknowledged_by = now(), by
    open_to_word = escalation.fellow_id and not closed
    escalation.next_word_by = _next_word(escalation) if open_to_word else None
    escalation.save()
    _step(escalation, step, by, text, shown=True)
    journal.record(subject=escalation, change={"state": escalation.state, **change})
    _stop(escalation, ACKNOWLEDGE_CLOCK, by)
    _promise(escalation, by)
    label = Step(step).label.lower()
    _tell_fellow(escalation, f"Your escalation is {label}", text)


def _next_word(escalation: Escalation) -> dt.datetime:
    rule = rules.in_force(escalation.program_id, RuleKind.SEVERITY_CLOCKS)
    window = rule.params.severities[escalation.severity].inform_every
    due: dt.datetime = window.due(now(), escalation.program.calendar())
    return due


def _promise(escalation: Escalation, by: User) -> None:
    """Start anew the clock of the next word to the fellow, or stop it where none is due."""
    _stop(escalation, WORD_CLOCK, by)
    if escalation.next_word_by is None:
        return
    rule = rules.in_force(escalation.program_id, RuleKind.SEVERITY_CLOCKS)
    clock_services.start(
        kind=WORD_CLOCK,
        subject=escalation,
        realm=escalation.program_id,
        window=rule.params.severities[escalation.severity].inform_every,
        by=by,
        holder="us",
        silence="The chair is told that the fellow was left without word.",
        rule=str(rule),
    )


def _stop(escalation: Escalation, kind: str, by: Actor) -> None:
    clock = clocks.latest(escalation, kind)
    if clock:
        clock_services.stop(clock=clock, by=by)


def _step(
    escalation: Escalation, step: str, by: Actor, text: str, *, shown: bool = False
) -> EscalationStep:
    person = by if isinstance(by, User) else None
    return EscalationStep.objects.create(
        escalation=escalation,
        step=step,
        at=now(),
        by=person,
        by_label="" if person else by.name,
        text=text.strip(),
        shown_to_fellow=shown and step != Step.CLOSED,
    )


def _page(escalation: Escalation) -> None:
    notify(
        kind="governance.escalation",
        to=readers(escalation, *TO_TELL),
        subject_obj=escalation,
        realm=escalation.program_id,
        title=f"{escalation.get_severity_display()}: {escalation.get_kind_display()}",
        body=f"{escalation.summary}\n\nAcknowledge by {_said(escalation.acknowledge_by)}.",
        url=escalation.get_absolute_url(),
        urgent=True,
    )


def _said(at: dt.datetime) -> str:
    return f"{at:%-d %B %Y, %H:%M} UTC"


def _tell_fellow(escalation: Escalation, title: str, text: str) -> None:
    if escalation.fellow is None:
        return
    due = escalation.next_word_by
    word = f"\n\nThe next word is due by {_said(due)}." if due else ""
    notify(
        kind="governance.escalation_word",
        to=[escalation.fellow],
        subject_obj=escalation,
        realm=escalation.program_id,
        title=f"{title}: {escalation.ref}",
        body=f"{text.strip()}{word}",
        url=escalation.get_absolute_url(),
    )
