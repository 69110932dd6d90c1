"""Removal within the stated time: what ends is closed where it is enforced, and deleted in time."""

from __future__ import annotations

import bisect
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import F, Q

from access.models import Grant, TargetSystem
from fellowship.accounts.models import RoleAssignment, User
from fellowship.clocks.models import Clock
from fellowship.history.models import Event
from fellowship.kernel.saying import joined, say
from governance.models import AccessReviewItem
from oversight.audit.controls.shape import MOST_LISTED, Ask, Failure, Outcome, Test, at, outcome

LEAVERS_WITHIN: Final = dt.timedelta(hours=24)
"""How long a person whose account is closed may still stand in the list of roles and grants."""
DELETION: Final = "access.deletion"


def acknowledged(ask: Ask) -> Outcome:
    """Each revocation a target system was told of was acknowledged within that system's time.

    Told: `access.sync_target` with something closing. Acknowledged: the first
    `access.acknowledge_target` of that revision or a later one.
    """
    targets = {
        target.pk: target
        for target in TargetSystem.objects.filter(program_id=ask.program_id)
        if target.pk not in ask.hidden.get("access.targetsystem", ())
    }
    answers = _acknowledgements(targets, ask.to_at)
    tested, failures, failed = 0, [], 0
    for event in _closings(ask, targets):
        told = json.loads(event.body)["change"]
        if not told.get("closing"):
            continue
        tested += 1
        target = targets[event.subject_id]
        answered = _first(answers.get(target.pk, []), int(told["revision"]))
        limit = event.at + target.alarm_after
        if (answered or ask.to_at) > limit:
            failed += 1
            said = (
                say("answered {at}", at=at(answered))
                if answered
                else say("not answered by the period’s end")
            )
            failures.append(
                Failure(
                    say(
                        "{target}: {told} to close, told {at}",
                        target=target,
                        told=told["closing"],
                        at=at(event.at),
                    ),
                    say(
                        "To be acknowledged within {alarm_after_minutes} minutes; {said}.",
                        alarm_after_minutes=target.alarm_after_minutes,
                        said=said,
                    ),
                    target.get_absolute_url(),
                )
            )
    question = say("Did each target system acknowledge a revocation within its stated time?")
    return Outcome(question, tested, failed, failures[:MOST_LISTED])


def _closings(ask: Ask, targets: dict[int, Any]) -> Iterator[Event]:
    rows = Event.objects.filter(
        realm_id=ask.program_id, verb="access.sync_target", subject_id__in=list(targets)
    )
    yield from ask.within(rows, "at").order_by("at").iterator(chunk_size=2000)


def _acknowledgements(
    targets: dict[int, Any], to_at: dt.datetime
) -> dict[int, list[tuple[int, dt.datetime]]]:
    """Of each target the revisions it acknowledged, rising, and when each was reached first."""
    found: dict[int, list[tuple[int, dt.datetime]]] = {}
    rows = Event.objects.filter(
        subject_type="access.targetsystem",
        subject_id__in=list(targets),
        verb="access.acknowledge_target",
        at__lt=to_at,
    ).order_by("at", "pk")
    for pk, when, body in rows.values_list("subject_id", "at", "body").iterator(chunk_size=2000):
        revision = int(json.loads(body)["change"]["revision"])
        reached = found.setdefault(pk, [])
        if not reached or revision > reached[-1][0]:
            reached.append((revision, when))
    return found


def _first(reached: list[tuple[int, dt.datetime]], revision: int) -> dt.datetime | None:
    """When the revision, or a later one, was acknowledged first."""
    place = bisect.bisect_left(reached, revision, key=lambda pair: pair[0])
    return reached[place][1] if place < len(reached) else None


