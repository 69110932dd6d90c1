"""Telling people that their access ends soon: by threshold crossed, once for each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Final

from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse

from access.models import AccessRequest, Grant, GrantReminder
from access.states import RequestState
from fellowship.history.bulk import create_many
from fellowship.kernel import journal
from fellowship.kernel.saying import joined, say
from fellowship.notices.services import Message, notify_each

SWEEP: Final = journal.System("access.reminders")
DAYS_BEFORE: Final = (7, 30)
"""Calendar days before the end, the nearest first: after an outage that one alone is told."""
BATCH: Final = 500


def remind(at: dt.datetime) -> int:
    """Tell whose grant ends within 7 or within 30 days, once for each; returns how many grants.

    Not where a renewal is asked for already. A grant shorter than a threshold never crosses it, and
    one that was narrowed is not told of again. That it ends does not depend on this.
    """
    told = 0
    for days in DAYS_BEFORE:
        crossed = Grant.objects.live(at).filter(
            ~Exists(_told(days)),
            ~Exists(_renewals()),
            ends_at__lte=at + dt.timedelta(days=days),
            request__grants__narrows=None,
            request__grants__starts_at__lte=F("ends_at") - dt.timedelta(days=days),
        )
        rows = crossed.select_related("dataset", "person", "fellowship").order_by("pk")
        while batch := list(rows[:BATCH]):
            with journal.acting("access.remind", by=SWEEP):
                _remind(batch, days, at)
            told += len(batch)
    return told


def _told(days: int) -> QuerySet[GrantReminder]:
    """What was told already of the same decision: this threshold or a nearer one."""
    return GrantReminder.objects.filter(grant__request=OuterRef("request"), days__lte=days)


def _renewals() -> QuerySet[AccessRequest]:
    over = (RequestState.REFUSED, RequestState.WITHDRAWN)
    asked = AccessRequest.objects.filter(renews__request=OuterRef("request"))
    return asked.exclude(state__in=over)


def _remind(batch: list[Grant], days: int, at: dt.datetime) -> None:
    by_pk = {grant.pk: grant for grant in batch}
    create_many(
        [GrantReminder(grant=grant, days=days, at=at) for grant in batch],
        change=lambda row: {
            "grant": by_pk[row.grant_id].ref,
            "days": row.days,
            "until": by_pk[row.grant_id].ends_at,
        },
    )
    people: dict[tuple[int, int], list[Grant]] = defaultdict(list)
    for grant in batch:
        people[(grant.program_id, grant.person_id)].append(grant)
    notify_each([_message(program_id, grants, days) for (program_id, _), grants in people.items()])


def _message(program_id: int, grants: list[Grant], days: int) -> Message:
    """One notice about all of a person's grants that end by then."""
    one, single = grants[0], len(grants) == 1
    return Message(
        kind="access.grant_ends",
        to=[one.person],
        realm=program_id,
        subject_obj=one if single else None,
        title=say("Access to {dataset} ends within {days} days", dataset=one.dataset, days=days)
        if single
        else say("{n} grants of data end within {days} days", n=len(grants), days=days),
        body=joined(
            "\n",
            [
                *(
                    say(
                        "{ref}, {dataset}: until {ends_at:%-d %B %Y %H:%M} UTC",
                        ref=g.ref,
                        dataset=g.dataset,
                        ends_at=g.ends_at,
                    )
                    for g in grants
                ),
                say("To go on, ask for what you still use: that is a new decision."),
            ],
        ),
        url=one.get_absolute_url() if single else reverse("access:grants"),
    )
