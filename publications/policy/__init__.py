"""Who may do what to publications, and why not."""

from __future__ import annotations

from publications.policy.disclosure import (
    may_extend_step,
    may_plan,
    may_release_early,
    may_stage,
    step_reason,
    step_said,
)
from publications.policy.reviews import (
    REASON_MAX,
    TRACK_ROLES,
    contest_said,
    may_advise,
    may_answer,
    may_assign,
    may_clear,
    may_mark,
    may_object,
    may_settle,
    may_staff,
)
from publications.policy.texts import (
    has_files,
    hit_said,
    may_answer_hit,
    may_be,
    may_build_on,
    may_link,
    stopped,
)
from publications.policy.works import (
    may_declare,
    may_draft,
    may_edit,
    may_record_outcome,
    may_submit,
)

__all__ = [
    "REASON_MAX",
    "TRACK_ROLES",
    "contest_said",
    "has_files",
    "hit_said",
    "may_advise",
    "may_answer",
    "may_answer_hit",
    "may_assign",
    "may_be",
    "may_build_on",
    "may_clear",
    "may_declare",
    "may_draft",
    "may_edit",
    "may_extend_step",
    "may_link",
    "may_mark",
    "may_object",
    "may_plan",
    "may_record_outcome",
    "may_release_early",
    "may_settle",
    "may_staff",
    "may_stage",
    "may_submit",
    "step_reason",
    "step_said",
    "stopped",
]
