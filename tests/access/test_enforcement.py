"""Desired and acknowledged state: from the decision alone, told once, never given up."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook

from access import enforced, services, tasks
from access.decisions import decide
from access.desired import narrows
from access.models import Assignment, Grant, TargetSystem
from access.obligations import deletions
from access.services import enforcement
from access.states import Operation
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Delivery
from fellowship.notices.webhooks.sending import send_waiting
from governance.models import Escalation
from scoping.services import suspend
from tests.scenarios import access as scenario
from tests.scenarios import targets as scenes
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World
from tests.support.receiver import Receiver, receiving

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A target system on loopback."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiving() as told:
        yield told


def row_of(grant: Grant) -> Assignment:
    return Assignment.objects.get(person=grant.person, dataset=grant.dataset)


def operations(row: Assignment) -> set[str]:
    return {operation for one in row.desired for operation in one["operations"]}


def revoke(world: World, grant: Grant) -> None:
    services.revoke_grant(grant=grant, by=world.steward, reason="The project ended.")


def test_what_is_desired_is_what_the_decision_allows(world: World, grant: Grant) -> None:
    target = scenes.pulling(world, grant)
    row = row_of(grant)
    allowed = {
        operation
        for operation in Operation.values
        if decide(person=grant.person, dataset=grant.dataset, operation=operation).allowed
    }
    assert operations(row) == allowed == {"view", "query", "run_code"}
    [one] = row.desired
    assert (one["grant"], one["fields"], one["row_filters"]) == (grant.ref, grant.fields, [])
    decision = decide(person=grant.person, dataset=grant.dataset, operation="view")
    assert row.until == decision.until
    assert (row.revision, target.revision, row.acknowledged_revision) == (1, 1, 0)
    assert row.narrowed_at is None


def test_a_second_sync_finds_nothing(world: World, grant: Grant) -> None:
    scenes.pulling(world, grant)
    events = Event.objects.count()
    assert enforcement.sync() == 0
    assert (Event.objects.count(), TargetSystem.objects.get().revision) == (events, 1)


@pytest.mark.parametrize("cause", ["revoked", "suspended", "expired", "inactive"])
def test_whatever_ends_access_closes_the_assignment(world: World, grant: Grant, cause: str) -> None:
    scenes.pulling(world, grant)
    if cause == "revoked":
        revoke(world, grant)
    elif cause == "suspended":
        suspend(fellowship=grant.fellowship, by=world.oncall, reason="An alarm.")
    elif cause == "inactive":
        with journal.acting("tests.deactivate", by=journal.System("tests")):
            grant.person.is_active = False
            grant.person.save()
            journal.record(subject=grant.person)
    with frozen(grant.ends_at if cause == "expired" else now()):
        sweep()
    row = row_of(grant)
    assert (row.desired, row.until, row.revision) == ([], None, 2)
    assert row.narrowed_at is not None
    assert row.overdue_at == row.narrowed_at + 15 * MINUTE


def test_a_target_is_sent_what_changed_and_its_answer_acknowledges_it(
    world: World, grant: Grant, receiver: Receiver
) -> None:
    made, secret = services.add_target(
        program=world.program,
        name="Warehouse",
        kind="webhook",
        datasets=[grant.dataset],
        owner=world.steward,
        url=receiver.url,
        by=world.steward,
    )
    assert enforcement.sync() == 1
    assert send_waiting().delivered == 1
    read = Webhook(secret).verify(receiver.seen[0][1], receiver.seen[0][0])
    assert read["type"] == "access.assignments"
    [one] = read["data"]["assignments"]
    assert one["person"]["email"] == grant.person.email
    assert one["permissions"][0]["operations"] == ["view", "query", "run_code"]
    row = row_of(grant)
    assert row.is_acknowledged
    assert row.acknowledged == row.desired
    revoke(world, grant)
    enforcement.sync()
    assert not row_of(grant).is_acknowledged
    send_waiting()
    row = row_of(grant)
    assert (row.is_acknowledged, row.acknowledged, row.narrowed_at) == (True, [], None)
    acknowledged = Event.objects.filter(verb="access.acknowledge_target", subject_id=made.pk)
    assert acknowledged.count() == 2


def test_a_later_change_replaces_the_message_that_waits(
    world: World, grant: Grant, receiver: Receiver
) -> None:
    scenes.sent_to(world, grant, receiver.url)
    revoke(world, grant)
    enforcement.sync()
    assert list(Delivery.objects.order_by("id").values_list("state", flat=True)) == [
        "superseded",
        "waiting",
    ]
    send_waiting()
    assert [json.loads(body)["data"]["revision"] for _, body in receiver.seen] == [2]
    assert row_of(grant).is_acknowledged


def test_a_202_is_no_acknowledgement_and_is_told_again(
    world: World, grant: Grant, receiver: Receiver
) -> None:
    receiver.status = 202
    target = scenes.sent_to(world, grant, receiver.url, account=world.stranger)
    at = now()
    send_waiting()
    row = row_of(grant)
    assert (row.is_acknowledged, row.sent_at is not None) == (False, True)
    with frozen(at + 14 * MINUTE):
        enforcement.sync()
        assert send_waiting().delivered == 0
    with frozen(at + 16 * MINUTE):
        enforcement.sync()
        enforcement.sync()
        assert send_waiting().delivered == 1
    services.acknowledge(target=target, revision=1, by=world.stranger)
    assert row_of(grant).is_acknowledged
    with frozen(at + 60 * MINUTE):
        enforcement.sync()
        assert send_waiting().delivered == 0


def test_a_revocation_not_acknowledged_alarms_once_and_is_never_given_up(
    world: World, grant: Grant, receiver: Receiver
) -> None:
    target = scenes.sent_to(world, grant, receiver.url)
    send_waiting()
    receiver.status = 500
    revoke(world, grant)
    start = now()
    with frozen(start):
        enforcement.sync()
    for minutes in (1, 14):
        with frozen(start + minutes * MINUTE):
            sweep()
    assert not Escalation.objects.exists()
    for minutes in (15, 16, 300):
        with frozen(start + minutes * MINUTE):
            sweep()
    alarm = Escalation.objects.get()
    assert (alarm.severity, alarm.subject_id, alarm.occurrences) == ("high", target.pk, 1)
    assert "may still let through" in alarm.summary
    for _ in range(40):
        send_waiting(Delivery.objects.waiting().get().next_attempt_at)
    receiver.status = 200
    assert send_waiting(Delivery.objects.waiting().get().next_attempt_at).delivered == 1
    row = row_of(grant)
    assert (row.is_acknowledged, row.alarmed_at) == (True, None)


def test_opening_late_raises_no_alarm(world: World, grant: Grant) -> None:
    scenes.pulling(world, grant)
    with frozen(now() + dt.timedelta(days=2)):
        sweep()
    assert not Escalation.objects.exists()


def test_an_acknowledgement_settles_up_to_its_revision_alone(world: World, grant: Grant) -> None:
    target = scenes.pulling(world, grant)
    revoke(world, grant)
    enforcement.sync()
    assert services.acknowledge(target=target, revision=1, by=world.stranger) == 0
    assert not row_of(grant).is_acknowledged
    assert services.acknowledge(target=target, revision=2, by=world.stranger) == 1
    events = Event.objects.count()
    assert services.acknowledge(target=target, revision=2, by=world.stranger) == 0
    assert Event.objects.count() == events


def test_who_may_acknowledge_what(world: World, grant: Grant) -> None:
    target = scenes.pulling(world, grant)
    for by, revision, code in (
        (world.steward, 1, "not_yours"),
        (world.applicant, 1, "not_yours"),
        (world.stranger, 2, "unknown_revision"),
        (world.stranger, 0, "unknown_revision"),
    ):
        with pytest.raises(Refused) as refused:
            services.acknowledge(target=target, revision=revision, by=by)
        assert refused.value.refusal.code == code


@pytest.mark.parametrize("who", ["applicant", "manager", "oncall", "auditor", "stranger"])
def test_only_keepers_set_up_targets(world: World, grant: Grant, who: str) -> None:
    with pytest.raises(Refused) as refused:
        scenes.pulling(world, grant, by=getattr(world, who))
    assert refused.value.refusal.code == "wrong_role"
    assert not TargetSystem.objects.exists()


def test_a_dataset_no_more_served_is_closed_and_a_retired_target_is_told_nothing(
    world: World, grant: Grant
) -> None:
    target = scenes.pulling(world, grant)
    other = scenario.dataset(world, "other-logs")
    services.change_target(
        target=target,
        datasets=[other],
        owner=world.steward,
        account=world.stranger,
        alarm_after_minutes=30,
        by=world.steward,
    )
    assert enforcement.sync() == 1
    row = row_of(grant)
    assert row.desired == []
    assert row.overdue_at == row.narrowed_at + 30 * MINUTE  # type: ignore[operator]
    services.retire_target(target=target, by=world.steward, reason="Replaced.")
    services.retire_target(target=target, by=world.steward, reason="Replaced.")
    with frozen(now() + dt.timedelta(days=1)):
        sweep()
    assert not Escalation.objects.exists()
    assert enforcement.sync() == 0


def test_a_failing_ledger_leaves_the_old_desire(
    world: World, grant: Grant, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.sent_to(world, grant, receiver.url)
    revoke(world, grant)

    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("full")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "record", fails)
        with pytest.raises(RuntimeError, match="full"):
            enforcement.sync()
    row = row_of(grant)
    assert (bool(row.desired), row.revision, Delivery.objects.count()) == (True, 1, 1)
    assert enforcement.sync() == 1


def test_a_failing_ledger_leaves_the_message_waiting(
    world: World, grant: Grant, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.sent_to(world, grant, receiver.url)

    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("full")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "record", fails)
        assert send_waiting().put_off == 1
    assert not row_of(grant).is_acknowledged
    send_waiting(Delivery.objects.get().next_attempt_at)
    assert row_of(grant).is_acknowledged
    assert len({headers["webhook-id"] for headers, _ in receiver.seen}) == 1


@pytest.mark.parametrize("count", [1, 3, 8])
def test_queries_do_not_grow_with_grants(world: World, grant: Grant, count: int) -> None:
    datasets = [grant.dataset]
    scope_names = [scenario.dataset(world, f"more-{n}") for n in range(count)]
    target = scenes.pulling(world, grant, datasets=[*datasets, *scope_names])
    revoke(world, grant)
    with CaptureQueriesContext(connection) as asked:
        assert enforcement.sync_target(target=target, by=enforcement.BY) == 1
    assert len(asked) <= 24, [q["sql"][:100] for q in asked]


def permission(operations: str, fields: str = "", rows: str = "") -> dict[str, Any]:
    """One permission, its lists as words."""
    return {
        "operations": operations.split(),
        "fields": fields.split(),
        "row_filters": rows.split(),
    }


@pytest.mark.parametrize(
    ("old", "new", "less"),
    [
        (None, permission("view"), False),
        (permission("view", "a"), permission("view"), False),
        (permission("view"), permission("view", "a"), True),
        (permission("view", "a b"), permission("view", "a"), True),
        (permission("view"), permission("view", rows="x"), True),
        (permission("view", rows="x"), permission("view"), False),
        (permission("view", rows="x"), permission("view", rows="x y"), True),
        (permission("view query"), permission("view"), True),
        (permission("view"), permission("view query"), False),
        (permission("view"), None, True),
    ],
)
def test_what_takes_something_away(old: Any, new: Any, less: bool) -> None:
    assert narrows([old] if old else [], [new] if new else []) is less


def test_a_change_is_told_as_soon_as_it_has_committed(
    world: World,
    grant: Grant,
    django_capture_on_commit_callbacks: Any,
    settings: Any,
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    scenes.pulling(world, grant)
    connection.run_on_commit.clear()  # what the fixtures left in the test's transaction
    with django_capture_on_commit_callbacks(execute=True) as hooks:
        revoke(world, grant)
    assert row_of(grant).desired == []
    about = (world.program.pk, {grant.person_id}, {grant.dataset_id})
    assert [getattr(hook, "args", ()) for hook in hooks].count(about) == 1
    assert not enforcement.concerned({world.steward.pk}, ())
    assert not enforcement.concerned({grant.person_id}, {grant.dataset_id + 1})


def test_a_failing_hint_harms_nothing(
    world: World,
    grant: Grant,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    scenes.pulling(world, grant)

    def fails(*args: Any, **kwargs: Any) -> None:
        raise OSError("no broker")

    connection.run_on_commit.clear()
    with monkeypatch.context() as patch:
        patch.setattr(tasks.sync_targets, "delay", fails)
        with django_capture_on_commit_callbacks(execute=True):
            revoke(world, grant)
    assert row_of(grant).desired
    sweep()
    assert row_of(grant).desired == []


# --- what pages say of it -------------------------------------------------------------------------


def accounts(grant: Grant) -> tuple[bool, str]:
    """Whether accounts in target systems count as closed, and what is said of them."""
    found = {item.key: item for item in deletions(grant.fellowship, now())}["access.accounts"]
    return found.met, str(found.detail)


def test_accounts_are_not_closed_while_a_system_lets_through_what_is_granted(
    world: World, grant: Grant
) -> None:
    assert accounts(grant) == (True, "None is open.")
    target = scenes.pulling(world, grant)
    said = (False, "Open in JupyterHub while access lasts; not due yet.")
    assert accounts(grant) == said
    enforcement.acknowledge(target=target, revision=target.revision, by=enforcement.BY)
    assert accounts(grant) == said
    revoke(world, grant)
    enforcement.sync()
    assert accounts(grant) == (False, "JupyterHub has not said that it closed them.")
    target.refresh_from_db()
    enforcement.acknowledge(target=target, revision=target.revision, by=enforcement.BY)
    assert accounts(grant) == (True, "None is open.")


def test_what_is_open_by_another_case_is_closed_by_it(world: World, grant: Grant) -> None:
    data, more = grant.dataset, signed_fellowship(world, world.other_applicant)
    scenario.collaborator(world, grant.fellowship)
    scenario.collaborator(world, more, trained=False)
    one, other = (
        scenario.granted(world, case, data, person=world.stranger, operations=["query"])
        for case in (grant.fellowship, more)
    )
    revoke(world, grant)
    target = scenes.pulling(world, grant)
    not_due = (False, "Open in JupyterHub while access lasts; not due yet.")
    assert [accounts(one), accounts(other)] == [not_due, not_due]
    revoke(world, one)
    enforcement.sync()
    target.refresh_from_db()
    enforcement.acknowledge(target=target, revision=target.revision, by=enforcement.BY)
    assert [accounts(one), accounts(other)] == [(True, "None is open."), not_due]


def test_of_a_grant_that_is_over_a_system_says_that_it_closed_it(
    world: World, grant: Grant
) -> None:
    target = scenes.pulling(world, grant)
    enforcement.acknowledge(target=target, revision=target.revision, by=enforcement.BY)
    assert "closed" not in enforced.line([row_of(grant)], grant, now())
    narrower = services.narrow_grant(
        grant=grant,
        operations=["view"],
        fields=grant.fields,
        row_filters=grant.row_filters,
        by=grant.person,
        reason="Less serves.",
    )
    enforcement.sync()
    target.refresh_from_db()
    enforcement.acknowledge(target=target, revision=target.revision, by=enforcement.BY)
    grant.refresh_from_db()
    row = row_of(grant)
    assert "JupyterHub closed ✔" in enforced.line([row], grant, now())
    assert "<time" in enforced.line([row], grant, now())
    assert "closed" not in enforced.line([row], narrower, now())
