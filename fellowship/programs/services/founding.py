"""Found a programme, name its sponsor, furnish it with what it offers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Realm, User
from fellowship.accounts.queries import has_role
from fellowship.accounts.services import grant_role
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs import launch, policy
from fellowship.programs.models import (
    ChecklistItem,
    Cohort,
    FellowshipModel,
    OutputType,
    PathStep,
    Program,
    StageStandard,
    Track,
)
from fellowship.programs.states import LaunchItem

FOUNDING = journal.System("programs.founding")


@journal.verb("programs.found_program")
def found_program(
    *,
    slug: str,
    name: str,
    purpose: str,
    by: Actor,
    sponsor: User | None = None,
    zone: str = "UTC",
    holidays: Sequence[dt.date] = (),
    reason: str = "",
) -> Program:
    """Found a programme with its realm and an empty launch checklist.

    The person who founds it administers it. Sent twice by the same person it is founded once.
    """
    refuse(policy.may_found(by))
    again = Program.objects.filter(realm__slug=slug, name=name, purpose=purpose).first()
    if again and isinstance(by, User) and has_role(by, again.pk, roles.ADMINISTRATOR):
        return again
    refuse(policy.free_slug(slug))
    realm = Realm.objects.create(slug=slug, name=name)
    program = Program.objects.create(
        realm=realm,
        name=name,
        purpose=purpose,
        sponsor=sponsor,
        zone=zone,
        holidays=[day.isoformat() for day in holidays],
    )
    for item in LaunchItem.values:
        ChecklistItem.objects.create(program=program, item=item)
    if isinstance(by, User):
        grant_role(user=by, realm=realm, role=roles.ADMINISTRATOR, by=FOUNDING, reason=reason)
    journal.record(subject=program, realm_id=realm.pk, change={"slug": slug, "name": name})
    return program


@journal.verb("programs.name_sponsor")
def name_sponsor(*, program: Program, sponsor: User, by: Actor, reason: str = "") -> Program:
    """Name the person who answers for the programme."""
    program = Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_set_up(program, by))
    if program.sponsor_id == sponsor.pk:
        return program
    program.sponsor = sponsor
    program.save()
    journal.record(subject=program, realm_id=program.pk, change={"sponsor": sponsor.pk})
    return program


@journal.verb("programs.furnish")
def furnish(
    *,
    program: Program,
    by: Actor,
    tracks: Sequence[Mapping[str, Any]] = (),
    models: Sequence[Mapping[str, Any]] = (),
    output_types: Sequence[Mapping[str, Any]] = (),
    path_steps: Sequence[Mapping[str, Any]] = (),
    standards: Sequence[Mapping[str, Any]] = (),
) -> Program:
    """Add what the programme offers and the standards of its stages; what is there is kept."""
    program = Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_set_up(program, by))
    added = 0
    for model, rows in (
        (Track, tracks),
        (FellowshipModel, models),
        (OutputType, output_types),
        (PathStep, path_steps),
        (StageStandard, standards),
    ):
        there = set(model.objects.filter(program=program).values_list(model.KEY, flat=True))
        for row in rows:
            if row[model.KEY] not in there:
                model.objects.create(program=program, **row)
                added += 1
    if added:
        journal.record(subject=program, realm_id=program.pk, change={"added": added})
    return program


@journal.verb("programs.open_cohort")
def open_cohort(
    *, program: Program, name: str, starts_on: dt.date, ends_on: dt.date, by: Actor
) -> Cohort:
    """Add a cohort."""
    refuse(policy.may_manage(program, by))
    cohort = Cohort.objects.create(program=program, name=name, starts_on=starts_on, ends_on=ends_on)
    journal.record(subject=cohort, change={"from": starts_on, "until": ends_on})
    return cohort


@journal.verb("programs.complete_checklist_item")
def complete_checklist_item(
    *, program: Program, item: str, by: User, evidence: str = "", reason: str = ""
) -> ChecklistItem:
    """Record the evidence that one item of the launch checklist stands.

    Where the system knows the fact itself, the item cannot be completed while it does not hold,
    and the fact in words is the evidence of whoever gives none of their own.
    """
    row = ChecklistItem.objects.locked().select_related("program").get(program=program, item=item)
    refuse(policy.may_manage(program, by))
    fact = launch.facts(row.program).get(item)
    evidence = evidence or (fact.text if fact else "")
    refuse(policy.may_complete(fact, evidence))
    if row.done_at and row.evidence == evidence:
        return row
    row.evidence, row.done_at, row.done_by = evidence, now(), by
    row.save()
    journal.record(subject=row, change={"item": item})
    return row
