"""What oversight asks before a case closes, of the rooms that do not ask it themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from django.urls import reverse

from findings.models import Finding
from governance.models import Condition, Escalation
from oversight import casebook
from publications.models import Publication
from publications.states import PublicationState
from scoping import closeout
from scoping.closeout import Obligation
from scoping.models import Fellowship

NAMED: Final = 10
"""Records named in an obligation; of the others it says how many."""


@closeout.register
def findings_are_disposed_of(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Every finding has its disposition, and what was accepted its control or exception."""
    rows = Finding.objects.filter(fellowship=fellowship).unsettled().only("ref", "state")
    waiting, others = _first(rows.order_by("id"))
    yield Obligation(
        "findings.disposition",
        "Every finding has its disposition",
        not waiting,
        ", ".join([*(f"{f.ref} {f.get_state_display().lower()}" for f in waiting), *others]),
        reverse("findings:detail", args=[waiting[0].ref]) if waiting else "",
    )


@closeout.register
def publications_have_an_outcome(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Nothing is still with a reviewer, the board or on the desk."""
    ended = (PublicationState.RELEASED, PublicationState.WITHDRAWN)
    rows = Publication.objects.filter(fellowship=fellowship).exclude(state__in=ended)
    released = Publication.objects.filter(fellowship=fellowship).released(at).values("pk")
    waiting, others = _first(rows.exclude(pk__in=released).order_by("id"))
    yield Obligation(
        "publications.outcome",
        "Every publication released or withdrawn",
        not waiting,
        ", ".join([*(f"{p.ref} {p.get_state_display().lower()}" for p in waiting), *others]),
        reverse("publications:detail", args=[waiting[0].ref]) if waiting else "",
    )


@closeout.register
def the_board_is_answered(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Conditions about any record of the case are settled, alarms about any are closed."""
    case = casebook.subjects_among(fellowship, Condition, Escalation)
    conditions, more_conditions = _first(
        Condition.objects.filter(pk__in=case["governance.condition"]).unsettled(at).order_by("id")
    )
    yield Obligation(
        "governance.conditions",
        "Conditions of the board verified or waived",
        not conditions,
        "; ".join([*(condition.text for condition in conditions), *more_conditions]),
        conditions[0].get_absolute_url() if conditions else "",
    )
    alarms, more_alarms = _first(
        Escalation.objects.filter(pk__in=case["governance.escalation"]).open().order_by("id")
    )
    yield Obligation(
        "governance.escalations",
        "Escalations closed",
        not alarms,
        ", ".join([*(alarm.ref for alarm in alarms), *more_alarms]),
        alarms[0].get_absolute_url() if alarms else "",
    )


def _first(rows: Any) -> tuple[list[Any], list[str]]:
    """The first of what waits, and how many others do, in words."""
    found = list(rows[: NAMED + 1])
    if len(found) <= NAMED:
        return found, []
    return found[:NAMED], [f"and {rows.order_by().count() - NAMED:,} others"]
