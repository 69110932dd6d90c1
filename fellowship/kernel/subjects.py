"""Records that rows name by `subject_type` and `subject_id`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q


def about(records: Mapping[str, Any], by: str = "") -> Q:
    """Rows about one of these records, their keys given by model label; none where there are none.

    `by` leads from the row to where the names stand, as `matter__`.
    """
    found = Q(pk__in=[])
    for label, keys in records.items():
        found |= Q(**{f"{by}subject_type": label, f"{by}subject_id__in": keys})
    return found
