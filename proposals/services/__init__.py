"""The verbs of proposals and of the panel."""

from __future__ import annotations

from proposals.services.attachments import attach_file, remove_file
from proposals.services.blind import check_copy, mask_passages
from proposals.services.calibrating import calibrate
from proposals.services.case import (
    enact_decision,
    reconsider,
    refer_to_board,
    revision_over,
    take_back,
    withdraw_proposal,
)
from proposals.services.discussing import close_discussion
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
from proposals.services.leniency import refresh_effects
from proposals.services.panel import (
    StaleReview,
    assign_reviewer,
    declare,
    save_review_draft,
    submit_review,
    unassign_reviewer,
)
from proposals.services.reuse import take_over
from proposals.services.reviewers import cancel_absence, describe_reviewing, enter_absence
from proposals.services.suggesting import (
    add_suggested,
    ask_by_hand,
    assign_batch,
    assign_suggested,
    drop_suggested,
    set_aside,
    suggest_reviewers,
    work_out,
)

__all__ = [
    "StaleDraft",
    "StaleReview",
    "add_suggested",
    "ask_by_hand",
    "assign_batch",
    "assign_reviewer",
    "assign_suggested",
    "attach_file",
    "begin_revision",
    "calibrate",
    "cancel_absence",
    "check_copy",
    "close_discussion",
    "declare",
    "describe_reviewing",
    "discard_revision",
    "draft_answers",
    "drop_suggested",
    "enact_decision",
    "enter_absence",
    "mask_passages",
    "reconsider",
    "refer_to_board",
    "refresh_effects",
    "remove_file",
    "revision_over",
    "save_answers",
    "save_review_draft",
    "save_section",
    "set_aside",
    "start_proposal",
    "submit_proposal",
    "submit_review",
    "suggest_reviewers",
    "take_back",
    "take_over",
    "unassign_reviewer",
    "withdraw_proposal",
    "work_out",
]
