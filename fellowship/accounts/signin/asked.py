"""What the rules of the programmes ask of a sign-in; governance provides them.

Why it is so: docs/adr/0035-identity-by-rule.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache

from fellowship.accounts import roles
from fellowship.accounts.queries import held_by
from fellowship.kernel.connections import redis_errors
from fellowship.kernel.saying import say

SECONDS_KEPT: Final = 60
"""For so long may a rule that has come into force be overlooked at sign-in."""
_KEY: Final = "accounts.sign_in_rules"


@dataclass(frozen=True, slots=True)
class SignInRule:
    """What one programme asks of a sign-in, and the rule that says so.

    `roles` need a second factor; `company_counts` takes the company's sign-in for one. `minutes`
    is how long after signing in a vote, an approval or an export needs no confirmation.
    """

    roles: frozenset[str]
    company_counts: bool
    minutes: int
    rule: str


USUAL: Final = SignInRule(
    frozenset(
        (
            roles.BOARD_MEMBER,
            roles.CHAIR,
            roles.STEWARD,
            roles.ONCALL,
            roles.ADMINISTRATOR,
        )
    ),
    company_counts=True,
    minutes=15,
    rule=say("what holds where a programme has no identity rule"),
)
"""For programmes founded before there was such a rule, and for who runs the installation."""

Provider = Callable[[], Mapping[int, SignInRule]]
_provider: list[Provider] = []


def provide(provider: Provider) -> None:
    """Name the function that reads the rules in force, by the realm's key."""
    _provider[:] = [provider]


def rules() -> Mapping[int, SignInRule]:
    """The rules in force by the realm's key, as read in the last minute.

    Every page asks, so they are read from the database where Redis is gone.
    """
    try:
        known: Mapping[int, SignInRule] | None = cache.get(_KEY)
        if known is None:
            known = _read()
            cache.set(_KEY, known, SECONDS_KEPT)
    except redis_errors():
        return _read()
    return known


def _read() -> Mapping[int, SignInRule]:
    return dict(_provider[0]()) if _provider else {}


def forget() -> None:
    """Rules are read anew when they are asked for next."""
    cache.delete(_KEY)


@dataclass(frozen=True, slots=True)
class Asked:
    """Why a person needs a second factor: the role held, where, and by which rule."""

    role: str
    realm_id: int | None
    rule: SignInRule

    @property
    def label(self) -> str:
        """The role in words."""
        return roles.ROLES[self.role].label if self.role in roles.ROLES else self.role


def second_factor(user: Any, *, by_company: bool = False) -> Asked | None:
    """Why the person needs a second factor; None where they need none.

    With `by_company` they signed in at the company's identity provider.
    """
    if user.is_superuser and not (by_company and USUAL.company_counts):
        return Asked(roles.ADMINISTRATOR, None, USUAL)
    held = held_by(user)
    known = rules() if held else {}
    for assignment in held:
        rule = known.get(assignment.realm_id, USUAL)
        if assignment.role in rule.roles and not (by_company and rule.company_counts):
            return Asked(assignment.role, assignment.realm_id, rule)
    return None


def confirmed_for(user: Any) -> dt.timedelta:
    """How long after signing in the person need not confirm who they are: the strictest rule's."""
    known = rules()
    minutes = [known.get(a.realm_id, USUAL).minutes for a in held_by(user)] or [USUAL.minutes]
    return dt.timedelta(minutes=min(minutes))
