"""What oversight does: close cases, record what auditors do, measure the board's own work."""

from __future__ import annotations

from oversight.services.auditing import (
    keep_run,
    keep_sample,
    record_file,
    record_verification,
    record_view,
    remove_scope,
    save_scope,
)
from oversight.services.closing import close_fellowship
from oversight.services.exporting import ask_export, fail_export, finish_export
from oversight.services.health import answer_breach, measure_due, measure_health

__all__ = [
    "answer_breach",
    "ask_export",
    "close_fellowship",
    "fail_export",
    "finish_export",
    "keep_run",
    "keep_sample",
    "measure_due",
    "measure_health",
    "record_file",
    "record_verification",
    "record_view",
    "remove_scope",
    "save_scope",
]
