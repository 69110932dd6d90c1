"""To record what auditors look at, draw and verify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from fellowship.accounts.models import User
from fellowship.history.verify import Report
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest, plain
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from oversight import policy
from oversight.models import AuditVisit, Sample, Verification


def record_view(*, program: Program, scope: Mapping[str, Any], by: User) -> AuditVisit:
    """Record that an auditor looked at a scope; again on the same day it is found, not recorded."""
    refuse(policy.may_audit(program.pk, by))
    known: AuditVisit | None = AuditVisit.objects.filter(**_visit(program, scope, by)).first()
    return known or _record_view(program=program, scope=scope, by=by)


@journal.verb("oversight.view")
def _record_view(*, program: Program, scope: Mapping[str, Any], by: User) -> AuditVisit:
    key = _visit(program, scope, by)
    known: AuditVisit | None = AuditVisit.objects.filter(**key).first()
    if known:
        return known
    visit: AuditVisit = AuditVisit.objects.create(scope=plain(scope), **key)
    journal.record(subject=visit, change={"scope": scope})
    return visit


def _visit(program: Program, scope: Mapping[str, Any], by: User) -> dict[str, Any]:
    """What makes a look the same as another: who, of what, on which day."""
    return {
        "program": program,
        "person": by,
        "on": program.calendar().local(now()).date(),
        "scope_hash": digest(scope),
    }


@journal.verb("oversight.draw_sample")
def keep_sample(
    *,
    program: Program,
    population: str,
    from_at: dt.datetime | None,
    to_at: dt.datetime,
    seed: str,
    size: int,
    total: int,
    picked: Sequence[int],
    by: User,
    reason: str = "",
) -> Sample:
    """Keep a sample that was drawn, with all it takes to draw it again."""
    refuse(policy.may_audit(program.pk, by))
    sample = Sample.objects.create(
        program=program,
        population=population,
        from_at=from_at,
        to_at=to_at,
        seed=seed,
        size=size,
        total=total,
        picked=list(picked),
        drawn_by=by,
    )
    journal.record(
        subject=sample,
        change={"population": population, "seed": seed, "size": len(picked), "total": total},
    )
    return sample


@journal.verb("oversight.verify")
def record_verification(
    *, program: Program, report: Report, seconds: float, by: User
) -> Verification:
    """Keep what a verification found."""
    refuse(policy.may_audit(program.pk, by))
    kept = Verification.objects.create(
        program=program,
        ran_by=by,
        sealed=report.sealed,
        unsealed=report.unsealed,
        rows=report.rows,
        found=report.found,
        first_problem=str(report.first or ""),
        root=report.root,
        seconds=Decimal(seconds).quantize(Decimal("0.01")),
    )
    journal.record(subject=kept, change={"found": report.found, "sealed": report.sealed})
    return kept
