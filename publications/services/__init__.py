"""The verbs of publications and of their two reviews."""

from __future__ import annotations

from publications.services.disclosure import (
    DISCLOSURE_CLOCK,
    extend_step,
    plan_step,
    record_disclosed,
    release_early,
)
from publications.services.drafts import declare_sources, draft_publication
from publications.services.prechecks import answer_hit
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
from publications.services.versions import add_version
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
    locked,
    record_outcome,
    set_authors,
    tell,
)

__all__ = [
    "ANSWER_CLOCK",
    "DISCLOSURE_CLOCK",
    "WINDOW_CLOCK",
    "accept_objection",
    "add_version",
    "agree_wording",
    "answer_hit",
    "assign_reviewer",
    "clear_policy_review",
    "contest_objection",
    "decide_dispute",
    "declare_sources",
    "draft_publication",
    "escalate_silence",
    "extend_step",
    "give_scientific_review",
    "locked",
    "object_to_passage",
    "objection_url",
    "offer_wording",
    "plan_step",
    "record_disclosed",
    "record_outcome",
    "release",
    "release_early",
    "return_to_review",
    "set_authors",
    "stop_window",
    "submit_publication",
    "tell",
    "withdraw_objection",
    "withdraw_publication",
]
