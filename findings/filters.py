"""How the queue is narrowed, for page and API alike."""

from __future__ import annotations

from typing import Any

from fellowship.kernel.time import now
from fellowship.web import filters
from findings.models import Control, Finding, FindingQuerySet
from findings.states import ControlState, Family, FindingState, Severity


class FindingFilter(filters.FilterSet):
    """Findings by state, severity, family of control, technique and clock."""

    q = filters.Search(fields=["title", "ref", "technique"])
    state = filters.ChoiceFilter(choices=FindingState.choices, label="Disposition")
    severity = filters.ChoiceFilter(choices=Severity.choices, label="Severity")
    family = filters.ChoiceFilter(
        method="filter_family",
        label="Control",
        choices=[("none", "No control yet"), *Family.choices],
    )
    overdue = filters.BooleanFilter(method="filter_overdue", label="Overdue only")

    class Meta:
        model = Finding
        fields: list[str] = []

    def filter_family(self, rows: FindingQuerySet, name: str, value: Any) -> FindingQuerySet:
        """Findings with a control of this family, or with none at all."""
        controls = Control.objects.exclude(state=ControlState.WITHDRAWN)
        if value == "none":
            return rows.exclude(pk__in=controls.values("finding_id"))
        return rows.filter(pk__in=controls.filter(family=value).values("finding_id"))

    def filter_overdue(self, rows: FindingQuerySet, name: str, value: Any) -> FindingQuerySet:
        """Findings past their due time."""
        return rows.overdue(now()) if value else rows
