"""From a record of a case to its lineage: findings, controls and publications name it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet

from findings.models import Control, Finding
from publications.models import Publication
from scoping.models import Fellowship


@dataclass(frozen=True, slots=True)
class Way:
    """The case, by its reference, and the query that narrows its lineage to one record."""

    case: str
    query: str


_WAYS: Final[tuple[tuple[str, Any, str, str], ...]] = (
    ("finding", Finding, "fellowship__ref", "ref"),
    ("finding", Control, "finding__fellowship__ref", "finding__ref"),
    ("publication", Publication, "fellowship__ref", "ref"),
)


def way(ref: str, user: Any) -> Way | None:
    """Where the lineage of the record is that `user` sees; None where it names none of these."""
    # The cases themselves come far oftener, and name themselves.
    if ref.upper().startswith("FEL-") or "\x00" in ref:
        return None
    return _found(ref, lambda model: model.objects.visible_to(user))


def case_of(ref: str) -> Fellowship | None:
    """The fellowship of this reference, or that of the record which has it."""
    found = _found(ref, lambda model: model.objects.all())
    return Fellowship.objects.filter(ref__iexact=found.case if found else ref).first()


def _found(ref: str, rows: Any) -> Way | None:
    for name, model, case, own in _WAYS:
        asked: QuerySet[Any] = rows(model).filter(ref__iexact=ref)
        if (found := asked.order_by().values_list(case, own).first()) and found[0]:
            return Way(found[0], urlencode({name: found[1]}))
    return None
