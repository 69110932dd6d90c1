"""What outputs must meet to leave: the limits of the strictest tier they were made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from access import handling
from access.models import ReleaseRequest
from access.release_states import Criterion, OutputKind
from access.states import TIERS, Tier
from fellowship.kernel.saying import joined, say
from governance.models import RuleVersion
from scoping.queries import signed_scope


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds for one request. Where several tiers meet, the strictest of each counts."""

    tiers: tuple[str, ...]
    kinds: tuple[str, ...]
    largest_bytes: int
    smallest_group: int
    record_rows: int
    identifiers_leave: bool
    rule: str

    def asked(self) -> list[Criterion]:
        """The criteria reviewers answer for each output."""
        no_group = Criterion.SMALLEST_GROUP if not self.smallest_group else None
        no_records = Criterion.RECORDS if not self.record_rows else None
        no_names = Criterion.IDENTIFIERS if self.identifiers_leave else None
        no_difference = Criterion.DIFFERENCING if not self.smallest_group else None
        left_out = {no_group, no_records, no_names, no_difference}
        return [criterion for criterion in Criterion if criterion not in left_out]

    def words(self, criterion: str) -> str:
        """The criterion with its threshold, as the page says it."""
        return {
            Criterion.SMALLEST_GROUP: say(
                "No group is smaller than {smallest_group}", smallest_group=self.smallest_group
            ),
            Criterion.RECORDS: (
                say(
                    "No rows of single records (a table of {record_rows} rows or more may be)",
                    record_rows=self.record_rows,
                )
            ),
            Criterion.DIFFERENCING: (
                say(
                    "No group smaller than {smallest_group} shows beside an earlier release",
                    smallest_group=self.smallest_group,
                )
            ),
        }.get(Criterion(criterion), str(Criterion(criterion).label))

    def kinds_words(self) -> str:
        """The kinds of output that may leave, as the page says them."""
        named = [OutputKind(kind).label.lower() for kind in self.kinds]
        return joined(", ", named) or say("nothing")

    def tiers_words(self) -> str:
        """The tiers, as the page says them."""
        return joined(", ", (str(Tier(tier).label) for tier in self.tiers))


def of_tiers(rule: RuleVersion, tiers: Iterable[str]) -> Limits:
    """The limits where data of these tiers meets; of the strictest tier where none is named."""
    named = sorted(set(tiers), key=TIERS.index) or [TIERS[-1]]
    found = [handling.tier_of(rule, tier) for tier in named]
    rows = [one.record_rows for one in found if one.record_rows]
    return Limits(
        tiers=tuple(named),
        kinds=tuple(
            kind for kind in OutputKind.values if all(kind in one.output_kinds for one in found)
        ),
        largest_bytes=min(one.largest_output_kb for one in found) * 1_000,
        smallest_group=max(one.smallest_group for one in found),
        record_rows=min(rows) if rows else 0,
        identifiers_leave=all(one.identifiers_leave for one in found),
        rule=str(rule),
    )


def of_request(request: ReleaseRequest, tiers: Sequence[str] | None = None) -> Limits:
    """The limits of a request: by its datasets; where it names none, by the signed scope's tier."""
    if tiers is None:
        tiers = list(request.sources.values_list("dataset__tier", flat=True))
    if not tiers:
        scope = signed_scope(request.fellowship_id)
        tiers = [scope.max_tier] if scope else []
    return of_tiers(request.handling, tiers)
