"""The decision a second time, slowly: the requirement's own words over rows read as they lie.

Nothing of `access.facts`, `spans`, `clauses` or `decisions` is used, and no helper they use. Each
question is one plain sentence about one instant. Until when something is allowed is found by asking
at every instant any row names.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from access.models import AccessSuspension, Dataset, Grant
from fellowship.accounts.models import User
from governance.models import Condition, ExceptionRecord
from scoping.models import Fellowship, ScopeOfWork, Suspension, Training

RANK = ["public", "internal", "restricted", "highly_restricted"]
COLUMN = {
    "view": "view_controlled",
    "query": "view_controlled",
    "run_code": "view_controlled",
    "model_call": "view_controlled",
    "notebook": "notebooks",
    "train": "weights",
    "export": "export",
    "download": "download",
    "publish": "publication",
}
WORK = ("scope", "access", "research", "review", "translate", "publish")


def slow_decision(
    person: Any, dataset: Dataset, operation: str, at: dt.datetime
) -> tuple[bool, dt.datetime | None]:
    """Whether it is allowed at `at`, and until when."""
    return Record().decision(person.pk, dataset.pk, operation, at)


class Record:
    """Every row that bears on access, read once."""

    def __init__(self) -> None:
        related = ("agreement", "request", "handling")
        self.grants = list(Grant.objects.select_related(*related))
        self.cases = {case.pk: case for case in Fellowship.objects.select_related("program")}
        self.scopes = list(ScopeOfWork.objects.exclude(signed_at=None))
        self.trainings = list(Training.objects.filter(kind="security"))
        self.conditions = list(Condition.objects.all())
        self.exceptions = list(ExceptionRecord.objects.filter(kind="late_training", waits=False))
        self.case_suspensions = list(Suspension.objects.all())
        self.suspensions = list(AccessSuspension.objects.all())
        self.classed, self.accounts, self.stages = map(_by_key, (Dataset, User, Fellowship))
        self.instants = sorted({at for row in self._rows() for at in self._instants(row)})

    def decision(
        self, person: int, dataset: int, operation: str, at: dt.datetime
    ) -> tuple[bool, dt.datetime | None]:
        """Whether at `at`, and the first instant after it at which it is not."""
        if not self.allowed(person, dataset, operation, at):
            return (False, None)
        later = (one for one in self.instants if one > at)
        ends = (one for one in later if not self.allowed(person, dataset, operation, one))
        return (True, next(ends, None))

    def allowed(self, person: int, dataset: int, operation: str, at: dt.datetime) -> bool:
        """A live grant, and everything it rests on."""
        return any(
            self._live(grant, at)
            and operation in grant.operations
            and self._account_is_open(person, at)
            and self._signed_scope_allows(grant, operation, at)
            and self._trained(grant, at)
            and not self._open_condition(grant, at)
            and self._tier_allows(grant, operation, at)
            and not self._suspended(grant, at)
            and self._under_way(self.cases[grant.fellowship_id], at)
            for grant in self.grants
            if (grant.person_id, grant.dataset_id) == (person, dataset)
        )

    def _live(self, grant: Grant, at: dt.datetime) -> bool:
        accepted = grant.agreement.accepted_at
        if accepted is None or accepted > at:
            return False
        if grant.revoked_at is not None and grant.revoked_at <= at:
            return False
        return grant.starts_at <= at < grant.ends_at

    def _account_is_open(self, person: int, at: dt.datetime) -> bool:
        row = self._as_of(self.accounts, person, at)
        return bool(row.is_active)

    def _signed_scope_allows(self, grant: Grant, operation: str, at: dt.datetime) -> bool:
        for scope in self.scopes:
            if scope.fellowship_id != grant.fellowship_id or scope.signed_at is None:
                continue
            if scope.signed_at <= at and (scope.superseded_at is None or at < scope.superseded_at):
                return self._scope_allows(scope, grant, operation, at)
        return False

    def _scope_allows(
        self, scope: ScopeOfWork, grant: Grant, operation: str, at: dt.datetime
    ) -> bool:
        assert scope.signed_at is not None
        tier = self._tier(grant.dataset_id, at)
        named = self._as_of(self.classed, grant.dataset_id, scope.signed_at)
        version, stage = self._clauses(scope, grant, at)
        return all(
            self._clauses_allow(clauses, named, tier, grant, operation)
            for clauses in (version, {**version, **stage})
        )

    def _clauses_allow(
        self, clauses: dict[str, Any], named: Any, tier: str, grant: Grant, operation: str
    ) -> bool:
        if not {named.slug, named.ref, named.name} & set(clauses["datasets"]):
            return False
        if RANK.index(tier) > RANK.index(clauses["max_tier"]):
            return False
        if clauses["environment"] == "own" and grant.handling.params.tiers[tier].download == "no":
            return False
        return operation in clauses["operations"]

    def _clauses(
        self, scope: ScopeOfWork, grant: Grant, at: dt.datetime
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The version's clauses, and what the stage of that day says instead."""
        names = ("datasets", "max_tier", "environment", "operations")
        clauses = {name: getattr(scope, name) for name in names}
        today = at.astimezone(self._zone(grant)).date()
        stages = sorted(scope.stages, key=lambda stage: stage["from"])
        begun = [s for s in stages if dt.date.fromisoformat(s["from"]) <= today] or stages[:1]
        return clauses, (begun[-1]["less"] if begun else {})

    def _trained(self, grant: Grant, at: dt.datetime) -> bool:
        program = self.cases[grant.fellowship_id].program_id
        return any(
            t.completed_at <= at < t.expires_at
            for t in self.trainings
            if (t.person_id, t.realm_id) == (grant.person_id, program)
        ) or any(
            e.starts_at <= at < min(e.expires_at, e.ended_at or e.expires_at)
            for e in self.exceptions
            if e.subject_type == "scoping.fellowship"
            and e.subject_id == grant.fellowship_id
            and e.state in ("granted", "ended")
        )

    def _open_condition(self, grant: Grant, at: dt.datetime) -> bool:
        about = {
            ("access.accessrequest", grant.request_id),
            ("scoping.fellowship", grant.fellowship_id),
        }
        return any(
            c.created_at <= at and (c.settled_at is None or at < c.settled_at)
            for c in self.conditions
            if (c.subject_type, c.subject_id) in about
        )

    def _tier_allows(self, grant: Grant, operation: str, at: dt.datetime) -> bool:
        handling = grant.handling.params.tiers[self._tier(grant.dataset_id, at)]
        return operation not in COLUMN or getattr(handling, COLUMN[operation]) != "no"

    def _suspended(self, grant: Grant, at: dt.datetime) -> bool:
        program = self.cases[grant.fellowship_id].program_id
        of_case = [s for s in self.case_suspensions if s.fellowship_id == grant.fellowship_id]
        of_all = [
            s
            for s in self.suspensions
            if s.dataset_id == grant.dataset_id
            or (s.person_id == grant.person_id and s.program_id == program)
        ]
        return any(
            s.starts_at <= at
            and (s.until is None or at < s.until)
            and (s.lifted_at is None or at < s.lifted_at)
            for s in (*of_case, *of_all)
        )

    def _under_way(self, case: Fellowship, at: dt.datetime) -> bool:
        today = at.astimezone(ZoneInfo(case.program.zone)).date()
        if not case.starts_on <= today <= case.ends_on:
            return False
        if case.ended_at is not None and case.ended_at <= at:
            return False
        return bool(self._as_of(self.stages, case.pk, at).state in WORK)

    def _tier(self, dataset: int, at: dt.datetime) -> str:
        return str(self._as_of(self.classed, dataset, at).tier)

    def _as_of(self, rows: dict[int, list[Any]], key: int, at: dt.datetime) -> Any:
        """The row as it was at `at`; as it was first, where it was not there yet."""
        known = rows[key]
        before = [row for row in known if row.history_date <= at]
        return before[-1] if before else known[0]

    def _zone(self, grant: Grant) -> ZoneInfo:
        return ZoneInfo(self.cases[grant.fellowship_id].program.zone)

    def _rows(self) -> list[Any]:
        return [
            *(*self.grants, *(grant.agreement for grant in self.grants), *self.cases.values()),
            *(*self.scopes, *self.trainings, *self.conditions, *self.exceptions),
            *(*self.case_suspensions, *self.suspensions),
            *(
                row
                for history in (self.classed, self.accounts, self.stages)
                for rows in history.values()
                for row in rows
            ),
        ]

    def _instants(self, row: Any) -> list[dt.datetime]:
        found = [v for v in vars(row).values() if isinstance(v, dt.datetime)]
        if isinstance(row, Fellowship):
            zone = ZoneInfo(row.program.zone)
            days = (row.starts_on, row.ends_on + dt.timedelta(days=1))
            found.extend(dt.datetime.combine(day, dt.time.min, zone) for day in days)
        if isinstance(row, ScopeOfWork):
            zone = ZoneInfo(self.cases[row.fellowship_id].program.zone)
            begins = (dt.date.fromisoformat(stage["from"]) for stage in row.stages)
            found.extend(dt.datetime.combine(day, dt.time.min, zone) for day in begins)
        return [at.astimezone(dt.UTC) for at in found]


def _by_key(model: Any) -> dict[int, list[Any]]:
    """The history rows of each record, in their order."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in model.history.order_by("history_date", "history_id"):
        found[row.id].append(row)
    return found
