"""The verbs of publications and of their two reviews."""

from __future__ import annotations

from publications.services.reviews import (
    ANSWER_CLOCK,
    accept_objection,
    agree_wording,
    assign_reviewer,
    clear_policy_review,
    contest_objection,
    decide_dispute,
    give_scientific_review,
    object_to_passage,
    objection_url,
    offer_wording,
    withdraw_objection,
)
from publications.services.windows import (
    WINDOW_CLOCK,
    escalate_silence,
    release,
    return_to_review,
    stop_window,
    submit_publication,
    withdraw_publication,
)
from publications.services.works import (
    add_version,
    draft_publication,
    locked,
    record_outcome,
    set_authors,
    tell,
)

__all__ = [
    "ANSWER_CLOCK",
    "WINDOW_CLOCK",
    "accept_objection",
    "add_version",
    "agree_wording",
    "assign_reviewer",
    "clear_policy_review",
    "contest_objection",
    "decide_dispute",
    "draft_publication",
    "escalate_silence",
    "give_scientific_review",
    "locked",
    "object_to_passage",
    "objection_url",
    "offer_wording",
    "record_outcome",
    "release",
    "return_to_review",
    "set_authors",
    "stop_window",
    "submit_publication",
    "tell",
    "withdraw_objection",
    "withdraw_publication",
]
