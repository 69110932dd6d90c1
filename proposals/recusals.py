"""What a conflict about a proposal closes besides the proposal: its assignments and reviews."""

from __future__ import annotations

from django.db.models.expressions import RawSQL

from fellowship.accounts.queries import conflicted_keys
from fellowship.accounts.recusals import closes, closes_with


@closes("proposals.proposal")
def proposals(key: int) -> RawSQL:
    """Those a conflict was declared about."""
    return conflicted_keys(key, "proposals.proposal")


closes_with("proposals.assignment", "proposal_id", proposals)
closes_with("proposals.review", "proposal_id", proposals)
closes_with("proposals.proposalversion", "proposal_id", proposals)
closes_with("proposals.redactedcopy", "version__proposal_id", proposals)
closes_with("proposals.discussion", "proposal_id", proposals)
