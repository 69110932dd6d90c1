"""What a conflict closes of the board's business: matters and what came of them, alarms."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from fellowship.accounts.models import Conflict, RecusalOverride
from fellowship.accounts.recusals import closes, closes_about, closes_with
from fellowship.kernel.prepared import prepared
from governance.models import visibility

closes("governance.matter")(visibility.conflicted_matters)
closes("governance.ruleamendment")(visibility.conflicted_amendments)
closes("governance.escalation")(visibility.conflicted_escalations)
closes("governance.exceptionrecord")(visibility.conflicted_exceptions)
for _label in ("governance.escalation", "governance.exceptionrecord"):
    closes_about(_label, *visibility.OF_CASES)
for _part in ("step", "page", "party", "finding"):
    closes_with(f"governance.escalation{_part}", "escalation_id", visibility.conflicted_escalations)
closes_with("governance.reportduty", "escalation_id", visibility.conflicted_escalations)
closes_with("governance.dossier", "matter_id", visibility.conflicted_matters)
closes_with("governance.ballot", "matter_id", visibility.conflicted_matters)
closes_with("governance.decision", "matter_id", visibility.conflicted_matters)
closes_with("governance.reply", "decision__matter_id", visibility.conflicted_matters)
closes_with("governance.independentreview", "decision__matter_id", visibility.conflicted_matters)
closes_with("governance.condition", "decision__matter_id", visibility.conflicted_matters)


@closes("accounts.recusaloverride")
@prepared
def overrides(key: int) -> QuerySet[RecusalOverride, int]:
    """Others' overrides about a record in which the person declared a conflict."""
    own = Conflict.objects.recusing().filter(
        user_id=key,
        subject_type=OuterRef("conflict__subject_type"),
        subject_id=OuterRef("conflict__subject_id"),
    )
    rows = RecusalOverride.objects.filter(Exists(own))
    return rows.order_by().values_list("pk", flat=True)


closes_with("governance.consentitem", "matter_id", visibility.conflicted_matters)
closes_with("governance.minutesitem", "matter_id", visibility.conflicted_matters)
