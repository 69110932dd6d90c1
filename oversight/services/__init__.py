"""What oversight does: close cases, record what auditors do, measure the board's own work."""

from __future__ import annotations

from oversight.services.auditing import (
    keep_run,
    keep_sample,
    record_file,
    record_verification,
    record_view,
    remove_scope,
    save_scope,
)
from oversight.services.closing import close_fellowship
from oversight.services.cohorts import (
    answer_survey,
    open_survey,
    recommend,
    seal_survey,
    settle_recommendation,
)
from oversight.services.exporting import ask_export, fail_export, finish_export
from oversight.services.health import answer_breach, measure_due, measure_health
from oversight.services.owed import (
    except_obligation,
    list_handback,
    settle_handback,
    write_closing_text,
)
from oversight.services.persons import (
    ERASING,
    approve_erasure,
    ask_copy,
    ask_erasure,
    erase_person,
    fail_copy,
    finish_copy,
    refuse_erasure,
)
from oversight.services.retention import (
    ask_due_erasure,
    end_due_erasure,
    forget_by_machine,
    hold_data,
    keep_to_retention,
    lift_hold,
    propose_erasure,
)

__all__ = [
    "ERASING",
    "answer_breach",
    "answer_survey",
    "approve_erasure",
    "ask_copy",
    "ask_due_erasure",
    "ask_erasure",
    "ask_export",
    "close_fellowship",
    "end_due_erasure",
    "erase_person",
    "except_obligation",
    "fail_copy",
    "fail_export",
    "finish_copy",
    "finish_export",
    "forget_by_machine",
    "hold_data",
    "keep_run",
    "keep_sample",
    "keep_to_retention",
    "lift_hold",
    "list_handback",
    "measure_due",
    "measure_health",
    "open_survey",
    "propose_erasure",
    "recommend",
    "record_file",
    "record_verification",
    "record_view",
    "refuse_erasure",
    "remove_scope",
    "save_scope",
    "seal_survey",
    "settle_handback",
    "settle_recommendation",
    "write_closing_text",
]
