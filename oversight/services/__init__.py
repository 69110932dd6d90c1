"""What oversight does: close a case with its package, and record what auditors do."""

from __future__ import annotations

from oversight.services.auditing import (
    keep_sample,
    record_export,
    record_verification,
    record_view,
)
from oversight.services.closing import close_fellowship

__all__ = [
    "close_fellowship",
    "keep_sample",
    "record_export",
    "record_verification",
    "record_view",
]
