"""What narrows governance's lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from fellowship.accounts.queries import realm_ids_where
from fellowship.accounts.roles import ROLES
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import filters
from governance import docket
from governance.models import Condition, Decision, Escalation, ExceptionRecord, Matter
from governance.states import (
    ConditionState,
    EscalationKind,
    EscalationState,
    ExceptionKind,
    Outcome,
    Severity,
)

SOON = dt.timedelta(days=30)


def _programs(request: HttpRequest | None) -> QuerySet[Program]:
    """The programmes the person takes part in."""
    if request is None:
        return Program.objects.none()
    return Program.objects.filter(pk__in=realm_ids_where(request.user, *ROLES)).order_by("name")


class DocketFilter(filters.FilterSet):
    """Matters by words, kind, and whether they need the person's vote."""

    q = filters.Search(fields=["title", "ref", "question"])
    kind = filters.ChoiceFilter(choices=docket.kind_choices, label=say("Kind"))
    mine = filters.BooleanFilter(method="filter_mine", label=say("Needs my vote"))

    class Meta:
        model = Matter
        fields: list[str] = []

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def filter_mine(self, rows: QuerySet[Matter], name: str, value: bool) -> QuerySet[Matter]:
        """Those whose vote is still to be cast."""
        return rows.filter(docket.uncast(self.user))


class DecisionFilter(filters.FilterSet):
    """Decisions by words, kind, outcome and time."""

    q = filters.Search(fields=["matter__title", "matter__ref", "letter"])
    kind = filters.ChoiceFilter(
        field_name="matter__kind", choices=docket.kind_choices, label=say("Kind")
    )
    outcome = filters.ChoiceFilter(choices=Outcome.choices, label=say("Outcome"))
    conditions = filters.BooleanFilter(method="filter_unsettled", label=say("With open conditions"))

    class Meta:
        model = Decision
        fields: list[str] = []

    def filter_unsettled(
        self, rows: QuerySet[Decision], name: str, value: bool
    ) -> QuerySet[Decision]:
        """Those with a condition neither verified nor waived."""
        return rows.filter(pk__in=Condition.objects.unsettled().values("decision_id"))


class ConditionFilter(filters.FilterSet):
    """Conditions by words and state."""

    q = filters.Search(fields=["text", "decision__matter__ref", "decision__matter__title"])
    state = filters.ChoiceFilter(
        choices=[
            ("unsettled", say("Not settled")),
            ("overdue", say("Overdue")),
            *ConditionState.choices,
        ],
        method="filter_state",
        label=say("State"),
    )

    class Meta:
        model = Condition
        fields: list[str] = []

    def filter_state(self, rows: Any, name: str, value: str) -> Any:
        """By the stored state, or by what follows from it and the clock."""
        if value == "unsettled":
            return rows.unsettled()
        return rows.overdue() if value == "overdue" else rows.filter(state=value)


class ExceptionFilter(filters.FilterSet):
    """Exceptions by words, kind, and where they stand by the clock."""

    q = filters.Search(fields=["title", "ref", "subject_label", "owner__name"])
    kind = filters.ChoiceFilter(choices=ExceptionKind.choices, label=say("Kind"))
    stand = filters.ChoiceFilter(
        choices=[
            ("live", say("In force")),
            ("ending", say("Ends within 30 days")),
            ("requested", say("With the board")),
            ("over", say("Over")),
            ("refused", say("Not granted")),
        ],
        method="filter_stand",
        label=say("Stands"),
    )
    measure = filters.ChoiceFilter(
        choices=[
            ("late", say("Test overdue")),
            ("failing", say("Did not hold")),
            ("untested", say("Never tested")),
        ],
        method="filter_measure",
        label=say("What makes up for it"),
    )
    renewed = filters.ChoiceFilter(
        choices=[
            ("1", say("Once or more")),
            ("2", say("Twice or more")),
            ("3", say("Three times or more")),
        ],
        method="filter_renewed",
        label=say("Extended"),
    )
    program = filters.ModelChoiceFilter(queryset=_programs, label=say("Programme"))
    mine = filters.BooleanFilter(method="filter_mine", label=say("Mine to answer for"))

    class Meta:
        model = ExceptionRecord
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asks = self.filters["program"]
        if self.request is not None and len(_programs(self.request)[:2]) < 2:
            del self.filters["program"]
        else:
            asks.extra["empty_label"] = say("Any")

    def filter_measure(self, rows: Any, name: str, value: str) -> Any:
        """How the measure of those in force stands."""
        at = now()
        if value == "late":
            return rows.untested(at)
        if value == "failing":
            return rows.failing(at)
        return rows.live(at).filter(measure_tested_at=None)

    def filter_renewed(self, rows: Any, name: str, value: str) -> Any:
        """Those that extend so many earlier ones, or more."""
        return rows.renewed(int(value))

    def filter_mine(self, rows: Any, name: str, value: bool) -> Any:
        """Those the person owns."""
        return rows.filter(owner=self.request.user)

    def filter_stand(self, rows: Any, name: str, value: str) -> Any:
        """Derived from the dates, as everywhere."""
        at = now()
        if value == "live":
            return rows.live(at)
        if value == "ending":
            return rows.live(at).filter(expires_at__lte=at + SOON)
        if value == "over":
            return rows.filter(Q(state="ended") | Q(state="granted", expires_at__lte=at))
        if value == "refused":
            return rows.filter(state__in=("refused", "withdrawn"))
        return rows.filter(state=value)


class EscalationFilter(filters.FilterSet):
    """Escalations by words, kind, severity and state."""

    q = filters.Search(fields=["ref", "summary", "subject_label"])
    kind = filters.ChoiceFilter(choices=EscalationKind.choices, label=say("Kind"))
    severity = filters.ChoiceFilter(choices=Severity.choices, label=say("Severity"))
    state = filters.ChoiceFilter(choices=EscalationState.choices, label=say("State"))
    open = filters.BooleanFilter(method="filter_open", label=say("Open only"))

    class Meta:
        model = Escalation
        fields: list[str] = []

    def filter_open(self, rows: Any, name: str, value: bool) -> Any:
        """Those not closed."""
        return rows.open()
