"""The cases behind a figure as they are read: what the case is, what was found, when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from fellowship.accounts import roles
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import joined, say
from fellowship.web.cells import count
from fellowship.web.shortcuts import visible_among
from oversight.health import votes
from oversight.health.days import CaseDays
from oversight.health.scope import Scope
from oversight.office import waits

_SEATS = dict(roles.Seat.choices)


@dataclass(frozen=True, slots=True)
class Case:
    """One case behind a figure. Without `url` the reader may not open it."""

    title: str
    found: str
    at: dt.datetime | None = None
    url: str = ""


Lines = Callable[[Scope, Sequence[Any]], list[Case]]


def of_votes(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Votes: whose, which way, and how long after the dossier was opened."""
    return [
        Case(
            str(matter := row.ballot_seat.ballot.matter),
            say(
                "{SEATS} seat, {cast_by}: {position}, {after}{more}",
                SEATS=_SEATS[row.ballot_seat.seat],
                cast_by=row.cast_by,
                position=row.get_position_display().lower(),
                after=_after(row.cast_at - row.opened_dossier_at),
                more=f". “{row.rationale}”" if row.rationale else say(", no reason given"),
            ),
            row.cast_at,
            matter.get_absolute_url(),
        )
        for row in rows
    ]


def _after(gap: dt.timedelta) -> str:
    seconds = int(gap.total_seconds())
    if seconds < 120:
        said = count(seconds, "second")
    elif seconds < 7_200:
        said = count(seconds // 60, "minute")
    elif seconds < 172_800:
        said = count(seconds // 3_600, "hour")
    else:
        said = count(seconds // 86_400, "day")
    return say("{said} after opening the dossier", said=said)


def of_seats(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Seats: whose, in which matter."""
    return [
        Case(
            str(row.ballot.matter),
            say(
                "{SEATS} seat, {user}: never opened the dossier",
                SEATS=_SEATS[row.seat],
                user=row.user,
            ),
            row.ballot.closed_at,
            row.ballot.matter.get_absolute_url(),
        )
        for row in rows
    ]


def of_decisions(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Decisions with their outcome."""
    return [
        Case(
            str(row.matter),
            say("{outcome}, all votes alike", outcome=row.get_outcome_display()),
            row.decided_at,
            row.matter.get_absolute_url(),
        )
        for row in rows
    ]


def of_people(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """People with how they voted."""
    known = {voter.person.pk: voter for voter in votes.voters(scope)}
    return [
        Case(
            str(row),
            say(
                "Approved {approvals} of {count}, {hasty} within {count2} of opening the dossier",
                approvals=voter.approvals,
                count=count(voter.votes, "vote"),
                hasty=voter.hasty,
                count2=count(scope.terms.hasty_seconds, "second"),
            ),
        )
        for row in rows
        if (voter := known.get(row.pk))
    ]


def of_conditions(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Conditions with their owner."""
    return [
        Case(
            f"{row.ref} {row.text}",
            say("Owner: {owner}", owner=row.owner),
            row.due_at,
            row.get_absolute_url(),
        )
        for row in rows
    ]


def of_exceptions(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Exceptions with the number of their renewals."""
    return [
        Case(
            str(row),
            say(
                "Renewed {count}; owner: {owner}",
                count=count(row.renewals, "time"),
                owner=row.owner,
            ),
            row.expires_at,
            row.get_absolute_url(),
        )
        for row in rows
    ]


def of_windows(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Publications whose window lapsed: with nobody assigned, or with somebody who said nothing."""
    opens = visible_among(rows, scope.user)
    return [
        Case(
            str(row),
            _reviewers([a for a in row.reviewers.all() if a.track == "policy"]),
            row.window_ends_at,
            row.get_absolute_url() if row.pk in opens else "",
        )
        for row in rows
    ]


def _reviewers(assigned: list[Any]) -> str:
    names = joined(", ", (str(a.reviewer) for a in assigned))
    return (
        say("Assigned, without a word: {names}", names=names)
        if names
        else say("No policy reviewer was assigned")
    )


def of_escalations(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Alarms with when they should have been acknowledged and by whom they were."""
    return [
        Case(
            row.title,
            say(
                "{ref}, {severity}: due {due:%-d %B %Y, %H:%M} UTC, ",
                ref=row.ref,
                severity=row.get_severity_display().lower(),
                due=row.acknowledge_by,
            )
            + (
                say(
                    "acknowledged {at:%-d %B %Y, %H:%M} UTC by {acknowledged_by}",
                    at=row.acknowledged_at,
                    acknowledged_by=row.acknowledged_by,
                )
                if row.acknowledged_at
                else say("not acknowledged")
            ),
            row.raised_at,
            row.get_absolute_url(),
        )
        for row in rows
    ]


def of_findings(scope: Scope, rows: Sequence[Any]) -> list[Case]:
    """Findings with what is known of their owner."""
    return [
        Case(
            str(row),
            f"{row.get_severity_display()}, {row.get_state_display().lower()}: "
            + (
                say("{product_owner} has left", product_owner=row.product_owner)
                if row.product_owner
                else say("nobody owns it")
            ),
            row.reported_at,
            row.get_absolute_url(),
        )
        for row in rows
    ]


def of_clocks(scope: Scope, rows: Sequence[Clock]) -> list[Case]:
    """Promises, each by the case it was about."""
    return [
        Case(
            wait.case or wait.clock.label,
            say("{label}, with {holder}: ", label=wait.clock.label, holder=wait.holder)
            + _late(scope, wait.clock),
            wait.clock.due_at,
            wait.url,
        )
        for wait in waits.of(rows, scope.user)
    ]


def _late(scope: Scope, clock: Clock) -> str:
    if clock.ended_at is None:
        return say("still open")
    days = scope.calendar.working_days_between(clock.due_at, clock.ended_at)
    return (
        say("{count} late", count=count(days, say("working day")))
        if days
        else say("late on its last day")
    )


def of_days(scope: Scope, rows: Sequence[CaseDays]) -> list[Case]:
    """Cases with their days; named only to those who may read them."""
    keys: dict[str, set[int]] = {}
    for row in rows:
        label, key = row.subject
        keys.setdefault(label, set()).add(key)
    known = {}
    for label, found in keys.items():
        there: Any = apps.get_model(label)._default_manager.filter(pk__in=found)
        there = there.visible_to(scope.user)
        known.update({(label, one.pk): (str(one), one.get_absolute_url()) for one in there})
    said = [known.get(row.subject, (say("A case you may not open"), "")) for row in rows]
    return [
        Case(title, count(row.days, say("working day")), None, url)
        for (title, url), row in zip(said, rows, strict=True)
    ]
