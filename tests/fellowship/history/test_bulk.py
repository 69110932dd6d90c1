"""Set-based writes leave the same record as single ones, in a number of queries that is pinned."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from fellowship.accounts.models import Realm, RoleAssignment, User
from fellowship.history import bulk
from fellowship.history.models import Event
from fellowship.history.verify import verify
from fellowship.kernel import journal
from fellowship.kernel.tracking import BypassesHistory
from tests.fellowship.history.conftest import BY, found_realm, rename

pytestmark = pytest.mark.django_db


def realms(count: int) -> list[Realm]:
    return [Realm(slug=f"realm-{i}", name=f"Realm {i}") for i in range(count)]


@pytest.mark.parametrize("count", [1, 3, 1000])
def test_queries_grow_with_batches_not_with_rows(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Savepoint and release, the records, their history rows, their events.
    with journal.acting("test.found", by=BY), django_assert_num_queries(5):
        made = bulk.create_many(realms(count))
    for realm in made:
        realm.name = "The same"
    with journal.acting("test.rename", by=BY), django_assert_num_queries(5):
        bulk.save_many(made, ["name"])
    for realm in made:
        realm.name = f"Own {realm.slug}"
    # Few different values: an UPDATE each; many: one bulk_update.
    extra = 0 if count > 8 else count - 1
    with journal.acting("test.rename", by=BY), django_assert_num_queries(5 + extra):
        bulk.save_many(made, ["name"])
    assert set(Realm.objects.values_list("name", flat=True)) == {f"Own {r.slug}" for r in made}
    assert Event.objects.count() == 3 * count
    assert verify().problems == []


def test_what_is_left_is_what_single_writes_leave() -> None:
    (many,) = bulk.create_many(
        realms(1), verb="test.found", by=BY, reason="why", change=lambda realm: {"n": realm.name}
    )
    row, event = many.history.get(), Event.objects.get()
    assert (row.history_type, row.history_change_reason, row.history_user_id) == ("+", "why", None)
    assert row.history_event == event.uid
    assert (event.verb, event.actor_label, event.reason) == ("test.found", "test", "why")
    assert '"change":{"n":"Realm 0"}' in event.body
    rename(many, "Other")
    assert verify().ok


def test_nothing_to_do_asks_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert bulk.create_many([]) == []
        assert bulk.save_many([], ["name"]) == 0


def test_outside_a_verb_nothing_is_written() -> None:
    with pytest.raises(journal.OutsideVerb):
        bulk.create_many(realms(2))
    assert not Realm.objects.exists()


def test_writes_past_history_are_refused() -> None:
    realm = found_realm("one")
    attempts: list[Any] = [
        lambda: Realm.objects.update(name="x"),
        lambda: Realm._base_manager.filter(pk=realm.pk).update(name="x"),
        lambda: Realm.objects.bulk_create(realms(1)),
        lambda: Realm.objects.bulk_update([realm], ["name"]),
        lambda: Realm.objects.all().delete(),
    ]
    for attempt in attempts:
        with pytest.raises(BypassesHistory):
            attempt()
    assert verify().ok


def test_foreign_keys_and_enumerations_have_one_digest() -> None:
    realm = found_realm("one")
    with journal.acting("test.person", by=BY):
        user = User(email="a@example.org", username="a", name="A")
        user.save()
        journal.record(subject=user)
    bulk.create_many(
        [RoleAssignment(user=user, realm=realm, role="mentor")], verb="test.grant", by=BY
    )
    connection.check_constraints()
    assert verify().problems == []