def deleted(ask: Ask) -> Outcome:
    """The clock of each deletion that fell due: certified and verified before its time was over."""
    clocks = ask.within(Clock.objects.filter(realm_id=ask.program_id, kind=DELETION), "due_at")
    late = clocks.filter(Q(ended_at=None) | Q(ended_at__gt=F("due_at")))
    number = late.count()
    rows = list(late.order_by("due_at", "pk")[:MOST_LISTED])
    grants = Grant.objects.select_related("dataset", "person").in_bulk(
        [row.subject_id for row in rows]
    )
    failures = []
    for row in rows:
        grant = grants.get(row.subject_id)
        failures.append(
            Failure(
                f"{grant.ref}: {grant.person}, {grant.dataset}" if grant else say("A grant"),
                say("Deletion was due {at}; ", at=at(row.due_at))
                + (
                    say("settled {at}.", at=at(row.ended_at))
                    if row.ended_at
                    else say("still open.")
                ),
                grant.get_absolute_url() if grant else "",
            )
        )
    question = say("Was each deletion that fell due certified and verified in time, or excepted?")
    return Outcome(question, clocks.count(), number, failures)


def leavers(ask: Ask) -> Outcome:
    """People whose account was closed hold no role and no live grant a day later."""
    history: Any = User.history.model
    closed = ask.within(
        history.objects.filter(
            is_active=False,
            id__in=RoleAssignment.objects.filter(realm_id=ask.program_id).values("user_id"),
        ),
        "history_date",
        "accounts.user",
        "id",
    )
    since: dict[int, dt.datetime] = {}
    for person, when in closed.order_by("history_date").values_list("id", "history_date"):
        since.setdefault(person, when)
    people = User.objects.filter(pk__in=since, is_active=False).order_by("pk")
    failures = []
    for person in people:
        limit = since[person.pk] + LEAVERS_WITHIN
        if limit > ask.to_at:
            continue
        held = RoleAssignment.objects.filter(user=person, realm_id=ask.program_id).filter(
            Q(ends_at=None) | Q(ends_at__gt=limit)
        )
        grants = Grant.objects.filter(
            person=person, fellowship__program_id=ask.program_id, ends_at__gt=limit
        ).filter(Q(revoked_at=None) | Q(revoked_at__gt=limit))
        left = [*(str(role) for role in held), *(grant.ref for grant in grants)]
        if left:
            failures.append(
                Failure(
                    str(person),
                    say(
                        "Account closed {at}; a day later still listed: {left}. Nothing "
                        "opens for a closed account, but the lists say so.",
                        at=at(since[person.pk]),
                        left=joined(", ", left),
                    ),
                )
            )
    question = say("Were the roles and grants of people who left ended within 24 hours?")
    return Outcome(question, len(people), len(failures), failures[:MOST_LISTED])


def reviewed(ask: Ask) -> Outcome:
    """Each role and grant a review asked about was answered by the time the review was due."""
    items = ask.within(
        AccessReviewItem.objects.filter(review__program_id=ask.program_id), "review__due_at"
    ).select_related("review", "person", "owner")
    late = Q(decided_at=None) | Q(decided_at__gt=F("review__due_at"))
    return outcome(
        say(
            "Was every role and grant a review asked about kept or removed by the review’s due day?"
        ),
        items,
        items.filter(late),
        lambda i: Failure(
            f"{i.review.ref}: {i.title}, {i.person}",
            say("Due {at}; ", at=at(i.review.due_at))
            + (say("answered {at}.", at=at(i.decided_at)) if i.decided_at else say("not answered."))
            + say(" Its owner: {owner}.", owner=i.owner or say("nobody")),
            i.review.get_absolute_url(),
        ),
    )


TEST: Final = Test(
    "removal",
    say("Removal within the stated time"),
    say("What ends is closed where it is enforced, and deleted, in the time that was stated."),
    say(
        "Each revocation that a target system was told of is compared with its "
        "acknowledgement, by the ledger’s own events and the time stated for that "
        "system; each deletion clock that fell due with the instant it was settled; each "
        "closed account with the roles and grants it still has; each item of an access "
        "review with the day it was due."
    ),
    (acknowledged, deleted, leavers, reviewed),
)
