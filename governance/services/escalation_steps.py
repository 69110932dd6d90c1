"""What the verbs of an escalation share: its steps, its clocks, and whom they tell."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.clocks import queries as clocks
from fellowship.clocks import services as clock_services
from fellowship.kernel import journal
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import rules
from governance.models import Escalation, EscalationStep
from governance.services import paging
from governance.services.telling import readers
from governance.states import ESCALATION_MOVES, EscalationState, RuleKind, Severity, Step

ACKNOWLEDGE_CLOCK = "governance.acknowledgement"
WORD_CLOCK = "governance.next_word"
CLOSED_WORDS = say("It was reviewed and is closed. What was done stands on its page.")
"""What the fellow is told at the end: the review itself stays inside."""
TO_TELL = (roles.ONCALL, roles.CHAIR, roles.MANAGER)


def locked(escalation: Escalation) -> Escalation:
    """The alarm as it stands, its row locked until the verb under way ends."""
    found = Escalation.objects.locked().select_related("program", "fellow", "raised_by")
    return found.get(pk=escalation.pk)


def move(escalation: Escalation, verb: str, kind: str, by: User, text: str, **change: Any) -> None:
    """Take one step: state, its line in the timeline, its event, the clocks, word to the fellow."""
    escalation.state = ESCALATION_MOVES.target(escalation.state, verb)
    closed = escalation.state == EscalationState.CLOSED
    first = escalation.acknowledged_at is None
    if first:
        escalation.acknowledged_at, escalation.acknowledged_by = now(), by
    open_to_word = escalation.fellow_id and not closed
    escalation.next_word_by = next_word(escalation) if open_to_word else None
    escalation.save()
    step(escalation, kind, by, text, shown=True)
    if first:
        paging.answered(escalation, by)
    journal.record(subject=escalation, change={"state": escalation.state, **change})
    stop(escalation, ACKNOWLEDGE_CLOCK, by)
    promise(escalation, by)
    label = say("closed") if closed else Step(kind).label.lower()
    tell_fellow(
        escalation, say("Your escalation is {label}", label=label), CLOSED_WORDS if closed else text
    )


def next_word(escalation: Escalation) -> dt.datetime:
    """When the fellow hears from us next, by the rule in force."""
    rule = rules.in_force(escalation.program_id, RuleKind.SEVERITY_CLOCKS)
    window = rule.params.severities[escalation.severity].inform_every
    due: dt.datetime = window.due(now(), escalation.program.calendar())
    return due


def promise(escalation: Escalation, by: User) -> None:
    """Start anew the clock of the next word to the fellow, or stop it where none is due."""
    stop(escalation, WORD_CLOCK, by)
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
        silence=say("The chair is told that the fellow was left without word."),
        rule=str(rule),
    )


def stop(escalation: Escalation, kind: str, by: Actor) -> None:
    """Stop the alarm's clock of this kind, where there is one."""
    clock = clocks.latest(escalation, kind)
    if clock:
        clock_services.stop(clock=clock, by=by)


def step(
    escalation: Escalation, kind: str, by: Actor, text: str, *, shown: bool = False
) -> EscalationStep:
    """Write one line of the timeline; a review is never shown to the fellow."""
    person = by if isinstance(by, User) else None
    return EscalationStep.objects.create(
        escalation=escalation,
        step=kind,
        at=now(),
        by=person,
        by_label="" if person else by.name,
        text=text.strip(),
        shown_to_fellow=shown and kind != Step.CLOSED,
    )


def tell_of(escalation: Escalation, by: Actor) -> None:
    """Page who is on duty and tell the others; without a rota everybody is told at once.

    Told again of a graver one, whoever was paged and did not answer is not paged anew: their clock
    runs on, and the next in line follows.
    """
    waiting = escalation.acknowledged_at is None
    on_duty = waiting and (escalation.pages.exists() or paging.begin(escalation, by))
    if not on_duty:
        paging.announce(escalation)
    paged = set(escalation.pages.values_list("user_id", flat=True)) if on_duty else set()
    notify(
        kind="governance.escalation",
        to=[user for user in readers(escalation, *TO_TELL) if user.pk not in paged],
        subject_obj=escalation,
        realm=escalation.program_id,
        title=joined(": ", (escalation.get_severity_display(), escalation.get_kind_display())),
        body=say(
            "{summary}\n\nAcknowledge by {said}.",
            summary=escalation.summary,
            said=said(escalation.acknowledge_by),
        ),
        url=escalation.get_absolute_url(),
        urgent=not on_duty or escalation.severity == Severity.CRITICAL,
    )


def said(at: dt.datetime) -> str:
    """An instant as notices write it."""
    return say("{at:%-d %B %Y, %H:%M} UTC", at=at)


def tell_fellow(escalation: Escalation, title: str, text: str) -> None:
    """Tell the fellow concerned, with when the next word is due."""
    if escalation.fellow is None:
        return
    due = escalation.next_word_by
    word = say("The next word is due by {said}.", said=said(due)) if due else ""
    notify(
        kind="governance.escalation_word",
        to=[escalation.fellow],
        subject_obj=escalation,
        realm=escalation.program_id,
        title=joined(": ", (title, escalation.ref)),
        body=joined("\n\n", filter(None, (text.rstrip(), word))),
        url=escalation.get_absolute_url(),
    )
