"""The identity rule a new programme starts with."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.signin.asked import USUAL
from governance.identity_terms import IdentityRules
from governance.windows import days, working


def identity() -> IdentityRules:
    """Second factors for those who decide, hold data or keys; reviews each quarter."""
    owners = dict.fromkeys(roles.ROLES, roles.MANAGER)
    owners |= dict.fromkeys(
        (roles.BOARD_MEMBER, roles.MANAGER, roles.AUDITOR, roles.ADMINISTRATOR), roles.CHAIR
    )
    owners |= {roles.CHAIR: roles.SPONSOR, roles.SPONSOR: roles.CHAIR}
    return IdentityRules(
        second_factor_roles=tuple(role for role in roles.ROLES if role in USUAL.roles),
        company_sign_in_counts=USUAL.company_counts,
        confirm_after_minutes=USUAL.minutes,
        review_every=days(91),
        review_window=working(10),
        role_owners=owners,
        grant_owner=roles.STEWARD,
    )
