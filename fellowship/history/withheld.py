"""History rows nobody reads yet: sealed votes, answers given apart. Registered by their owners.

The rows stay in the ledger and are verified; exports and the audit room leave them out until what
they wait for has happened.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Q, QuerySet

T = TypeVar("T", bound=QuerySet[Any, Any])

_withheld: dict[str, Q] = {}


def withhold(label: str, while_: Q) -> None:
    """Leave out rows of the history model `label` (“app.historicalmodel”) that match."""
    _withheld[label] = while_


def readable(label: str, rows: T) -> T:
    """The rows of the history model that may be read by now."""
    return rows.exclude(_withheld[label]) if label in _withheld else rows
