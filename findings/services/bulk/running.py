"""The run: all of it in one transaction, each finding by the policy of the single verb.

Why it is so: docs/adr/0025-many-findings-at-once.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from fellowship.accounts.models import User
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.history.bulk import save_many
from fellowship.kernel import journal
from fellowship.kernel.canonical import plain
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings import policy
from findings.models import Batch, BatchRow, Finding
from findings.services.bulk import digest
from findings.services.bulk.actions import ACTIONS, Action, Said
from findings.services.bulk.looking import Outlook, look, programs_of
from findings.services.bulk.selecting import chosen, fingerprint, with_related
from findings.services.segments import DUE_CLOCK, Ended, end_many
from scoping.services import enter_stage

CHANGED, UNCHANGED, REFUSED = BatchRow.Outcome


@journal.verb("findings.run_batch")
def run_batch(
    *,
    key: uuid.UUID,
    action: str,
    keys: Collection[int],
    by: User,
    said: Said | None = None,
    reason: str = "",
    query: str = "",
    seen: str = "",
) -> Batch:
    """Do `action` to the findings of `keys`; one that is refused keeps back no other.

    `said` holds what the action asks beside the reason. `key` names the act: the same key again
    is the same batch, whatever else is sent. `seen` is the fingerprint of what the person looked
    at; where other findings are meant by now nothing is done. Each changed finding has its history
    row and its own event; people are told once each.
    """
    found, said = _locked(by, keys, {**(said or {}), "reason": reason})
    done = Batch.objects.filter(made_by=by, key=key).first()
    if done is not None:
        return done
    verb = ACTIONS[action]
    refuse(may_begin(found, by, seen))
    with_related(found, [by, *_people(said)])
    batch = Batch(
        key=key,
        program_id=found[0].program_id,
        action=verb.key,
        said=_kept(verb, said),
        query=query,
        reason=reason,
        made_by=by,
        undo_until=now() + policy.UNDO_FOR,
    )
    if not _first(batch):
        return Batch.objects.get(made_by=by, key=key)
    outlook = look(verb, found, by=by, said=said)
    rows = _change(batch, verb, outlook.changes, by, said)
    _keep(batch, rows, outlook)
    journal.record(
        subject=batch,
        change={
            "action": verb.key,
            "changed": batch.changed,
            "unchanged": batch.unchanged,
            "refused": batch.refused,
        },
    )
    return batch


def _locked(
    by: User, keys: Collection[int], said: dict[str, Any]
) -> tuple[list[Finding], dict[str, Any]]:
    """The findings, locked in order, and with them the one they are said to repeat."""
    original = said.get("of")
    if original is None:
        return chosen(by, keys, lock=True), said
    rows = chosen(by, {*keys, original.pk}, lock=True)
    said["of"] = next((f for f in rows if f.pk == original.pk), original)
    return [f for f in rows if f.pk in set(keys)], said


def may_begin(found: Sequence[Finding], by: User, seen: str = "") -> Refusal | None:
    """Why no batch of these findings may begin: they are of one programme, and as `seen`."""
    programs = programs_of(found)
    if len(programs) > 1:
        return Refusal(
            "two_programmes",
            say("These findings are of more than one programme: choose one."),
            field="pick",
        )
    program = programs.pop() if programs else 0
    refused = policy.may_run(program, len(found), by) if found else _nothing()
    if refused or not seen or seen == fingerprint(f.pk for f in found):
        return refused
    return Refusal(
        "other_findings",
        say("By now {n:,} other findings are meant than you looked at. Look again.", n=len(found)),
    )


def _nothing() -> Refusal:
    return Refusal("nothing", say("Pick at least one finding."), field="pick")


def _people(said: Said) -> list[User]:
    return [said["to"]] if said.get("to") else []


def _first(batch: Batch) -> bool:
    """Write the batch; False where another request of the same key was first."""
    try:
        with transaction.atomic():
            batch.save()
    except IntegrityError:
        return False
    return True


def _kept(verb: Action, said: Said) -> dict[str, Any]:
    """What was chosen, by key: whom, or which finding."""
    given = {name: said.get(name) for name in verb.asks if name != "reason"}
    return {name: plain(getattr(value, "pk", value)) for name, value in given.items()}


def _change(
    batch: Batch, verb: Action, found: Sequence[Finding], by: User, said: Said
) -> list[BatchRow]:
    """Change the findings and what follows from it; a row for each."""
    former = {f.pk: f.product_owner for f in found if f.product_owner}
    before = {f.pk: _held(f, verb.fields) for f in found}
    open_ones = _open_clocks(verb, found)
    ended = end_many(found, open_ones, by) if verb.stops else Ended()
    changes = {f.pk: {**verb.apply(f, by, said), "batch": batch.pk} for f in found}
    save_many(
        found,
        [*verb.fields, *(["due_at"] if ended.pauses else [])],
        change=lambda f: changes[f.pk],
        verb=verb.verb,
        by=by,
        reason=batch.reason,
        along=ended.along(),
    )
    stopped = _clocks(verb, open_ones, found, by)
    versions = latest_versions(changes)
    _tell(batch, verb, found, former)
    _enter(verb, found, by)
    return [
        BatchRow(
            batch=batch,
            finding=f,
            outcome=CHANGED,
            before=before[f.pk],
            clock_id=stopped.get(f.pk),
            version=versions[f.pk],
        )
        for f in found
    ]


def _held(finding: Finding, fields: Sequence[str]) -> dict[str, Any]:
    """What the columns hold, as JSON."""
    names = [Finding._meta.get_field(name).attname for name in fields]  # type: ignore[union-attr]
    return {name: plain(getattr(finding, name)) for name in names}


def _open_clocks(verb: Action, found: Sequence[Finding]) -> list[Clock]:
    if not (verb.stops or verb.hands_over):
        return []
    return clocks.open_on(DUE_CLOCK, Finding, [f.pk for f in found])


def _clocks(
    verb: Action, open_ones: Sequence[Clock], found: Sequence[Finding], by: User
) -> dict[int, int]:
    """Stop the clocks, or hand them over; the stopped one of each finding."""
    if verb.hands_over:
        clocks.hand_over_many(open_ones, to=found[0].product_owner if found else None, by=by)
    if not verb.stops:
        return {}
    stopped = clocks.stop_many(open_ones, by=by, reason=verb.done)
    return {clock.subject_id: clock.pk for clock in stopped}


def latest_versions(keys: Collection[int] | Mapping[int, Any]) -> dict[int, int]:
    """The key of the latest history row of each finding."""
    history: Any = Finding.history.model
    rows = history.objects.filter(id__in=list(keys)).order_by().values_list("id")
    return dict(rows.annotate(Max("history_id")))


def _tell(batch: Batch, verb: Action, found: Sequence[Finding], former: dict[int, User]) -> None:
    digest.tell_fellows(batch, verb, found)
    if verb.hands_over and found and found[0].product_owner:
        digest.tell_owner(batch, found, found[0].product_owner)
        digest.tell_former_owners(batch, found, former)


def _enter(verb: Action, found: Sequence[Finding], by: User) -> None:
    """Cases whose findings were accepted are in the stage of translation."""
    if verb.verb != "findings.accept":
        return
    for case in {f.fellowship_id: f.fellowship for f in found}.values():
        enter_stage(fellowship=case, stage="translate", by=by, reason=say("findings accepted"))


def _keep(batch: Batch, rows: list[BatchRow], outlook: Outlook) -> None:
    """Write what became of each finding, and how many of each."""
    rows += [BatchRow(batch=batch, finding=f, outcome=UNCHANGED) for f in outlook.same]
    rows += [
        BatchRow(batch=batch, finding=f, outcome=REFUSED, why=r.reason[:500])
        for f, r in outlook.refused
    ]
    BatchRow.objects.bulk_create(rows, batch_size=1000)
    batch.changed, batch.unchanged = len(outlook.changes), len(outlook.same)
    batch.refused = len(outlook.refused)
    batch.save()
