"""The audit room: read-only, scoped to one programme, each look at it a ledger event."""

from __future__ import annotations

from oversight.views.audit.shared import audited, pages, program_of, shown

__all__ = ["audited", "pages", "program_of", "shown"]
