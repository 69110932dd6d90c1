"""Who takes findings out of here, and why not."""

from __future__ import annotations

from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say

EXPORTERS: Final = (roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL, roles.AUDITOR)
"""Who exports a programme's findings: those who work on them, run it or audit it."""


def may_export(program_id: int, by: Actor) -> Refusal | None:
    """Why `by` does not export the programme's findings."""
    if isinstance(by, System) or has_role(by, program_id, *EXPORTERS):
        return None
    return Refusal(
        "wrong_role",
        say(
            "Product owners, the programme’s managers, security on-call and auditors "
            "export findings."
        ),
    )
