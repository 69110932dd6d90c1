"""Many findings at once: look what would change, change it, take it back."""

from __future__ import annotations

from findings.services.bulk.actions import ACTIONS, Action
from findings.services.bulk.looking import Outlook, look, programs_of
from findings.services.bulk.running import may_begin, run_batch
from findings.services.bulk.selecting import chosen, fingerprint, with_related
from findings.services.bulk.undoing import undo_batch

__all__ = [
    "ACTIONS",
    "Action",
    "Outlook",
    "chosen",
    "fingerprint",
    "look",
    "may_begin",
    "programs_of",
    "run_batch",
    "undo_batch",
    "with_related",
]
