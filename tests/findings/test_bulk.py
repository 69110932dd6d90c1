"""Many findings at once: by the policy of one, each with its event, once, and back again."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from fellowship.clocks import queries as clocks
from fellowship.history.models import Event
from fellowship.kernel import saying
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from findings import policy, services
from findings.models import Batch, BatchRow, DuePause, Finding
from findings.services import bulk, overdue
from findings.services.common import DUE_CLOCK
from scoping.models import Fellowship
from tests.governance.test_board_race import at_once
from tests.scenarios import findings as scenario
from tests.scenarios.scoping import signed_fellowship, world_with_fellowship
from tests.scenarios.world import World

WHY = "Not this quarter."
DAY = dt.timedelta(days=1)


@pytest.fixture
def fellowship(world: World) -> Fellowship:
    return signed_fellowship(world)


def some(world: World, fellowship: Fellowship, count: int, **values: Any) -> list[Finding]:
    return [
        scenario.reported(world, fellowship, title=f"Finding {n}", evidence=[], **values)
        for n in range(count)
    ]


def later() -> dict[str, Any]:
    """When what is deferred is looked at again."""
    return {"look_again_at": now() + dt.timedelta(days=5)}


def run(action: str, found: Collection[Finding], by: User, **values: Any) -> Batch:
    return services.run_batch(
        **{
            "key": uuid.uuid4(),
            "action": action,
            "keys": [f.pk for f in found],
            "by": by,
            "reason": WHY,
            "said": later() if action == "defer" else {},
            **values,
        }
    )


def states(found: Collection[Finding]) -> list[str]:
    rows = Finding.objects.filter(pk__in=[f.pk for f in found]).order_by("pk")
    return list(rows.values_list("state", flat=True))


def said(finding: Finding) -> dict[str, Any]:
    """What a verb leaves of a finding, its event and its clock, but for which finding it is."""
    finding = Finding.objects.get(pk=finding.pk)
    event = Event.objects.about(finding).first()
    assert event is not None
    last = clocks.latest(finding, DUE_CLOCK)
    assert last is not None
    left_out = {"id", "ref", "title", "created_at", "reported_at", "due_at", "closed_at"}
    return {
        "columns": {
            f.attname: getattr(finding, f.attname)
            for f in Finding._meta.concrete_fields
            if f.attname not in left_out
        },
        "event": (event.verb, event.actor_id, event.reason),
        "stretches": [
            (one.number, one.why, one.ended_at and one.ended_at == last.ended_at)
            for one in finding.segments.all()
        ],
        "pauses": [
            (one.reason, one.ended_at and one.ended_at == last.ended_at, one.due_after > one.until)
            for one in DuePause.objects.filter(segment__finding=finding)
        ],
        "steps": [(one.step, one.due_at == finding.due_at) for one in finding.overdue_steps.all()],
        "clock": (last.state, last.holder_user_id, last.ended_at is None),
        "due as the clock says": finding.due_at == last.due_at,
        "pauses of the clock": [
            (one.resumed_at is None, one.due_after == last.due_at) for one in last.pauses.all()
        ],
    }


Single = Callable[[Finding], Any]


def singles(world: World, chosen: dict[str, Any]) -> dict[str, Single]:
    """Each action of many as the verb of one."""
    said = {"by": world.product_owner, "reason": WHY, **chosen}
    return {
        "claim": lambda one: services.claim_finding(finding=one, **said),
        "assign": lambda one: services.assign_finding(finding=one, **said),
        "defer": lambda one: services.defer_finding(finding=one, **said),
        "reject": lambda one: services.reject_finding(finding=one, **said),
        "explore": lambda one: services.accept_finding(finding=one, actionable=False, **said),
        "duplicate": lambda one: services.close_as_duplicate(finding=one, **said),
    }


def of_each_clock(world: World, fellowship: Fellowship, *, taken: bool) -> list[list[Finding]]:
    """Two findings whose clock runs, two whose clock stands still, two that are overdue soon."""
    found = some(world, fellowship, 4, severity="low")
    found += some(world, fellowship, 2, severity="medium")
    if taken:
        for finding in found:
            services.take_finding(finding=finding, by=world.product_owner)
    for finding in found[2:4]:
        services.pause_finding(
            finding=finding,
            until=now() + 20 * DAY,
            waits_on="fellow",
            reason="Which version?",
            by=world.product_owner,
        )
    return [found[0:2], found[2:4], found[4:6]]


@pytest.mark.django_db
@pytest.mark.parametrize("action", list(bulk.ACTIONS))
def test_each_action_leaves_what_the_single_verb_leaves(
    world: World, fellowship: Fellowship, action: str
) -> None:
    """The same columns, event, stretches, pauses and steps; undone, the clocks run on."""
    [original] = some(world, fellowship, 1, severity="low")
    pairs = of_each_clock(world, fellowship, taken=action in ("defer", "reject", "explore"))
    with frozen(now() + 15 * DAY) as at:
        assert overdue.tell_overdue(at) == 2
        before = {f.pk: Finding.objects.get(pk=f.pk).due_at for _, f in pairs}
        chosen = {
            "assign": {"to": world.manager},
            "duplicate": {"of": original},
            "defer": later(),
        }.get(action, {})
        for one, _ in pairs:
            singles(world, chosen)[action](one)
        batch = run(action, [other for _, other in pairs], world.product_owner, said=chosen)

        assert (batch.changed, batch.unchanged, batch.refused) == (3, 0, 0)
        for one, other in pairs:
            assert said(other) == said(one)

        services.undo_batch(batch=batch, by=world.product_owner)

        for _, other in pairs:
            clock = clocks.latest(other, DUE_CLOCK)
            assert clock is not None
            assert clock.ended_at is None
            due_at = Finding.objects.get(pk=other.pk).due_at
            ends = other.segments.filter(ended_at=None)
            assert ends.count() == 1
            if clock.paused_at is None:
                assert due_at == clock.due_at
            if other is not pairs[1][1] or not bulk.ACTIONS[action].stops:
                assert due_at == before[other.pk]
        assert overdue.tell_overdue(at) == 0


@pytest.mark.django_db
def test_what_is_refused_keeps_back_no_other_and_the_dry_run_said_so(
    world: World, fellowship: Fellowship
) -> None:
    found = some(world, fellowship, 4, severity="low")
    severe = scenario.reported(world, fellowship, severity="critical", evidence=[])
    for finding in (*found[:3], severe):
        services.take_finding(finding=finding, by=world.product_owner)
    services.reject_finding(finding=found[0], by=world.product_owner, reason="Seen before.")
    every = [*found, severe]
    rows = bulk.chosen(world.product_owner, [f.pk for f in every])
    bulk.with_related(rows, [world.product_owner])
    outlook = bulk.look(bulk.ACTIONS["reject"], rows, by=world.product_owner, said={"reason": WHY})
    events = Event.objects.count()
    assert (len(outlook.changes), len(outlook.same), len(outlook.refused)) == (2, 1, 2)
    assert Event.objects.count() == events, "a dry run writes nothing"

    batch = run("reject", every, world.product_owner)

    assert (batch.changed, batch.unchanged, batch.refused) == (2, 1, 2)
    refused = batch.rows.filter(outcome="refused").order_by("finding_id")
    assert [row.finding_id for row in refused] == [f.pk for f, _ in outlook.refused]
    assert refused[1].why == "The board rejects critical findings: refer it."
    assert states(every) == ["rejected", "rejected", "rejected", "reported", "investigating"]


@pytest.mark.django_db
def test_the_same_key_is_the_same_batch_and_each_person_hears_once(
    world: World, fellowship: Fellowship
) -> None:
    found = some(world, fellowship, 12)
    Notice.objects.all().delete()
    key = uuid.uuid4()
    first = run("claim", found, world.product_owner, key=key)
    events = Event.objects.count()
    assert run("claim", found[:2], world.product_owner, key=key) == first
    assert Event.objects.count() == events
    notice = Notice.objects.get(recipient=fellowship.fellow)
    assert notice.title == "12 findings are under investigation"
    with saying.override("de"):
        assert notice.said_title == "12 Befunde werden untersucht"
    assert notice.url == f"/triage/?queue=all&batch={first.pk}"
    assert found[11].ref in notice.body
    claimed = Event.objects.filter(verb="findings.claim")
    assert claimed.count() == 12
    assert {e.subject_ref for e in claimed} == {f.ref for f in found}


@pytest.mark.django_db
def test_queries_grow_with_batches_not_with_rows(world: World, fellowship: Fellowship) -> None:
    counts = []
    for size in (2, 2, 30):
        found = some(world, fellowship, size, severity="low")
        run("claim", found, world.product_owner)
        for finding in found[: size // 2]:
            services.pause_finding(
                finding=finding,
                until=now() + 5 * DAY,
                waits_on="others",
                reason="A supplier looks.",
                by=world.product_owner,
            )
        with CaptureQueriesContext(connection) as caught:
            batch = run("defer", found, world.product_owner)
        assert batch.changed == size
        with CaptureQueriesContext(connection) as back:
            services.undo_batch(batch=batch, by=world.product_owner)
        counts.append((len(caught), len(back)))
    # Equal values are one UPDATE: half of two and half of thirty differ by a statement or two.
    assert counts[2][0] <= counts[1][0]
    assert counts[2][1] <= counts[1][1]
    assert counts[2][0] < 60


@pytest.mark.django_db
def test_undone_each_is_as_before_but_for_what_moved_on(
    world: World, fellowship: Fellowship
) -> None:
    owner = world.product_owner
    found = some(world, fellowship, 4)
    run("claim", found, owner)
    before = [said(f)["columns"] for f in found]
    due = [f.due_at for f in Finding.objects.order_by("pk")]
    batch = run("defer", found, owner)
    assert not clocks.running(found[0]).exists()
    services.reconsider_finding(finding=found[1], by=owner, reason="It came back.")
    services.reply(finding=found[2], text="Please look again.", by=fellowship.fellow)

    services.undo_batch(batch=batch, by=owner)
    services.undo_batch(batch=batch, by=owner)

    kept = {row.finding_id: row.kept_because for row in batch.rows.filter(undone=False)}
    assert kept == {
        found[1].pk: "It was changed again since: it stays as it is now.",
        found[2].pk: "Somebody replied about it since: take it up again instead.",
    }
    for index in (0, 3):
        assert said(found[index])["columns"] == before[index]
        clock = clocks.current(found[index], DUE_CLOCK)
        assert clock is not None
        assert clock.due_at == due[index]
    assert Event.objects.filter(verb="findings.put_back").count() == 2
    told = Notice.objects.filter(recipient=fellowship.fellow).order_by("-id")[0]
    assert told.title.startswith("2 findings are again as before")


@pytest.mark.django_db
def test_undone_by_whom_and_until_when(world: World, fellowship: Fellowship) -> None:
    batch = run("claim", some(world, fellowship, 2), world.product_owner)
    with pytest.raises(Refused) as refused:
        services.undo_batch(batch=batch, by=world.steward)
    assert refused.value.refusal.code == "not_yours"
    with frozen(now() + policy.UNDO_FOR), pytest.raises(Refused) as refused:
        services.undo_batch(batch=batch, by=world.product_owner)
    assert refused.value.refusal.code == "too_late"


@pytest.mark.django_db
def test_what_was_not_looked_at_is_not_changed(world: World, fellowship: Fellowship) -> None:
    found = some(world, fellowship, 3)
    seen = bulk.fingerprint(f.pk for f in found[:2])
    with pytest.raises(Refused) as refused:
        run("claim", found, world.product_owner, seen=seen)
    assert refused.value.refusal.code == "other_findings"
    for keys, by, code in (
        ([], world.product_owner, "nothing"),
        (found, world.steward, "wrong_role"),
        (found, world.auditor, "wrong_role"),
    ):
        with pytest.raises(Refused) as refused:
            run("claim", keys, by)
        assert refused.value.refusal.code == code
    assert not Batch.objects.exists()


@pytest.mark.django_db
def test_what_one_is_recused_from_is_no_part_of_it(world: World, fellowship: Fellowship) -> None:
    found = some(world, fellowship, 2)
    declare_conflict(
        user=world.manager,
        subject=fellowship,
        realm=world.program.pk,
        kind="supervisor",
        statement="My former student.",
        by=world.manager,
    )
    manager = world.fresh("manager")
    batch = run("assign", found, world.product_owner, said={"to": manager})
    assert batch.refused == 2
    assert {r.why for r in batch.rows.all()} == {f"{manager} cannot own this finding."}
    with pytest.raises(Refused) as refused:
        run("claim", found, manager)
    assert refused.value.refusal.code == "nothing"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_at_once_and_one_beside_a_single_edit() -> None:
    """Every finding is changed once; who comes second is told so row by row."""
    world = world_with_fellowship()
    fellowship = signed_fellowship(world)
    found = some(world, fellowship, 6, severity="low")
    run("claim", found, world.product_owner)
    key = uuid.uuid4()
    results = at_once(
        lambda: run("defer", found, world.product_owner),
        lambda: run("reject", list(reversed(found)), world.manager),
        lambda: services.accept_finding(
            finding=found[2], by=world.product_owner, reason="Now.", actionable=False
        ),
        lambda: run("reject", found, world.manager, key=key),
        lambda: run("reject", found, world.manager, key=key),
    )
    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)] == []
    assert results[3] == results[4]
    batches = Batch.objects.exclude(action="claim")
    assert batches.count() == 3
    verbs = ("findings.defer", "findings.reject", "findings.accept")
    for finding in found:
        final = Event.objects.about(finding).filter(verb__in=verbs)
        changed = BatchRow.objects.filter(
            batch__in=batches, finding=finding, outcome="changed"
        ).count()
        single = final.filter(verb="findings.accept").count()
        assert final.count() == changed + single
