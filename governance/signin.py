"""The identity rules in force, as the sign-in asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from fellowship.accounts.signin import asked
from governance.models import RuleVersion
from governance.states import RuleKind


def in_force() -> Mapping[int, asked.SignInRule]:
    """By the realm's key; programmes without such a rule are left out."""
    found = {}
    for rule in RuleVersion.objects.current().filter(kind=RuleKind.IDENTITY):
        terms = rule.params
        found[rule.program_id] = asked.SignInRule(
            frozenset(terms.second_factor_roles),
            company_counts=terms.company_sign_in_counts,
            minutes=terms.confirm_after_minutes,
            rule=f"{rule.title} v{rule.version}",
        )
    return found


asked.provide(in_force)
