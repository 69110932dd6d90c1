"""What every part of the facts uses."""

from __future__ import annotations

from typing import Any

from django.db.models import Model


def name(person: Any) -> str:
    """A person’s name; empty for none."""
    return str(person) if person else ""


def key(record: Model) -> int:
    """Its key, to put rows in order."""
    return int(record.pk)
