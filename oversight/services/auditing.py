"""To record what auditors look at, ask for again, draw, test, take away and verify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.history.verify import Report
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest, plain
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from oversight import policy
from oversight.audit.controls.shape import Outcome
from oversight.audit.sample import Draw
from oversight.models import ControlRun, Sample, SavedScope, Verification
from oversight.models.auditing import MOST_EXCEPTIONS


@journal.verb("oversight.view")
def record_view(*, programs: Sequence[Program], scope: Mapping[str, Any], by: User) -> None:
    """Record that an auditor looked at a scope. Every look at a programme is an event of its own.

    A page about several of them is kept whole or not at all, and is waited for once.
    """
    for program in programs:
        refuse(policy.may_audit(program.pk, by))
        journal.record(subject=program, realm_id=program.pk, change={"scope": scope})


@journal.verb("oversight.save_scope")
def save_scope(*, program: Program, name: str, query: str, by: User) -> SavedScope:
    """Keep a scope under a name; the same name with the same scope is the same."""
    refuse(policy.may_audit(program.pk, by))
    refuse(policy.scope_is_named(name))
    known: SavedScope | None = SavedScope.objects.filter(
        program=program, owner=by, name=name
    ).first()
    if known and known.query == query:
        return known
    saved = SavedScope(program=program, owner=by, name=name, query=query)
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError:
        refuse(Refusal("named_twice", say("You have a scope of this name already."), field="name"))
    journal.record(subject=saved, change={"name": name, "query": query})
    return saved


@journal.verb("oversight.remove_scope")
def remove_scope(*, saved: SavedScope, by: User) -> None:
    """Remove a scope of one's own; one that is gone already is no matter."""
    found = SavedScope.objects.locked().filter(pk=saved.pk).first()
    if found is None:
        return
    refuse(policy.may_remove_scope(found, by))
    key = found.pk
    found.delete()
    found.pk = key
    journal.record(subject=found, change={"removed": found.name})


@journal.verb("oversight.draw_sample")
def keep_sample(
    *,
    program: Program,
    population: str,
    from_at: dt.datetime | None,
    to_at: dt.datetime,
    draw: Draw,
    by: User,
    seed_given: bool = False,
    reason: str = "",
) -> Sample:
    """Keep a sample that was drawn, with all it takes to draw it again."""
    refuse(policy.may_audit(program.pk, by))
    sample = Sample.objects.create(
        program=program,
        population=population,
        from_at=from_at,
        to_at=to_at,
        seed=draw.seed,
        seed_given=seed_given,
        size=draw.size,
        stratum=draw.stratum,
        allocation=draw.allocation,
        strata=[
            {"stratum": part.label, "total": part.total, "drawn": part.drawn}
            for part in draw.strata
        ],
        total=draw.total,
        keys_hash=draw.keys_hash,
        picked=list(draw.picked),
        reason=reason,
        drawn_by=by,
    )
    journal.record(
        subject=sample,
        change={
            "population": population,
            "seed": draw.seed,
            "size": len(draw.picked),
            "total": draw.total,
            "stratum": draw.stratum,
            "keys": draw.keys_hash,
        },
    )
    return sample


@journal.verb("oversight.test_control")
def keep_run(
    *,
    program: Program,
    test: str,
    from_at: dt.datetime | None,
    to_at: dt.datetime,
    parts: Sequence[Outcome],
    by: User,
) -> ControlRun:
    """Keep what a test of control found: each part's numbers, and the exceptions."""
    refuse(policy.may_audit(program.pk, by))
    run = ControlRun.objects.create(
        program=program,
        test=test,
        from_at=from_at,
        to_at=to_at,
        tested=sum(part.tested for part in parts),
        failed=sum(part.failed for part in parts),
        parts=[part.said() for part in parts],
        exceptions=[one for part in parts for one in part.listed()][:MOST_EXCEPTIONS],
        ran_by=by,
    )
    journal.record(
        subject=run,
        change={
            "test": test,
            "tested": run.tested,
            "failed": run.failed,
            "exceptions": digest(plain(run.exceptions)),
        },
    )
    return run


@journal.verb("oversight.take_file")
def record_file(*, program: Program, scope: Mapping[str, Any], file_format: str, by: User) -> Event:
    """Record that a population or a sample is taken away as a file, each time."""
    refuse(policy.may_audit(program.pk, by))
    change = {"scope": scope, "format": file_format}
    event: Event = journal.record(subject=program, realm_id=program.pk, change=change)
    return event


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
