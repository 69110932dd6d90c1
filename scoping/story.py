"""What happened in a case: its own events and those of its papers, in words fit for its readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from django.db.models import Model, Q, QuerySet

from fellowship.history.models import Event
from fellowship.kernel.prepared import Asked, prepared
from fellowship.web.components.timeline import entry
from fellowship.web.items import Entry
from scoping import casefile
from scoping.models import (
    CheckIn,
    Contribution,
    Fellowship,
    Milestone,
    ScopeOfWork,
    Suspension,
    TalentStep,
)

PAPERS: Final[tuple[type[Model], ...]] = (
    ScopeOfWork,
    Milestone,
    CheckIn,
    Suspension,
    TalentStep,
    Contribution,
)


def _papers(model: type[Model]) -> Asked:
    @prepared
    def of_case(key: int) -> QuerySet[Any, Any]:
        return model._default_manager.filter(fellowship_id=key).order_by().values_list("pk")

    return of_case


_OF: Final = {model: _papers(model) for model in PAPERS}
_TOLD: Final = ("stage", "clauses", "hours", "until")
"""Changes readers can use; keys of people and hashes stay in the ledger."""


def events(fellowship: Fellowship) -> QuerySet[Event]:
    """The events of the case and its papers, newest first, in one query."""
    about = Q(subject_type=fellowship._meta.label_lower, subject_id=fellowship.pk)
    for model, papers in _OF.items():
        about |= Q(subject_type=model._meta.label_lower, subject_id__in=papers(fellowship.pk))
    return Event.objects.filter(about).select_related("actor").order_by("-id")


def told(fellowship: Fellowship, most: int = 10) -> Iterator[Entry]:
    """The latest of them as lines of a timeline."""
    titles = {milestone.pk: milestone.title for milestone in casefile.of(fellowship).milestones}
    for event in events(fellowship)[:most]:
        line = entry(event)
        changes = tuple(change for change in line.changes if change.field in _TOLD)
        ref = "" if event.subject_ref == fellowship.ref else line.ref
        if event.subject_type == Milestone._meta.label_lower:
            ref = titles.get(event.subject_id, ref)
        yield replace(line, changes=changes, ref=ref)
