"""What of a case's findings is withheld from a person, for pages and files that show many at once.

Asked of `policy.withheld` alone. A result is withheld with the claim it supports, unless it also
supports one that the person may read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from fellowship.kernel.prepared import read
from fellowship.kernel.time import now
from findings import policy
from findings.models import Finding, FindingEvidence


@dataclass(frozen=True, slots=True)
class Withheld:
    """By key, what is said in place of a claim, and in place of a result that supports it."""

    claims: Mapping[int, str] = field(default_factory=dict)
    results: Mapping[int, str] = field(default_factory=dict)

    def results_of(self, finding: Finding, results: Iterable[int]) -> list[int]:
        """Of the results it rests on those whose link to it may be shown."""
        closed = finding.pk in self.claims
        return [pk for pk in results if not closed or pk in self.results]


def among(rows: Any, user: Any, at: dt.datetime | None = None) -> Withheld:
    """What is withheld of these findings; two queries, one where none is embargoed."""
    embargoed: Iterable[Finding] = rows.embargoed(at).select_related("fellowship", "program")
    claims = policy.withheld_among(embargoed, user, at)
    return Withheld(claims, _results(claims) if claims else {})


def of_case(fellowship: Any, user: Any, at: dt.datetime | None = None) -> Withheld:
    """What is withheld of a whole case."""
    claims = policy.withheld_among(_embargoed(fellowship.pk, at or now()), user, at)
    return Withheld(claims, _results(claims) if claims else {})


@read
def _embargoed(fellowship: int, at: dt.datetime) -> QuerySet[Finding]:
    rows = Finding.objects.filter(fellowship_id=fellowship).embargoed(at)
    return rows.select_related("fellowship", "program")


def _results(claims: Mapping[int, str]) -> dict[int, str]:
    closed = FindingEvidence.objects.filter(finding__in=claims).values("artifact_id")
    rows = FindingEvidence.objects.filter(artifact__in=closed).order_by("id")
    found: dict[int, str] = {}
    read: set[int] = set()
    for artifact, finding in rows.values_list("artifact_id", "finding_id"):
        if finding in claims:
            found.setdefault(artifact, claims[finding])
        else:
            read.add(artifact)
    return {artifact: said for artifact, said in found.items() if artifact not in read}
