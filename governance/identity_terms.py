"""What the identity rule holds: second factors, confirming, and reviews of roles and grants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fellowship.accounts.roles import ROLES
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from governance.typed import BadParameter


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """How people prove who they are, and who says anew each quarter what they may keep.

    Whoever holds one of `second_factor_roles` signs in with a second factor;
    `company_sign_in_counts` takes a sign-in at the company's identity provider for one.
    `confirm_after_minutes`: how long after proving who they are people vote, approve access and
    take exports without being asked again.

    Once in every `review_every` each role and each grant of access is attested within
    `review_window` by whoever holds the role that owns it: `role_owners` names one for each role,
    `grant_owner` the one for grants.
    """

    second_factor_roles: tuple[str, ...]
    company_sign_in_counts: bool
    confirm_after_minutes: int
    review_every: Window
    review_window: Window
    role_owners: Mapping[str, str]
    grant_owner: str

    def __post_init__(self) -> None:
        for role in self.second_factor_roles:
            _role("second_factor_roles", role)
        _role("grant_owner", self.grant_owner)
        if not 1 <= self.confirm_after_minutes <= 720:
            raise BadParameter("confirm_after_minutes", say("must be from 1 to 720"))
        if self.review_every.amount < 1:
            raise BadParameter("review_every", say("must be a length of time"))
        for role in self.role_owners:
            _role(f"role_owners.{role}", role)
        for role in ROLES:
            if role not in self.role_owners:
                raise BadParameter(f"role_owners.{role}", say("is missing"))
            _role(f"role_owners.{role}", self.role_owners[role])


def _role(path: str, role: str) -> None:
    if role not in ROLES:
        raise BadParameter(path, say("{role} is no role", role=role))
