"""What oversight itself records: closed cases, and what auditors looked at, drew and took away."""

from __future__ import annotations

from oversight.models.auditing import AuditVisit, Sample, Verification
from oversight.models.closeouts import Closeout
from oversight.models.extracts import Extract, ExtractRun

__all__ = ["AuditVisit", "Closeout", "Extract", "ExtractRun", "Sample", "Verification"]
