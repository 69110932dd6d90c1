"""The verbs of findings and controls."""

from __future__ import annotations

from findings.services.acceptance import (
    ask_exception,
    plan_test,
    record_test,
    withdraw_test,
)
from findings.services.assigning import (
    assign_finding,
    claim_finding,
    covered_by,
    covering,
    end_cover,
    enter_cover,
)
from findings.services.bulk import (
    run_batch,
    undo_batch,
)
from findings.services.changes import (
    link_tracker,
    report_change,
    request_change,
    withdraw_change,
)
from findings.services.claims import (
    Claim,
    cvss_score,
)
from findings.services.clock import (
    due_if_rated,
    pause_finding,
    record_pause_over,
    rerate_finding,
    resume_finding,
)
from findings.services.closing import (
    carry_over,
    close_as_duplicate,
    close_finding,
    reopen_finding,
)
from findings.services.common import (
    DUE_CLOCK,
)
from findings.services.controls import (
    add_metric,
    deploy_control,
    plan_control,
    verify_control,
    waive_baseline,
)
from findings.services.dispositions import (
    accept_finding,
    defer_finding,
    reconsider_finding,
    refer_rejection,
    reject_finding,
    take_finding,
)
from findings.services.imports import (
    Outcome,
    confirm_import,
    mark_row,
    outcome_of,
    read_import,
)
from findings.services.lessons import (
    propose_lesson,
    set_lesson_aside,
    take_lesson,
)
from findings.services.measurements import (
    amend_plan,
    measure,
)
from findings.services.outputs import (
    record_export,
)
from findings.services.replies import (
    reply,
)
from findings.services.reports import (
    change_embargo,
    check_claim,
    register_artifact,
    report_finding,
)
from findings.services.saved import (
    change_filter,
    remove_filter,
    save_filter,
)
from findings.services.segments import (
    obligation,
)
from findings.services.series import (
    SeriesReport,
    read_series,
)
from findings.services.translation import (
    answer_contest,
    change_matrix,
    classify,
    contest,
    take_back_contest,
)
from findings.services.withdrawing import withdraw_control

__all__ = [
    "DUE_CLOCK",
    "Claim",
    "Outcome",
    "SeriesReport",
    "accept_finding",
    "add_metric",
    "amend_plan",
    "answer_contest",
    "ask_exception",
    "assign_finding",
    "carry_over",
    "change_embargo",
    "change_filter",
    "change_matrix",
    "check_claim",
    "claim_finding",
    "classify",
    "close_as_duplicate",
    "close_finding",
    "confirm_import",
    "contest",
    "covered_by",
    "covering",
    "cvss_score",
    "defer_finding",
    "deploy_control",
    "due_if_rated",
    "end_cover",
    "enter_cover",
    "link_tracker",
    "mark_row",
    "measure",
    "obligation",
    "outcome_of",
    "pause_finding",
    "plan_control",
    "plan_test",
    "propose_lesson",
    "read_import",
    "read_series",
    "reconsider_finding",
    "record_export",
    "record_pause_over",
    "record_test",
    "refer_rejection",
    "register_artifact",
    "reject_finding",
    "remove_filter",
    "reopen_finding",
    "reply",
    "report_change",
    "report_finding",
    "request_change",
    "rerate_finding",
    "resume_finding",
    "run_batch",
    "save_filter",
    "set_lesson_aside",
    "take_back_contest",
    "take_finding",
    "take_lesson",
    "undo_batch",
    "verify_control",
    "waive_baseline",
    "withdraw_change",
    "withdraw_control",
    "withdraw_test",
]
