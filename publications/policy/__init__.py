"""Who may do what to publications, and why not."""

from __future__ import annotations

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
    "may_advise",
    "may_answer",
    "may_assign",
    "may_clear",
    "may_declare",
    "may_draft",
    "may_edit",
    "may_mark",
    "may_object",
    "may_record_outcome",
    "may_settle",
    "may_staff",
    "may_submit",
]
