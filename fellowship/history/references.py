"""References people can say on the telephone: FEL-2026-014."""

from __future__ import annotations

from django.db import transaction

from fellowship.history.models import Sequence
from fellowship.kernel.time import now


def next_reference(prefix: str) -> str:
    """The next reference of a series in the present year, `PREFIX-YYYY-NNN`; never given twice.

    Must run inside the transaction that uses it: numbers of one that fails are given again.
    """
    return next_references(prefix, 1)[0]


def next_references(prefix: str, count: int) -> list[str]:
    """As many of the next references at once; `next_reference` for many."""
    key = f"{prefix}-{now().year}"
    with transaction.atomic():
        Sequence.objects.get_or_create(key=key)
        row = Sequence.objects.select_for_update().get(key=key)
        first, row.last = row.last + 1, row.last + count
        row.save()
    return [f"{key}-{number:03d}" for number in range(first, first + count)]
