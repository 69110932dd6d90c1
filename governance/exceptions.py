"""Asking whether an exception covers something: the same answer for gates, pages and lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Model

from fellowship.kernel.saying import say
from governance import rules
from governance.models import ExceptionRecord, MeasureTest
from governance.models.exceptions import ExceptionQuerySet
from governance.states import RuleKind

SHOWN = 50
"""Earlier exceptions and tests shown at once."""


def covering(subject: Model, kind: str, at: dt.datetime | None = None) -> ExceptionQuerySet:
    """The live exceptions of `kind` for this record at `at`, the longest lasting first.

    The record stays covered while any is live.
    """
    live = ExceptionRecord.objects.live(at).about(subject).filter(kind=kind)
    return live.order_by("-expires_at")


def covered(subject: Model, kind: str, at: dt.datetime | None = None) -> bool:
    """Whether any live exception of `kind` covers this record at `at`."""
    return covering(subject, kind, at).exists()


def earlier(exception: ExceptionRecord) -> list[ExceptionRecord]:
    """The exceptions this one extends, the latest first: what the board sees before the next."""
    chain: list[ExceptionRecord] = []
    current = exception.extends
    while current is not None:
        chain.append(current)
        current = current.extends
    return chain


def others(
    exception: ExceptionRecord,
    chain: Sequence[ExceptionRecord],
    among: ExceptionQuerySet | None = None,
) -> list[ExceptionRecord]:
    """Granted exceptions of the same kind for the same record that are not in its chain of
    extensions, the latest first: the same asked for anew is a repeat all the same.
    """
    rows = ExceptionRecord.objects.all() if among is None else among
    same = rows.filter(
        kind=exception.kind,
        subject_type=exception.subject_type,
        subject_id=exception.subject_id,
        approved_at__isnull=False,
    )
    known = [exception.pk, *(one.pk for one in chain)]
    return list(same.exclude(pk__in=known).order_by("-expires_at", "-pk")[:SHOWN])


def tests_of(exceptions: Sequence[ExceptionRecord]) -> list[MeasureTest]:
    """The tests of the measures of these, the latest first."""
    rows = MeasureTest.objects.filter(exception__in=[one.pk for one in exceptions])
    return list(rows.select_related("exception").order_by("-tested_at", "-pk")[:SHOWN])


def longest(exception: ExceptionRecord) -> str:
    """The longest term of its kind in words, with the rule that sets it."""
    rule = rules.in_force(exception.program_id, RuleKind.EXCEPTIONS)
    days = rule.params.terms[exception.kind].longest_days
    return say("{days} calendar days ({rule})", days=days, rule=rule)
