"""The verbs of a programme: found it, furnish it, run its calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Realm, User
from fellowship.accounts.queries import has_role
from fellowship.accounts.services import grant_role
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs import extensions, policy
from fellowship.programs.models import (
    Call,
    ChecklistItem,
    Cohort,
    FellowshipModel,
    OutputType,
    Program,
    StageStandard,
    Track,
)
from fellowship.programs.states import CALL_MOVES, LaunchItem

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
    standards: Sequence[Mapping[str, Any]] = (),
) -> Program:
    """Add tracks, fellowship models, output types and stage standards; those there are kept."""
    refuse(policy.may_set_up(program, by))
    added = 0
    for model, key, rows in (
        (Track, "key", tracks),
        (FellowshipModel, "key", models),
        (OutputType, "key", output_types),
        (StageStandard, "stage", standards),
    ):
        there = set(model.objects.filter(program=program).values_list(key, flat=True))
        for row in rows:
            if row[key] not in there:
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
    *, program: Program, item: str, evidence: str, by: User, reason: str = ""
) -> ChecklistItem:
    """Record the evidence that one item of the launch checklist stands."""
    row = ChecklistItem.objects.locked().get(program=program, item=item)
    refuse(policy.may_manage(program, by))
    if row.done_at and row.evidence == evidence:
        return row
    row.evidence, row.done_at, row.done_by = evidence, now(), by
    row.save()
    journal.record(subject=row, change={"item": item})
    return row


@journal.verb("programs.draft_call")
def draft_call(
    *,
    program: Program,
    by: Actor,
    title: str,
    summary: str,
    topics: str,
    constraints: str,
    eligibility: str,
    publication_rules: str,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    cohort: Cohort | None = None,
    background: str = "",
    places: int = 4,
) -> Call:
    """Write a call; it is public once published."""
    refuse(policy.may_manage(program, by))
    call = Call.objects.create(
        program=program,
        cohort=cohort,
        ref=next_reference("CALL"),
        title=title,
        summary=summary,
        topics=topics,
        constraints=constraints,
        eligibility=eligibility,
        publication_rules=publication_rules,
        background=background,
        opens_at=opens_at,
        closes_at=closes_at,
        places=places,
    )
    journal.record(subject=call, change={"title": title, "closes_at": closes_at})
    return call


@journal.verb("programs.edit_call")
def edit_call(*, call: Call, by: Actor, **changes: Any) -> Call:
    """Change a call not published yet. Where nothing differs it is returned unchanged."""
    call = Call.objects.locked().select_related("program").get(pk=call.pk)
    refuse(policy.may_edit(call, by))
    changed = [name for name, value in changes.items() if getattr(call, name) != value]
    if not changed:
        return call
    for name in changed:
        setattr(call, name, changes[name])
    call.save()
    journal.record(subject=call, change={"fields": sorted(changed)})
    return call


@journal.verb("programs.publish_call")
def publish_call(*, call: Call, by: Actor, reason: str = "") -> Call:
    """Publish a call. Refused while the launch checklist has a gap no exception covers."""
    return _move(call, "publish", policy.may_publish, by)


@journal.verb("programs.close_call")
def close_call(*, call: Call, by: Actor, reason: str = "") -> Call:
    """Close a call before its time."""
    return _move(call, "close", policy.may_close, by)


@journal.verb("programs.extend_call")
def extend_call(*, call: Call, closes_at: dt.datetime, by: Actor, reason: str) -> Call:
    """Move the closing time later, never earlier."""
    call = Call.objects.locked().get(pk=call.pk)
    if call.closes_at == closes_at:
        return call
    refuse(policy.may_extend(call, by, closes_at))
    before, call.closes_at = call.closes_at, closes_at
    call.save()
    journal.record(subject=call, change={"closes_at": [before, closes_at]})
    extensions.extended(call)
    return call


def _move(call: Call, verb: str, allowed: Any, by: Actor) -> Call:
    call = Call.objects.locked().select_related("program").get(pk=call.pk)
    done = {move.target for move in CALL_MOVES.moves if move.verb == verb}
    if call.state in done:
        return call
    refuse(allowed(call, by))
    call.state = CALL_MOVES.target(call.state, verb)
    call.save()
    journal.record(subject=call, change={"state": call.state})
    return call
