"""What is excepted over and over: the same record, or by the same people. A rule that never holds.

Counted is what the board granted and the reader may see. From how many times on, the programme's
own rule says (`renewals_noted_from`): so often again after the first.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Count, IntegerField, Max, Min, OuterRef, Q, QuerySet, Subquery

from governance.models import ExceptionRecord, RuleVersion
from governance.models.exceptions import ExceptionQuerySet
from governance.states import RuleKind

BY: Final = {
    "record": ("program", "kind", "subject_type", "subject_id"),
    "owner": ("program", "owner"),
    "asker": ("program", "requested_by"),
}
"""What is counted together: exceptions of one kind for one record, of one owner, of one asker."""


def repeated(user: Any, by: str) -> QuerySet[Any]:
    """The latest exception of each group that is repeated, as far as the person may see them.

    With `times` granted, `extended` at most, `first_at` begun and `last_at` to end. `by` is one of
    `BY`.
    """
    granted = ExceptionRecord.objects.visible_to(user).filter(approved_at__isnull=False)
    names = BY[by]
    groups = granted.order_by().values(*names).annotate(times=Count("pk"))
    latest = groups.filter(_often()).annotate(latest=Max("pk")).values("latest")
    same = granted.filter(**{name: OuterRef(name) for name in names}).order_by()
    rows: QuerySet[Any] = ExceptionRecord.objects.filter(pk__in=latest)
    found: QuerySet[Any] = rows.annotate(
        times=_over(same, names, Count("pk")),
        extended=_over(same, names, Max("renewals")),
        first_at=_over(same, names, Min("starts_at"), output=None),
        last_at=_over(same, names, Max("expires_at"), output=None),
    )
    return found


def _over(
    same: ExceptionQuerySet, names: tuple[str, ...], what: Any, output: Any = IntegerField
) -> Subquery:
    rows = same.values(*names).annotate(figure=what).values("figure")
    return Subquery(rows, output_field=output() if output else None)


def _often() -> Q:
    """Groups as large as the rule of their programme calls repeated."""
    rules = RuleVersion.objects.current(RuleKind.EXCEPTIONS)
    large = [Q(program=r.program_id, times__gt=r.params.renewals_noted_from) for r in rules]
    return reduce(or_, large, Q()) if large else Q(times__lt=0)
