"""What oversight does: close a case with its package, and record what auditors do."""

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

__all__ = [
    "ask_export",
    "close_fellowship",
    "fail_export",
    "finish_export",
    "keep_run",
    "keep_sample",
    "record_file",
    "record_verification",
    "record_view",
    "remove_scope",
    "save_scope",
]
