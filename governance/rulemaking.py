"""How a rule comes about: the terms that govern it, whom it binds, who has acknowledged it.

Why it is so: docs/adr/0032-rules-heard-decided-acknowledged.md.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import has_role, holders
from fellowship.kernel.prepared import prepared
from fellowship.kernel.time import now
from governance.founding_rulemaking import rule_making
from governance.models import RuleAcknowledgement, RuleVersion
from governance.rulemaking_terms import RuleMaking
from governance.states import RuleKind


def terms(program_id: int, at: dt.datetime | None = None) -> RuleMaking:
    """The programme's rules about rules; those a new programme starts with where it has none."""
    return terms_of([program_id], at)[program_id]


def terms_of(program_ids: Iterable[int], at: dt.datetime | None = None) -> dict[int, RuleMaking]:
    """The same for many programmes, in one query."""
    keys = set(program_ids)
    found: dict[int, RuleMaking] = defaultdict(rule_making)
    rows = RuleVersion.objects.current(RuleKind.RULE_MAKING, at).filter(program_id__in=keys)
    for rule in rows:
        found[rule.program_id] = rule.params
    return {key: found[key] for key in keys}


def terms_ref(program_id: int) -> str:
    """How the terms are cited."""
    rule = RuleVersion.objects.effective().filter(program_id=program_id, kind=RuleKind.RULE_MAKING)
    return str(rule.first() or RuleKind.RULE_MAKING.label)


def roles_bound(rule: RuleVersion) -> tuple[str, ...]:
    """The roles the version binds."""
    return terms(rule.program_id).roles_bound(rule.kind)


def is_bound(rule: RuleVersion, user: Any) -> bool:
    """Whether the person holds a role the version binds."""
    return has_role(user, rule.program_id, *roles_bound(rule))


def bound(rule: RuleVersion, at: dt.datetime | None = None) -> QuerySet[User]:
    """The people the version binds now."""
    return holders(rule.program_id, *roles_bound(rule), at=at)


def standing(at: dt.datetime | None = None) -> QuerySet[RuleVersion]:
    """Adopted versions that no later one has replaced at `at`: in force, or still to come."""
    return RuleVersion.objects.not_superseded(at)


def asked(rule: RuleVersion) -> QuerySet[RuleAcknowledgement]:
    """Who is to acknowledge the version and is still bound, and who has."""
    return RuleAcknowledgement.objects.filter(rule=rule).counting(roles_bound(rule))


def _open(key: int, at: dt.datetime) -> QuerySet[RuleAcknowledgement]:
    later = (
        RuleVersion.objects.effective(at)
        .order_by()
        .filter(
            program=OuterRef("rule__program"),
            kind=OuterRef("rule__kind"),
            version__gt=OuterRef("rule__version"),
        )
    )
    rows = RuleAcknowledgement.objects.filter(~Exists(later), user_id=key, acknowledged_at=None)
    held = RoleAssignment.objects.live(at).filter(realm=OuterRef("rule__program"), user_id=key)
    return rows.filter(Exists(held)).order_by()


open_of = prepared(_open)
"""Versions the person has yet to acknowledge, replaced ones left out."""


def to_acknowledge(user: Any, at: dt.datetime | None = None) -> list[RuleAcknowledgement]:
    """What the person is asked to acknowledge, the first due first: only what still binds them."""
    rows = _open(user.pk, at or now()).select_related("rule__program").order_by("due_at", "id")
    found = list(rows[:100])
    by_program = terms_of({row.rule.program_id for row in found}, at) if found else {}
    return [
        row
        for row in found
        if has_role(
            user, row.rule.program_id, *by_program[row.rule.program_id].roles_bound(row.rule.kind)
        )
    ]
