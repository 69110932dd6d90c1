"""What a new programme takes for a sign that its oversight has become theatre."""

from __future__ import annotations

from governance.health_terms import GovernanceHealth


def governance_health() -> GovernanceHealth:
    """Half a year back; a vote within a minute of opening the dossier was hardly a reading."""
    return GovernanceHealth(
        looks_back_days=180,
        hasty_seconds=60,
        most_hasty_percent=10,
        most_unopened_percent=20,
        most_silent_percent=75,
        most_copied_percent=20,
        most_unanimous=25,
        approver_votes=5,
        approver_percent=95,
        most_approvers=0,
        most_conditions_overdue=0,
        renewals_borne=2,
        most_renewed=0,
        most_lapsed=0,
        most_late_acknowledgements=0,
        unowned_days=7,
        most_unowned=0,
        most_days_with_us=60,
        most_days_with_fellow=60,
        most_promises_percent=10,
    )
