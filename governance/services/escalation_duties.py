"""What must be reported to an authority by a day, and who is called in to an alarm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from fellowship.accounts.models import User
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance.models import Escalation, EscalationParty, ReportDuty, visibility
from governance.policy import escalations as policy
from governance.policy.common import text_given
from governance.services import paging
from governance.services.escalation_steps import TO_TELL, locked, step
from governance.services.telling import readers
from governance.states import Step

REPORT_CLOCK = "governance.report"


@journal.verb("governance.note_harm")
def note_harm(
    *, escalation: Escalation, harm: str, by: User, aware_at: dt.datetime | None = None
) -> ReportDuty:
    """Note that this is a serious incident of a kind: it is to be reported within the rule's days.

    They run from `aware_at`, by default from when the alarm was raised. One noted already stays.
    """
    escalation = locked(escalation)
    there = escalation.duties.filter(harm=harm, lifted_at=None).first()
    if there:
        return unchanged(there, policy.may_note_harm(escalation, harm, by))
    aware_at = aware_at or escalation.raised_at
    refuse(policy.may_note_harm(escalation, harm, by))
    refuse(policy.knew(escalation, aware_at))
    rule, name = paging.terms(escalation.program_id)
    window = rule.reports[harm]
    due_at = window.due(aware_at, escalation.program.calendar())
    duty = ReportDuty.objects.create(
        escalation=escalation,
        harm=harm,
        aware_at=aware_at,
        due_at=due_at,
        noted_by=by,
        rule=name,
    )
    clocks.start(
        kind=REPORT_CLOCK,
        subject=duty,
        realm=escalation.program_id,
        window=window,
        by=by,
        holder="us",
        silence=say("The chair, the programme manager and the sponsor are told."),
        rule=name,
        at=aware_at,
    )
    words = say(
        "{harm}, within {window} of {aware_at:%-d %B %Y, %H:%M} UTC",
        harm=duty.get_harm_display(),
        window=window,
        aware_at=aware_at,
    )
    step(escalation, Step.DUTY, by, words)
    journal.record(subject=duty, change={"harm": harm, "aware_at": aware_at, "due_at": due_at})
    notify(
        kind="governance.report_due",
        to=readers(escalation, *TO_TELL),
        subject_obj=escalation,
        realm=escalation.program_id,
        title=say(
            "To be reported by {due_at:%-d %B %Y}: {ref}",
            due_at=escalation.program.last_day(due_at),
            ref=escalation.ref,
        ),
        body=words,
        url=escalation.get_absolute_url(),
        urgent=True,
    )
    return duty


@journal.verb("governance.send_report")
def send_report(*, duty: ReportDuty, sent_to: str, by: User, receipt: str = "") -> ReportDuty:
    """Record that the report went to the authority, with its receipt. One recorded stays."""
    duty = _locked(duty)
    if duty.sent_at is not None:
        return unchanged(duty, policy.may_report(duty, by))
    refuse(policy.may_report(duty, by))
    refuse(text_given(sent_to, "sent_to", say("Name the authority that was told.")))
    duty.sent_at, duty.sent_by = now(), by
    duty.sent_to, duty.receipt = sent_to.strip(), receipt.strip()
    duty.save()
    clocks.stop_open(subject=duty, kinds=[REPORT_CLOCK], by=by)
    words = f"{duty.get_harm_display()}: {duty.sent_to}"
    step(duty.escalation, Step.REPORTED, by, f"{words}, {receipt}" if receipt else words)
    journal.record(subject=duty, change={"sent_at": duty.sent_at, "sent_to": duty.sent_to})
    return duty


@journal.verb("governance.lift_duty")
def lift_duty(*, duty: ReportDuty, because: str, by: User) -> ReportDuty:
    """Say that no report is due after all, and why. One lifted stays."""
    duty = _locked(duty)
    if duty.lifted_at is not None:
        return unchanged(duty, policy.may_lift(duty, by, because))
    refuse(policy.may_lift(duty, by, because))
    duty.lifted_at, duty.lifted_by, duty.lifted_because = now(), by, because.strip()
    duty.save()
    clocks.stop_open(subject=duty, kinds=[REPORT_CLOCK], by=by)
    step(duty.escalation, Step.LIFTED, by, f"{duty.get_harm_display()}: {because}")
    journal.record(subject=duty, change={"lifted_at": duty.lifted_at})
    return duty


def _locked(duty: ReportDuty) -> ReportDuty:
    """The duty, locked after its alarm: who closes the alarm waits for what is reported."""
    locked(duty.escalation)
    return ReportDuty.objects.locked().select_related("escalation__program").get(pk=duty.pk)


@journal.verb("governance.call_in")
def call_in(*, escalation: Escalation, people: Iterable[User], by: User) -> list[User]:
    """Call people in: they are told urgently, and read the whole alarm from now on.

    Returns who was called in anew. Whoever has a conflict about it is not.
    """
    escalation = locked(escalation)
    refuse(policy.may_act(escalation, by))
    there = set(escalation.parties.values_list("user_id", flat=True))
    called = []
    for user in people:
        outside = user.pk == escalation.fellow_id or not user.is_active
        if user.pk in there or outside or _conflicted(escalation, user):
            continue
        EscalationParty.objects.create(escalation=escalation, user=user, called_by=by, at=now())
        called.append(user)
    if not called:
        return []
    step(escalation, Step.CALLED_IN, by, joined(", ", (str(user) for user in called)))
    journal.record(subject=escalation, change={"called_in": [user.pk for user in called]})
    notify(
        kind="governance.called_in",
        to=called,
        subject_obj=escalation,
        realm=escalation.program_id,
        title=say(
            "You are called in: {kind}, {ref}",
            kind=escalation.get_kind_display(),
            ref=escalation.ref,
        ),
        body=escalation.summary,
        url=escalation.get_absolute_url(),
        urgent=True,
    )
    return called


def _conflicted(escalation: Escalation, user: User) -> bool:
    known = visibility.closed_escalations(user.pk)
    return Escalation.objects.filter(pk=escalation.pk).filter(pk__in=known).exists()
