"""The verbs of proposals and of the panel."""

from __future__ import annotations

from proposals.services.attachments import attach_file, remove_file
from proposals.services.blind import check_copy, mask_passages
from proposals.services.case import (
    enact_decision,
    reconsider,
    refer_to_board,
    revision_over,
    take_back,
    withdraw_proposal,
)
from proposals.services.drafting import (
    StaleDraft,
    begin_revision,
    discard_revision,
    draft_answers,
    save_answers,
    save_section,
    start_proposal,
    submit_proposal,
)
from proposals.services.panel import (
    StaleReview,
    assign_reviewer,
    declare,
    save_review_draft,
    submit_review,
    unassign_reviewer,
)
from proposals.services.reuse import take_over

__all__ = [
    "StaleDraft",
    "StaleReview",
    "assign_reviewer",
    "attach_file",
    "begin_revision",
    "check_copy",
    "declare",
    "discard_revision",
    "draft_answers",
    "enact_decision",
    "mask_passages",
    "reconsider",
    "refer_to_board",
    "remove_file",
    "revision_over",
    "save_answers",
    "save_review_draft",
    "save_section",
    "start_proposal",
    "submit_proposal",
    "submit_review",
    "take_back",
    "take_over",
    "unassign_reviewer",
    "withdraw_proposal",
]
