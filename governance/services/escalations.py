"""The verbs of escalations: raise, acknowledge, contain, verify, prevent, inform, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from django.db.models import Model

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.clocks import services as clock_services
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import containment, rules
from governance.models import Escalation, EscalationFinding, EscalationStep, RuleVersion
from governance.models.escalations import EscalationQuerySet
from governance.policy import escalations as policy
from governance.policy.common import text_given
from governance.rulekinds import SeverityClock
from governance.services.escalation_steps import (
    ACKNOWLEDGE_CLOCK,
    locked,
    move,
    next_word,
    promise,
    step,
    stop,
    tell_fellow,
    tell_of,
)
from governance.states import EscalationState, RuleKind, Severity, Step

TWICE: Final = dt.timedelta(minutes=10)
"""How long the same words of the same person are one alarm, sent again."""
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_GRAVEST_FIRST = tuple(Severity.values)


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

    The same words of the same person within ten minutes are the same alarm, sent twice.
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
    same = Escalation.objects.open().filter(program=program, kind=kind, severity=severity)
    if sent := _sent_already(same, subject, summary.strip(), by):
        return sent
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
    step(escalation, Step.RAISED, by, summary, shown=told is not None)
    change = {"kind": kind, "severity": severity, "acknowledge_by": escalation.acknowledge_by}
    journal.record(subject=escalation, change=change)
    _await_acknowledgement(escalation, rule, by)
    tell_of(escalation, by)
    words = summary if told else escalation.public_words
    tell_fellow(escalation, say("An escalation about your work was raised"), words)
    return escalation


def _sent_already(
    alarms: EscalationQuerySet, subject: Model | None, summary: str, by: Actor
) -> Escalation | None:
    """The one of `alarms` the same person raised in the same words a moment ago: sent twice."""
    if not isinstance(by, User):
        return None
    words = EscalationStep.objects.filter(
        by=by, text=summary, at__gte=now() - TWICE, step__in=(Step.RAISED, Step.OCCURRED)
    )
    about = alarms.about(subject) if subject else alarms.filter(subject_type="")
    found: Escalation | None = about.filter(steps__in=words).order_by("-id").first()
    return found


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
        silence=say("The chair, the programme manager and the sponsor are told."),
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
    step(escalation, Step.OCCURRED, by, summary)
    journal.record(subject=escalation, change=change)
    if graver:
        tell_of(escalation, by)
    return escalation


def _hasten(escalation: Escalation, by: Actor) -> None:
    """What nobody acknowledged is to be acknowledged as soon as what is as grave."""
    rule = rules.in_force(escalation.program_id, RuleKind.SEVERITY_CLOCKS)
    window: SeverityClock = rule.params.severities[escalation.severity]
    due = window.acknowledge.due(now(), escalation.program.calendar())
    if escalation.acknowledged_at is None and due < escalation.acknowledge_by:
        escalation.acknowledge_by = due
        stop(escalation, ACKNOWLEDGE_CLOCK, by)
        _await_acknowledgement(escalation, rule, by)


@journal.verb("governance.acknowledge_escalation")
def acknowledge(*, escalation: Escalation, by: User, text: str = "") -> Escalation:
    """Take the alarm. One acknowledged already stays as it is."""
    escalation = locked(escalation)
    if escalation.acknowledged_at is not None:
        return unchanged(escalation, policy.may_answer(escalation, by, "acknowledge"))
    refuse(policy.may_answer(escalation, by, "acknowledge"))
    move(escalation, "acknowledge", Step.ACKNOWLEDGED, by, text)
    return escalation


@journal.verb("governance.contain_escalation")
def contain(
    *,
    escalation: Escalation,
    by: User,
    text: str = "",
    actions: Sequence[str] = (),
    told: Mapping[str, str] = NOTHING,
    reason: str = "",
) -> Escalation:
    """Contain the harm, by registered means (`governance.containment`) or others said in `text`.

    One of the two is needed: a means chosen at night says itself what it did.

    `told` answers what the means ask, by the names `Containment.field` gives. Acknowledges too
    where nobody has. One contained already stays as it is.
    """
    escalation = locked(escalation)
    if escalation.state == EscalationState.CONTAINED:
        return unchanged(escalation, policy.may_answer(escalation, by, "contain"))
    refuse(policy.may_answer(escalation, by, "contain"))
    refuse(policy.known_means(actions))
    if not actions:
        refuse(text_given(text, "text", say("Choose what to do at once, or say what was done.")))
    said = text.strip() or say("Contained")
    done = list(_perform(escalation, actions, by, f"{escalation.ref}: {said}", told))
    words = "\n".join(filter(None, (text.strip(), *done)))
    move(escalation, "contain", Step.CONTAINED, by, words, means=list(actions))
    return escalation


@journal.verb("governance.use_means")
def use_means(
    *,
    escalation: Escalation,
    by: User,
    actions: Sequence[str],
    text: str = "",
    told: Mapping[str, str] = NOTHING,
) -> Escalation:
    """Use further means while the alarm is open, whatever step it is at; its step stays.

    Each means works once however often it is sent, as its own verb does.
    """
    escalation = locked(escalation)
    refuse(policy.may_act(escalation, by))
    refuse(policy.known_means(actions))
    refuse(policy.means_chosen(actions))
    said = text.strip() or say("Contained further")
    done = list(_perform(escalation, actions, by, f"{escalation.ref}: {said}", told))
    words = "\n".join(filter(None, (text.strip(), *done)))
    step(escalation, Step.ACTED, by, words, shown=True)
    journal.record(subject=escalation, change={"means": list(actions)})
    tell_fellow(escalation, say("More was done about your escalation"), words)
    return escalation


def _perform(
    escalation: Escalation,
    actions: Sequence[str],
    by: User,
    reason: str,
    told: Mapping[str, str],
) -> Iterator[str]:
    """Use each means once; says what each did."""
    for means in filter(None, map(containment.get, dict.fromkeys(actions))):
        yield means(escalation=escalation, by=by, reason=reason, told=told)


@journal.verb("governance.verify_escalation")
def verify(*, escalation: Escalation, by: User, text: str) -> Escalation:
    """Confirm that the containment holds. One verified already stays as it is."""
    escalation = locked(escalation)
    if escalation.state == EscalationState.VERIFIED:
        return unchanged(escalation, policy.may_answer(escalation, by, "verify"))
    refuse(policy.may_answer(escalation, by, "verify"))
    refuse(text_given(text, "text", say("Say how it was verified.")))
    move(escalation, "verify", Step.VERIFIED, by, text)
    return escalation


@journal.verb("governance.prevent_escalation")
def prevent(*, escalation: Escalation, by: User, text: str) -> Escalation:
    """Say what prevents it from now on, with owner and date. One prevented stays as it is."""
    escalation = locked(escalation)
    if escalation.state == EscalationState.PREVENTED:
        return unchanged(escalation, policy.may_prevent(escalation, by))
    refuse(policy.may_prevent(escalation, by))
    refuse(text_given(text, "text", say("Say what prevents it, who owns that, and by when.")))
    move(escalation, "prevent", Step.PREVENTED, by, text)
    return escalation


@journal.verb("governance.reopen_escalation")
def reopen(*, escalation: Escalation, by: User, text: str) -> Escalation:
    """Take a verified escalation up again: the containment did not hold."""
    escalation = locked(escalation)
    refuse(policy.may_reopen(escalation, by))
    refuse(text_given(text, "text", say("Say what was found.")))
    move(escalation, "reopen", Step.REOPENED, by, text)
    return escalation


@journal.verb("governance.inform_fellow")
def inform(*, escalation: Escalation, by: User, text: str) -> Escalation:
    """Tell the fellow how it stands; the next word is due after the interval of its severity."""
    escalation = locked(escalation)
    refuse(policy.may_inform(escalation, by))
    refuse(text_given(text, "text", say("Write what the fellow should know.")))
    escalation.next_word_by = next_word(escalation)
    escalation.save()
    step(escalation, Step.INFORMED, by, text, shown=True)
    journal.record(subject=escalation, change={"next_word_by": escalation.next_word_by})
    promise(escalation, by)
    tell_fellow(escalation, say("Word on your escalation"), text)
    return escalation


@journal.verb("governance.close_escalation")
def close(
    *,
    escalation: Escalation,
    by: User,
    review: str,
    findings: Sequence[Model] = (),
    none_found: str = "",
) -> Escalation:
    """Close with a written review and its findings, or with why there are none.

    One closed stays as it is.
    """
    escalation = locked(escalation)
    if escalation.state == EscalationState.CLOSED:
        return unchanged(escalation, policy.may_close(escalation, by, review, findings, none_found))
    refuse(policy.may_close(escalation, by, review, findings, none_found))
    keep_findings(escalation, findings, none_found, by)
    escalation.review, escalation.closed_at, escalation.closed_by = review.strip(), now(), by
    move(escalation, "close", Step.CLOSED, by, review, findings=escalation.findings.count())
    return escalation


def keep_findings(
    escalation: Escalation, findings: Sequence[Model], none_found: str, by: User
) -> None:
    """Link what was found, each once, or keep why nothing was; within the verb that ends it."""
    for found in findings:
        EscalationFinding.objects.get_or_create(
            escalation=escalation,
            finding_type=found._meta.label_lower,
            finding_id=found.pk,
            defaults={"label": str(found)[:250], "linked_by": by, "at": now()},
        )
    if none_found.strip():
        escalation.none_found = none_found.strip()
