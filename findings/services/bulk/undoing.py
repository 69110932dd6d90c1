"""Taking a batch back: each finding that has not moved on is again as it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fellowship.accounts.models import User
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.history.bulk import save_many
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings import policy
from findings.models import Batch, BatchRow, Finding, Reply
from findings.services.bulk import digest
from findings.services.bulk.actions import ACTIONS, Action
from findings.services.bulk.running import CHANGED, latest_versions
from findings.services.bulk.selecting import chosen, with_related
from findings.services.segments import DUE_CLOCK, Ended, run_on_many


@journal.verb("findings.undo_batch")
def undo_batch(*, batch: Batch, by: User, reason: str = "") -> Batch:
    """Put back what the batch changed, but for findings that have moved on since.

    No move of the lifecycle: what is put back is exactly what was, each finding with its own
    event. A clock that was stopped runs again to its old due time; a pause
    that ended with it stays ended. Undone twice is undone once.
    """
    batch = Batch.objects.locked().select_related("made_by").get(pk=batch.pk)
    if batch.undone_at is not None:
        return unchanged(batch, policy.may_undo(batch, by))
    refuse(policy.may_undo(batch, by))
    verb = ACTIONS[batch.action]
    rows = list(batch.rows.filter(outcome=CHANGED).order_by("finding_id"))
    found = {f.pk: f for f in chosen(by, [row.finding_id for row in rows], lock=True)}
    kept = _moved_on(batch, rows, found)
    back = [row for row in rows if row.finding_id not in kept]
    _put_back(verb, batch, [(row, found[row.finding_id]) for row in back], by)
    for row in rows:
        row.kept_because = kept.get(row.finding_id, "")
        row.undone = not row.kept_because
    BatchRow.objects.bulk_update(rows, ["undone", "kept_because"], batch_size=1000)
    batch.undone_at, batch.undone_by = now(), by
    batch.save()
    journal.record(subject=batch, change={"undone": len(back), "kept": len(kept)})
    return batch


def _moved_on(batch: Batch, rows: Sequence[BatchRow], found: dict[int, Finding]) -> dict[int, str]:
    """Findings that stay as they are, and why."""
    versions = latest_versions(found)
    answered = set(
        Reply.objects.filter(finding__in=found, said_at__gt=batch.made_at).values_list(
            "finding_id", flat=True
        )
    )
    kept = {}
    for row in rows:
        if row.finding_id not in found:
            kept[row.finding_id] = say("You no longer see this case.")
        elif versions[row.finding_id] != row.version:
            kept[row.finding_id] = say("It was changed again since: it stays as it is now.")
        elif row.finding_id in answered:
            kept[row.finding_id] = say("Somebody replied about it since: take it up again instead.")
    return kept


def _put_back(
    verb: Action, batch: Batch, pairs: Sequence[tuple[BatchRow, Finding]], by: User
) -> None:
    found = [finding for _, finding in pairs]
    with_related(found, [])
    new_owners = _owners(found) if verb.hands_over else []
    for row, finding in pairs:
        for name, value in row.before.items():
            column: Any = Finding._meta.get_field(name)
            setattr(finding, name, column.to_python(value))
    stopped = {row.finding_id for row, _ in pairs if row.clock_id}
    save_many(
        found,
        list(verb.fields),
        change=lambda f: {"state": f.state, "batch": batch.pk},
        verb="findings.put_back",
        by=by,
        along=Ended(run_on_many(stopped)).along(),
    )
    _clocks_again(verb, [row for row, _ in pairs], found, by)
    digest.tell_of_undoing(batch, verb, found, new_owners)


def _owners(found: Iterable[Finding]) -> list[User]:
    people = {f.product_owner_id: f.product_owner for f in found}
    return [person for person in people.values() if person is not None]


def _clocks_again(
    verb: Action, rows: Sequence[BatchRow], found: Sequence[Finding], by: User
) -> None:
    stopped = [row.clock_id for row in rows if row.clock_id]
    if stopped:
        clocks.renew_many(list(Clock.objects.filter(pk__in=stopped).order_by("pk")), by=by)
    if not verb.hands_over:
        return
    owners = User.objects.in_bulk({f.product_owner_id for f in found if f.product_owner_id})
    by_owner: dict[Any, list[int]] = {}
    for finding in found:
        by_owner.setdefault(finding.product_owner_id, []).append(finding.pk)
    for owner, keys in by_owner.items():
        open_ones = clocks.open_on(DUE_CLOCK, Finding, keys)
        clocks.hand_over_many(open_ones, to=owners.get(owner), by=by)
