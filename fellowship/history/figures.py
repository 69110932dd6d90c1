"""Figures of the ledger: events that wait to be sealed, and how old the last checkpoint is."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from fellowship.history.models import Checkpoint, Event
from fellowship.kernel import health
from fellowship.kernel.gauges import Values, gauge
from fellowship.kernel.time import now


@gauge("ledger_unsealed_events", "Events that wait to be sealed.")
def unsealed() -> Values:
    """By anti-join, as sealing finds them."""
    return float(Event.objects.filter(seal=None).order_by().count())


@gauge("ledger_oldest_unsealed_seconds", "How long the oldest of them has waited.")
def oldest() -> Values:
    """Zero where none waits."""
    first = Event.objects.filter(seal=None).order_by("id").values_list("at", flat=True).first()
    return (now() - first).total_seconds() if first else 0.0


@gauge("ledger_checkpoint_age_seconds", "Since the last checkpoint was signed.")
def checkpoint_age() -> Values:
    """Old by itself where nothing happens: see it beside the oldest unsealed event."""
    last = Checkpoint.objects.order_by("-number").values_list("signed_at", flat=True).first()
    return (now() - last).total_seconds() if last else None


@gauge("ledger_size", "Events under the last checkpoint.")
def size() -> Values:
    """None before the first."""
    last = Checkpoint.objects.order_by("-number").values_list("size", flat=True).first()
    return float(last) if last is not None else None


@health.useful("seal_key")
def key_readable() -> bool:
    """Whether the key that signs checkpoints can be read, or made where there is none yet."""
    path = settings.LEDGER_KEY_FILE
    return os.access(path, os.R_OK) or (not path.exists() and os.access(_above(path), os.W_OK))


def _above(path: Path) -> Path:
    """The nearest folder that is there."""
    return next(folder for folder in path.parents if folder.is_dir())
