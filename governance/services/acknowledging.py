"""Acknowledgements of rules: asked for, given, and reminded of when time runs out."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Exists, OuterRef

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import holders
from fellowship.history.bulk import create_many
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import Message, notify_each
from governance import links, rulemaking
from governance.models import AcknowledgementReminder, RuleAcknowledgement, RuleVersion
from governance.policy import rulemaking as policy
from governance.rulemaking_terms import RuleMaking

SWEEP = journal.System("governance.acknowledgements")
BATCH = 1000
LISTED = 50


@journal.verb("governance.acknowledge_rule")
def acknowledge_rule(*, rule: RuleVersion, by: User) -> RuleAcknowledgement:
    """Say that one has read a version. Once is enough."""
    rule = RuleVersion.objects.locked().select_related("program").get(pk=rule.pk)
    row = RuleAcknowledgement.objects.filter(rule=rule, user=by).first()
    if row and row.acknowledged_at:
        return unchanged(row, policy.may_acknowledge(rule, by))
    refuse(policy.may_acknowledge(rule, by))
    at = now()
    if row is None:  # bound since the last sweep, or not asked: whoever wishes may say it
        row = RuleAcknowledgement(rule=rule, user=by, asked_at=at, due_at=at)
    row.acknowledged_at = at
    row.save()
    change = {"version": rule.version, "text_hash": rule.text_hash}
    journal.record(subject=rule, change=change)
    return row


def sweep(at: dt.datetime) -> int:
    """Ask whom a version binds by now, and remind who has not answered; returns how many."""
    rows = rulemaking.standing(at).filter(version__isnull=False).order_by("pk")
    rules = list(rows.select_related("program", "owner").defer("prose"))
    by_program = rulemaking.terms_of({rule.program_id for rule in rules}, at)
    counted = [
        rule
        for rule in rules
        if (rule.version or 0) >= by_program[rule.program_id].acknowledged_from_version
    ]
    asked = sum(ask(rule, by_program[rule.program_id], at) for rule in counted)
    return asked + sum(_remind(rule, by_program[rule.program_id], at) for rule in counted)


def ask_for(rule: RuleVersion, at: dt.datetime) -> int:
    """Ask everybody the version just adopted binds, where its programme asks from this number on.

    Called in the verb that adopts it.
    """
    terms = rulemaking.terms(rule.program_id, at)
    if (rule.version or 0) < terms.acknowledged_from_version:
        return 0
    return ask(rule, terms, at)


def ask(rule: RuleVersion, terms: RuleMaking, at: dt.datetime) -> int:
    """Ask those bound who were not asked yet; returns how many. In batches, each one transaction.

    Their time runs from now: who joins later has as long as everybody had.
    """
    bound = RoleAssignment.objects.live(at).filter(
        realm_id=rule.program_id, role__in=terms.roles_bound(rule.kind)
    )
    there = RuleAcknowledgement.objects.filter(rule=rule).values("user_id")
    people = User.objects.filter(is_active=True, pk__in=bound.values("user_id"))
    waiting = people.exclude(pk__in=there).order_by("pk")
    due = terms.acknowledge_within.due(at, rule.program.calendar())
    asked = 0
    while batch := list(waiting[:BATCH]):
        with journal.acting("governance.ask_acknowledgement", by=SWEEP):
            _ask(rule, batch, at, due)
        asked += len(batch)
    return asked


def _ask(rule: RuleVersion, people: list[User], at: dt.datetime, due: dt.datetime) -> None:
    create_many(
        [RuleAcknowledgement(rule=rule, user=user, asked_at=at, due_at=due) for user in people],
        change=lambda row: {"rule": str(rule), "due": row.due_at},
        realm_id=rule.program_id,
    )
    calendar = rule.program.calendar()
    applies = (
        say("It applies from {local:%-d %B %Y}. ", local=calendar.day(rule.effective_at))
        if rule.effective_at
        else ""
    )
    message = Message(
        kind="governance.rule_adopted",
        to=people,
        realm=rule.program_id,
        subject_obj=rule,
        title=say("Please acknowledge {rule}: {title}", rule=rule, title=rule.title),
        body=say(
            "{applies}Say that you have read it by {local:%-d %B %Y}. It binds you in either case.",
            applies=applies,
            local=calendar.last_day(due),
        ),
        url=rule.get_absolute_url(),
    )
    notify_each([message])


def _remind(rule: RuleVersion, terms: RuleMaking, at: dt.datetime) -> int:
    """Remind once for each threshold crossed, after an outage of the nearest one alone."""
    told = 0
    for days in sorted({0, *terms.reminder_days}):
        told += sum(len(batch) for batch in _crossed(rule, terms, days, at))
    return told


def _crossed(
    rule: RuleVersion, terms: RuleMaking, days: int, at: dt.datetime
) -> Iterator[list[RuleAcknowledgement]]:
    ahead = dt.timedelta(days=days)
    rows = RuleAcknowledgement.objects.filter(
        rule=rule, acknowledged_at=None, due_at__lte=at + ahead
    ).counting(terms.roles_bound(rule.kind), at)
    if days:  # no reminder on the day it is asked for
        rows = rows.filter(due_at__gt=at, asked_at__lte=at - dt.timedelta(hours=1))
    told = AcknowledgementReminder.objects.filter(acknowledgement=OuterRef("pk"), days__lte=days)
    rows = rows.filter(~Exists(told)).select_related("user").order_by("pk")
    while batch := list(rows[:BATCH]):
        with journal.acting("governance.remind_acknowledgement", by=SWEEP):
            _tell(rule, batch, days, at)
        yield batch


def _tell(rule: RuleVersion, batch: list[RuleAcknowledgement], days: int, at: dt.datetime) -> None:
    create_many(
        [AcknowledgementReminder(acknowledgement=row, days=days, at=at) for row in batch],
        change=lambda row: {"rule": str(rule), "days": row.days},
        realm_id=rule.program_id,
    )
    title = (
        say("{rule} waits for you to acknowledge it", rule=rule)
        if days
        else say("{rule} is not acknowledged", rule=rule)
    )
    by_due: dict[dt.datetime, list[User]] = defaultdict(list)
    for row in batch:
        by_due[row.due_at].append(row.user)
    last_day = rule.program.calendar().last_day
    messages = [
        Message(
            kind="governance.acknowledgement_due",
            to=people,
            realm=rule.program_id,
            subject_obj=rule,
            title=title,
            body=say(
                "{title}\n\nDue on {local:%-d %B %Y}. It binds you in either case.",
                title=rule.title,
                local=last_day(due),
            ),
            url=rule.get_absolute_url(),
        )
        for due, people in by_due.items()
    ]
    if days == 0:
        messages.append(_to_keepers(rule, batch))
    notify_each(messages)


def _to_keepers(rule: RuleVersion, batch: Iterable[RuleAcknowledgement]) -> Message:
    """One digest for the rule's owner and the managers: who has not acknowledged it in time."""
    names = sorted(str(row.user) for row in batch)
    more = len(names) - LISTED
    lines = [*names[:LISTED], *([say("and {more} more", more=more)] if more > 0 else [])]
    keepers = {rule.owner, *holders(rule.program_id, roles.MANAGER)}
    return Message(
        kind="governance.acknowledgement_missing",
        to=keepers,
        realm=rule.program_id,
        subject_obj=rule,
        title=say("{rule}: {n} have not acknowledged it in time", rule=rule, n=len(names)),
        body=joined("\n", lines),
        url=links.to("rule_acknowledgements", rule.pk),
    )
