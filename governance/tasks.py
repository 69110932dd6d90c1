"""What time does in governance: the handlers of its clocks, and the announcement of exceptions."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.queries import holders
from fellowship.clocks import registry
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.notices.services import notify
from fellowship.notices.webhooks import kinds
from governance.models import (
    Condition,
    Escalation,
    ExceptionRecord,
    Matter,
    ReportDuty,
    RuleVersion,
)
from governance.services import acknowledging, cadence, expiry, oncall, paging
from governance.services.conditions import CONDITION_CLOCK
from governance.services.escalation_duties import REPORT_CLOCK
from governance.services.escalation_steps import ACKNOWLEDGE_CLOCK, WORD_CLOCK
from governance.services.measures import MEASURE_CLOCK
from governance.services.paging import PAGE_CLOCK
from governance.services.rulemaking import COMMENT_CLOCK
from governance.services.sealing import BALLOT_CLOCK
from governance.services.telling import readers, room

registry.describe(BALLOT_CLOCK, label=say("Ballot"), reminders=(3, 1))
registry.describe(COMMENT_CLOCK, label=say("Comments on a rule"), reminders=())
registry.describe(CONDITION_CLOCK, label=say("Condition"))
registry.describe(ACKNOWLEDGE_CLOCK, label=say("Acknowledgement"), reminders=())
registry.describe(MEASURE_CLOCK, label=say("Test of a compensating measure"), reminders=(7, 1))
registry.describe(PAGE_CLOCK, label=say("Answer to a page"), reminders=())
registry.describe(REPORT_CLOCK, label=say("Report to an authority"), reminders=(3, 1))
kinds.register(
    paging.MESSAGE,
    say("Pages to on-call"),
    data={
        **kinds.object_of(
            escalation=kinds.TEXT,
            kind=kinds.TEXT,
            severity=kinds.TEXT,
            url=kinds.ADDRESS,
            event={"enum": ["paged", "raised"]},
            answer_by=kinds.INSTANT,
            number={
                "type": "integer",
                "description": "The how manieth page; with `paged` alone.",
            },
            person=kinds.object_of(name=kinds.TEXT, email=kinds.TEXT),
        ),
        "required": ["answer_by", "escalation", "event", "kind", "severity", "url"],
    },
    example={
        "escalation": "ESC-2026-004",
        "kind": "out_of_scope",
        "severity": "high",
        "url": "https://fellowship.example.org/escalations/ESC-2026-004/",
        "event": "paged",
        "number": 1,
        "person": {"name": "Mara Lindt", "email": "mara@fellowship.example"},
        "answer_by": "2026-11-23T09:15:00+00:00",
    },
)
registry.describe(WORD_CLOCK, label=say("Next word to the fellow"), reminders=(1,))


@registry.on_breach(BALLOT_CLOCK)
def ballot_over(clock: Clock, at: dt.datetime) -> None:
    """The window to vote is over: the chair records what was cast, or returns the matter."""
    matter = Matter.objects.get(pk=clock.subject_id)
    notify(
        kind="governance.ballot_over",
        to=room(matter, roles.CHAIR),
        subject_obj=matter,
        realm=matter.program_id,
        title=say("The ballot has ended: {title}", title=matter.title),
        body=say("Record the decision, or return the matter where the quorum was missed."),
        url=matter.get_absolute_url(),
    )


@registry.on_breach(COMMENT_CLOCK, ends=True)
def comments_over(clock: Clock, at: dt.datetime) -> None:
    """The time for comments is over: who wrote the draft, and who owns it, take it further."""
    rule = RuleVersion.objects.select_related("author", "owner").get(pk=clock.subject_id)
    waiting = rule.comments.unanswered().count()
    said = (
        say("{waiting} to be answered first.", waiting=waiting)
        if waiting
        else say("Nothing waits for an answer.")
    )
    notify(
        kind="governance.comments_over",
        to={rule.author, rule.owner},
        subject_obj=rule,
        realm=rule.program_id,
        title=say("The time for comments is over: {title}", title=rule.title),
        body=say("{said} Then it goes to the board.", said=said),
        url=rule.get_absolute_url(),
    )


@registry.on_breach(CONDITION_CLOCK)
def condition_overdue(clock: Clock, at: dt.datetime) -> None:
    """A condition is overdue: its gate stays shut; owner, verifier and board hear so."""
    condition = Condition.objects.select_related("owner", "verifier", "decision__matter").get(
        pk=clock.subject_id
    )
    board = room(condition.decision.matter, roles.CHAIR, roles.MANAGER)
    notify(
        kind="governance.condition_overdue",
        to={condition.owner, condition.verifier, *board},
        subject_obj=condition,
        realm=condition.program_id,
        title=say("A condition is overdue: {text}", text=condition.text),
        body=condition.consequence,
        url=condition.get_absolute_url(),
    )


@registry.on_breach(MEASURE_CLOCK)
def measure_untested(clock: Clock, at: dt.datetime) -> None:
    """Nobody tested what makes up for an exception: owner, chair and manager hear so, once."""
    exception = ExceptionRecord.objects.select_related("owner").get(pk=clock.subject_id)
    if not exception.is_live(at):
        return
    notify(
        kind="governance.measure_untested",
        to={exception.owner, *holders(exception.program_id, roles.CHAIR, roles.MANAGER)},
        subject_obj=exception,
        realm=exception.program_id,
        title=say("{ref}: nobody tested what makes up for it", ref=exception.ref),
        body=say(
            "{title}\n\nThe test agreed on: {measure_test}",
            title=exception.title,
            measure_test=exception.measure_test,
        ),
        url=exception.get_absolute_url(),
    )


@registry.on_breach(ACKNOWLEDGE_CLOCK)
def unacknowledged(clock: Clock, at: dt.datetime) -> None:
    """Nobody acknowledged in time: the next in line are told, urgently."""
    _tell_late(clock, say("Not acknowledged in time"), roles.CHAIR, roles.MANAGER, roles.SPONSOR)


@registry.on_breach(PAGE_CLOCK)
def not_answered(clock: Clock, at: dt.datetime) -> None:
    """Whoever was paged did not answer: the next in line is paged."""
    escalation = Escalation.objects.get(pk=clock.subject_id)
    paging.page_next(escalation=escalation, by=paging.PAGER)


@registry.on_breach(REPORT_CLOCK)
def not_reported(clock: Clock, at: dt.datetime) -> None:
    """The day to report a serious incident passed: those who answer for it are told, urgently."""
    duty = ReportDuty.objects.select_related("escalation").get(pk=clock.subject_id)
    escalation = duty.escalation
    notify(
        kind="governance.report_overdue",
        to=readers(escalation, roles.CHAIR, roles.ONCALL, roles.MANAGER, roles.SPONSOR),
        subject_obj=escalation,
        realm=escalation.program_id,
        title=say(
            "Not reported in time: {ref} {harm}", ref=escalation.ref, harm=duty.get_harm_display()
        ),
        body=say("The report was due by {due_at:%-d %B %Y, %H:%M} UTC.", due_at=duty.due_at),
        url=escalation.get_absolute_url(),
        urgent=True,
    )


@registry.on_breach(WORD_CLOCK)
def fellow_without_word(clock: Clock, at: dt.datetime) -> None:
    """The fellow was promised word and got none."""
    _tell_late(clock, say("The fellow waits for word"), roles.CHAIR, roles.ONCALL, roles.MANAGER)


def _tell_late(clock: Clock, title: str, *role_keys: str) -> None:
    escalation = Escalation.objects.get(pk=clock.subject_id)
    notify(
        kind="governance.escalation_late",
        to=readers(escalation, *role_keys),
        subject_obj=escalation,
        realm=escalation.program_id,
        title=say(
            "{title}: {ref} {kind}",
            title=title,
            ref=escalation.ref,
            kind=escalation.get_kind_display(),
        ),
        body=escalation.summary,
        url=escalation.get_absolute_url(),
        urgent=True,
    )


@registry.sweeper("governance.exceptions")
def announce_exceptions(at: dt.datetime) -> int:
    """Tell owners which exceptions end soon or ended."""
    return expiry.announce(at)


@registry.sweeper("governance.acknowledgements")
def ask_for_acknowledgements(at: dt.datetime) -> int:
    """Ask whom a rule binds by now, and remind who has not acknowledged it."""
    return acknowledging.sweep(at)


@registry.sweeper("governance.cadence")
def call_standing_meetings(at: dt.datetime) -> int:
    """Call the meetings that standing cadences name in the weeks ahead."""
    return cadence.call_due(at)


@registry.sweeper("governance.oncall")
def begin_watches(at: dt.datetime) -> int:
    """Tell people that their turn on call has begun, with what they were handed."""
    return oncall.begin_due(at)
