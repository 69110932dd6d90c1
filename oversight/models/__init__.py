"""What oversight itself records: closed cases, and what auditors looked at, drew and took away."""

from __future__ import annotations

from oversight.models.auditing import AuditVisit, Extract, Sample, Verification
from oversight.models.closeouts import Closeout

__all__ = ["AuditVisit", "Closeout", "Extract", "Sample", "Verification"]
