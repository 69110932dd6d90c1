"""The verbs of access: the catalogue, requests and grants, the trail, and the end."""

from __future__ import annotations

from access.services.asking import Excepting, renew_grant, request_access, revise_request
from access.services.classifying import (
    call_off_classification,
    open_classification,
    send_answers,
    settle_classification,
)
from access.services.datasets import (
    change_dataset,
    register_dataset,
    restore_dataset,
    retire_dataset,
)
from access.services.downloads import look_at_output, take_released
from access.services.endings import confirm_deletion, verify_deletion
from access.services.enforcement import acknowledge
from access.services.escrow import (
    adjust_ending,
    ask_to_open,
    decide_opening,
    deposit,
    take_escrow,
    waive_escrow,
)
from access.services.events import IngestReport, RefusedRow, ingest
from access.services.grants import (
    accept_agreement,
    grant_by_board,
    reconsider,
    refuse_by_board,
    return_from_board,
    revoke_grant,
)
from access.services.identities import forget_identity, name_identity
from access.services.narrowing import narrow_grant
from access.services.release_reviews import (
    revise_release_review,
    send_release_review,
    settle_release,
)
from access.services.releases import (
    add_output,
    ask_release,
    explain_output,
    remove_output,
    send_release,
    withdraw_release,
)
from access.services.requests import (
    approve_request,
    check_request,
    refer_request,
    refuse_request,
    send_back_request,
    withdraw_request,
)
from access.services.suspensions import lift_suspension, suspend_dataset, suspend_person
from access.services.targets import add_target, change_target, retire_target

__all__ = [
    "Excepting",
    "IngestReport",
    "RefusedRow",
    "accept_agreement",
    "acknowledge",
    "add_output",
    "add_target",
    "adjust_ending",
    "approve_request",
    "ask_release",
    "ask_to_open",
    "call_off_classification",
    "change_dataset",
    "change_target",
    "check_request",
    "confirm_deletion",
    "decide_opening",
    "deposit",
    "explain_output",
    "forget_identity",
    "grant_by_board",
    "ingest",
    "lift_suspension",
    "look_at_output",
    "name_identity",
    "narrow_grant",
    "open_classification",
    "reconsider",
    "refer_request",
    "refuse_by_board",
    "refuse_request",
    "register_dataset",
    "remove_output",
    "renew_grant",
    "request_access",
    "restore_dataset",
    "retire_dataset",
    "retire_target",
    "return_from_board",
    "revise_release_review",
    "revise_request",
    "revoke_grant",
    "send_answers",
    "send_back_request",
    "send_release",
    "send_release_review",
    "settle_classification",
    "settle_release",
    "suspend_dataset",
    "suspend_person",
    "take_escrow",
    "take_released",
    "verify_deletion",
    "waive_escrow",
    "withdraw_release",
    "withdraw_request",
]
