"""The rubric by which a proposal is scored: the one pinned to its call."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from django.db.models import QuerySet

from fellowship.kernel.prepared import read
from fellowship.programs.models import Call
from governance import rules
from governance.models import RulePin
from governance.rulekinds import ReviewRubric, read_params

KIND = "review_rubric"


def of_call(call: Call) -> ReviewRubric:
    """The rubric of the call: pinned with its publication, until then the one in force."""
    return cast("ReviewRubric", rules.pinned(call, KIND).params)


def reviewers_needed(call_ids: Collection[int]) -> dict[int, int]:
    """How many reviews a proposal of each call needs, in one query where all are pinned."""
    pins = _pinned(list(call_ids))
    found = {pk: cast("ReviewRubric", read_params(KIND, written)) for pk, written in pins}
    unpinned = set(call_ids) - set(found)
    if unpinned:
        found |= {call.pk: of_call(call) for call in Call.objects.filter(pk__in=unpinned)}
    return {pk: rule.reviewers_per_proposal for pk, rule in found.items()}


@read
def _pinned(calls: list[int]) -> QuerySet[RulePin, Any]:
    pins = RulePin.objects.filter(subject_type="programs.call", subject_id__in=calls, kind=KIND)
    return pins.values_list("subject_id", "rule_version__parameters")
