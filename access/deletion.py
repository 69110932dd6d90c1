"""When data must be gone: derived from grants, the tier's window, the scope and live exceptions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from access import handling
from access.models import Dataset, DeletionCertificate, Grant
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models import ExceptionRecord
from governance.states import ExceptionKind
from scoping.models import Fellowship, ScopeOfWork
from scoping.queries import signed_scope
from scoping.sections import cite

_GRANT = Grant._meta.label_lower


@dataclass(frozen=True, slots=True)
class Duty:
    """One dataset that a fellowship had: when access ends, by when it is deleted, and by what."""

    dataset: Dataset
    grant: Grant
    ends_at: dt.datetime
    due_at: dt.datetime
    last_day: dt.date
    """The day it is due with, on the programme's wall: at midnight the day before has ended."""
    clause: str
    certificate: DeletionCertificate | None
    exception: ExceptionRecord | None
    beside: str = ""
    """The clause that would give it more time, and does not: the shorter one holds."""

    @property
    def verified(self) -> bool:
        """Whether it is gone, and another person has looked."""
        return bool(self.certificate and self.certificate.verified_at)

    @property
    def met(self) -> bool:
        """Whether nothing is owed at this moment: verified, or kept by a live exception."""
        return self.verified or self.exception is not None

    def state(self, at: dt.datetime) -> tuple[str, str]:
        """How it stands at `at`, in words and tone."""
        if self.verified:
            return (say("Deleted and verified"), "good")
        if self.exception:
            return (say("Kept by an exception"), "warn")
        if self.certificate:
            return (say("Deleted, to be verified"), "warn")
        if at < self.ends_at:
            return (say("In use"), "plain")
        return (say("Overdue"), "bad") if at >= self.due_at else (say("To be deleted"), "warn")

    @property
    def until(self) -> dt.datetime:
        """The last instant it may be kept: of the exception while one is live."""
        return max(self.due_at, self.exception.expires_at) if self.exception else self.due_at


def duties(fellowship: Fellowship, at: dt.datetime | None = None) -> list[Duty]:
    """Every dataset ever granted and accepted in the fellowship, by name, in four queries."""
    at = at or now()
    by_dataset: dict[int, list[Grant]] = defaultdict(list)
    for grant in _accepted(fellowship.pk):
        by_dataset[grant.dataset_id].append(grant)
    if not by_dataset:
        return []
    certificates = {c.dataset_id: c for c in _certificates(fellowship.pk)}
    excepted = exceptions_for([g.pk for found in by_dataset.values() for g in found], at)
    scope = signed_scope(fellowship, at)
    return [
        _duty(fellowship, found, scope, certificates.get(pk), excepted)
        for pk, found in by_dataset.items()
    ]


def exceptions_for(grants: Iterable[int], at: dt.datetime) -> dict[int, ExceptionRecord]:
    """The live exception of retention for each of these grants, the longest lasting counts."""
    return {e.subject_id: e for e in _kept(list(grants), at)}


@read
def _accepted(fellowship: int) -> QuerySet[Grant]:
    rows = Grant.objects.filter(fellowship_id=fellowship, agreement__accepted_at__isnull=False)
    rows = rows.select_related("dataset", "handling")
    return rows.order_by("dataset__name", "dataset_id", "id")


@read
def _certificates(fellowship: int) -> QuerySet[DeletionCertificate]:
    return DeletionCertificate.objects.filter(fellowship_id=fellowship)


@read
def _kept(grants: list[int], at: dt.datetime) -> QuerySet[ExceptionRecord]:
    live = ExceptionRecord.objects.live(at).filter(
        kind=ExceptionKind.RETENTION, subject_type=_GRANT, subject_id__in=grants
    )
    return live.select_related("owner").order_by("expires_at")


def _duty(
    fellowship: Fellowship,
    grants: list[Grant],
    scope: ScopeOfWork | None,
    certificate: DeletionCertificate | None,
    excepted: dict[int, ExceptionRecord],
) -> Duty:
    last = max(grants, key=lambda grant: grant.over_at)
    end = last.over_at
    if fellowship.ended_at:
        end = min(end, fellowship.ended_at)
    window = handling.tier_of(last.handling, last.dataset.tier).deletion_within
    calendar = fellowship.program.calendar()
    due = window.due(end, calendar)
    clause = say(
        "{handling}: within {window} of the end of access", handling=last.handling, window=window
    )
    beside = ""
    limit = _retention(fellowship, scope)
    if scope and limit:
        kept = say(
            "Scope of work v{number}, {cite}", number=scope.number, cite=cite("retention_days")
        )
        if limit < due:
            due, clause, beside = max(limit, end), kept, clause
        elif due < limit:
            beside = kept
    live = [excepted[g.pk] for g in grants if g.pk in excepted]
    exception = max(live, key=lambda e: e.expires_at, default=None)
    day = calendar.last_day(due)
    return Duty(last.dataset, last, end, due, day, clause, certificate, exception, beside)


def _retention(fellowship: Fellowship, scope: ScopeOfWork | None) -> dt.datetime | None:
    """The end of the day until which the scope lets data be kept after the fellowship."""
    if scope is None or scope.retention_days is None:
        return None
    day = fellowship.ends_on + dt.timedelta(days=scope.retention_days + 1)
    zone = ZoneInfo(fellowship.program.zone)
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone).astimezone(dt.UTC)
