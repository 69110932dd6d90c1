"""The verbs of access: the catalogue, requests and grants, the trail, and the end."""

from __future__ import annotations

from access.services.datasets import change_dataset, register_dataset
from access.services.endings import confirm_deletion, verify_deletion
from access.services.enforcement import acknowledge
from access.services.events import IngestReport, RefusedRow, ingest
from access.services.grants import (
    accept_agreement,
    grant_by_board,
    reconsider,
    refuse_by_board,
    return_from_board,
    revoke_grant,
)
from access.services.requests import (
    approve_request,
    check_request,
    refer_request,
    refuse_request,
    request_access,
    withdraw_request,
)
from access.services.targets import add_target, change_target, retire_target

__all__ = [
    "IngestReport",
    "RefusedRow",
    "accept_agreement",
    "acknowledge",
    "add_target",
    "approve_request",
    "change_dataset",
    "change_target",
    "check_request",
    "confirm_deletion",
    "grant_by_board",
    "ingest",
    "reconsider",
    "refer_request",
    "refuse_by_board",
    "refuse_request",
    "register_dataset",
    "request_access",
    "retire_target",
    "return_from_board",
    "revoke_grant",
    "verify_deletion",
    "withdraw_request",
]
