"""The service verb: one transaction, one event, every history row bound to it, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from fellowship.accounts.models import Realm, User
from fellowship.history.models import Event
from fellowship.history.recorder import EventTooLarge
from fellowship.kernel import journal
from fellowship.kernel.journal import OutsideVerb, RuleActor, System, Unrecorded, acting

pytestmark = pytest.mark.django_db
BY = System("test")


@journal.verb("test.found")
def found(*, slug: str, by: Any, reason: str = "", change: Any = None) -> Realm:
    realm = Realm.objects.create(slug=slug, name=slug)
    journal.record(subject=realm, change=change)
    return realm


@pytest.fixture
def person() -> User:
    with acting("test.person", by=BY):
        user = User(email="a@example.org", username="a", name="Ada")
        user.save()
        journal.record(subject=user)
    return user


def test_the_event_and_its_history_row_say_who_why_and_when(person: User) -> None:
    realm = found(slug="one", by=person, reason="it is needed", change={"n": 1})
    event, row = Event.objects.about(realm).get(), realm.history.get()
    assert (event.verb, event.actor, event.actor_kind) == ("test.found", person, "person")
    assert (event.reason, event.subject_type, event.subject_id) == (
        "it is needed",
        "accounts.realm",
        realm.pk,
    )
    assert (row.history_event, row.history_user_id) == (event.uid, person.pk)
    assert row.history_change_reason == "it is needed"
    assert event.actor_name == "Ada"
    assert found.verb_name == "test.found"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("by", "kind", "name"),
    [(System("sweep"), "service", "sweep"), (RuleActor("policy v3"), "rule", "policy v3")],
)
def test_services_and_rules_act_under_their_name(by: Any, kind: str, name: str) -> None:
    event = Event.objects.about(found(slug="one", by=by)).get()
    assert (event.actor_kind, event.actor, event.actor_name) == (kind, None, name)


def test_outside_a_verb_nothing_tracked_is_written() -> None:
    realm = found(slug="one", by=BY)
    for attempt in (
        lambda: Realm.objects.create(slug="two", name="Two"),
        realm.save,
        realm.delete,
        lambda: journal.record(subject=realm),
    ):
        with pytest.raises(OutsideVerb), transaction.atomic():
            attempt()
    assert Realm.objects.count() == Event.objects.count() == 1


def test_a_verb_that_records_nothing_changes_nothing() -> None:
    with (
        pytest.raises(Unrecorded, match=r"test.silent wrote accounts.HistoricalRealm"),
        acting("test.silent", by=BY),
    ):
        Realm.objects.create(slug="one", name="One")
    assert not Realm.objects.exists()
    assert journal.current() is None


def test_a_verb_that_finds_its_work_done_records_nothing() -> None:
    with acting("test.nothing", by=BY):
        pass
    assert not Event.objects.exists()


def test_when_the_ledger_fails_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **values: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(OSError, match="no space left"):
            found(slug="one", by=BY)
    assert not Realm.objects.exists()
    assert not Realm.history.exists()
    found(slug="one", by=BY)


def test_what_does_not_fit_a_log_entry_is_refused_whole() -> None:
    with pytest.raises(EventTooLarge, match=r"test\.found: "):
        found(slug="one", by=BY, change={"text": "x" * 70_000})
    assert not Realm.objects.exists()


def test_verbs_within_verbs_have_an_event_each() -> None:
    @journal.verb("test.outer")
    def outer(*, by: Any) -> Realm:
        realm = Realm.objects.create(slug="outer", name="Outer")
        found(slug="inner", by=RuleActor("inner rule"))
        journal.record(subject=realm)
        return realm

    realm = outer(by=BY)
    inner, own = Event.objects.order_by("id")
    assert (inner.verb, inner.actor_label) == ("test.found", "inner rule")
    assert (own.verb, own.actor_label) == ("test.outer", "test")
    assert realm.history.get().history_event == own.uid
    assert Realm.history.get(slug="inner").history_event == inner.uid


def test_two_events_of_one_verb_have_rows_of_their_own() -> None:
    with acting("test.two", by=BY):
        for slug in ("one", "two"):
            journal.record(subject=Realm.objects.create(slug=slug, name=slug))
    rows = {row.slug: row.history_event for row in Realm.history.all()}
    assert len(set(rows.values())) == 2
    assert {event.uid for event in Event.objects.all()} == set(rows.values())


def test_a_refused_inner_verb_leaves_the_outer_to_go_on() -> None:
    with acting("test.outer", by=BY):
        journal.record(subject=Realm.objects.create(slug="outer", name="Outer"))
        with pytest.raises(Unrecorded), acting("test.inner", by=BY):
            Realm.objects.create(slug="inner", name="Inner")
    assert [realm.slug for realm in Realm.objects.all()] == ["outer"]
    assert [event.verb for event in Event.objects.all()] == ["test.outer"]


def test_after_commit_waits_for_the_commit(
    django_capture_on_commit_callbacks: Any,
) -> None:
    done: list[str] = []
    with django_capture_on_commit_callbacks(execute=True):
        with acting("test.hurry", by=BY):
            journal.after_commit(lambda: done.append("now"))
        assert done == []
    assert done == ["now"]
