"""What a conflict closes of the board's business: matters and what came of them, alarms."""

from __future__ import annotations

from fellowship.accounts.recusals import closes, closes_with
from governance.models import visibility

closes("governance.matter")(visibility.conflicted_matters)
closes("governance.escalation")(visibility.conflicted_escalations)
closes("governance.exceptionrecord")(visibility.conflicted_exceptions)
closes_with("governance.dossier", "matter_id", visibility.conflicted_matters)
closes_with("governance.ballot", "matter_id", visibility.conflicted_matters)
closes_with("governance.decision", "matter_id", visibility.conflicted_matters)
closes_with("governance.condition", "decision__matter_id", visibility.conflicted_matters)
