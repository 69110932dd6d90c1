"""Which findings are meant, read with what policies ask of each in a fixed number of queries."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import prefetch_related_objects

from fellowship.accounts.models import User
from fellowship.programs.models import Program
from findings.models import Finding
from findings.terms import know_rules
from scoping.models import Fellowship
from scoping.policy.standing import know_recusals


def chosen(by: User, keys: Collection[int], *, lock: bool = False) -> list[Finding]:
    """Those of `keys` that `by` sees, in order of their keys, so that two who lock never cross."""
    rows: Any = Finding.objects.visible_to(by).filter(pk__in=keys).order_by("pk")
    found: list[Finding] = list(rows.locked() if lock else rows)
    return found


def with_related(found: Sequence[Finding], people: Iterable[User]) -> None:
    """Give the findings their programme, case, fellow, reporter and owner, one object each.

    What `people` are recused from and what the rules say is known afterwards.
    """
    programs = Program.objects.in_bulk({f.program_id for f in found})
    cases = Fellowship.objects.select_related("fellow").in_bulk({f.fellowship_id for f in found})
    keys = {key for f in found for key in (f.product_owner_id, f.reported_by_id) if key}
    users = User.objects.in_bulk(keys)
    know_rules(cases.values())
    prefetch_related_objects(list(found), "duplicates")
    for person in people:
        know_recusals(cases.values(), person)
    for finding in found:
        finding.program = programs[finding.program_id]
        finding.fellowship = cases[finding.fellowship_id]
        finding.reported_by = users[finding.reported_by_id]
        if finding.product_owner_id:
            finding.product_owner = users[finding.product_owner_id]


def fingerprint(keys: Iterable[int]) -> str:
    """A short name of just these findings: what was looked at is what is changed."""
    text = ",".join(str(key) for key in sorted(keys))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
