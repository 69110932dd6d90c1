"""What a conflict about a case closes of its findings."""

from __future__ import annotations

from fellowship.accounts.recusals import closes_with
from scoping.recusals import fellowships

findings = closes_with("findings.finding", "fellowship_id", fellowships)
closes_with("findings.control", "finding_id", findings)
closes_with("findings.overdue", "finding_id", findings)
closes_with("findings.changerequest", "finding_id", findings)
closes_with("findings.acceptancetest", "finding_id", findings)
closes_with("findings.contest", "finding_id", findings)
closes_with("findings.findingimport", "fellowship_id", fellowships)
