"""The trail's pages: what was named, whom sources mean, what came late or twice, each batch."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access import rows, services
from access.models import AccessEvent, EventBatch, Grant, Release, SourceIdentity
from fellowship.accounts.models import User
from fellowship.clocks.models import Clock
from fellowship.history.models import Event
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance.models import Escalation
from tests.scenarios import access as scenario
from tests.scenarios.world import World

BY = System("test")


def ingest(world: World, *events: Any, source: str = "test") -> services.IngestReport:
    return services.ingest(program=world.program, events=events, source=source, by=BY)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def verdict(external_id: str) -> tuple[str, str, str]:
    found = AccessEvent.objects.get(external_id=external_id)
    return found.verdict, found.clause, found.reason


# --- fields, rows and released files


def test_a_field_outside_of_the_grant_is_out_of_scope_with_that_clause(
    world: World, grant: Grant
) -> None:
    assert grant.fields == ["turn", "refused"]
    ingest(
        world,
        scenario.event(grant, 1, details={"fields": ["turn", "REFUSED"]}),
        scenario.event(grant, 2, details={"fields": ["turn", "text"]}),
        scenario.event(grant, 3, kind="export", details={"fields": ["text"]}),
        scenario.event(grant, 4, details={"fields": "text"}),
        scenario.event(grant, 5, details={"fields": [1, None]}),
        scenario.event(grant, 6, details={"row_filters": ["any"]}),
    )
    assert verdict("e-1")[0] == "within"
    assert verdict("e-2") == (
        "out_of_scope",
        f"{grant.ref}, fields",
        f"{grant.ref} does not name “text”.",
    )
    assert verdict("e-3")[1] == grant.ref, "the operation decides first"
    assert {verdict(f"e-{n}")[0] for n in (4, 5, 6)} == {"within"}
    event = AccessEvent.objects.get(external_id="e-2")
    assert (event.grant, event.fellowship_id) == (grant, grant.fellowship_id)
    assert "does not name “text”" in Escalation.objects.get().summary


def test_why_an_act_was_outside_is_said_to_its_reader(world: World, grant: Grant) -> None:
    ingest(world, scenario.event(grant, 1, details={"fields": ["turn", "text"]}))
    found = AccessEvent.objects.get(external_id="e-1")
    for person, path in ((world.steward, found.get_absolute_url()), (world.manager, "/risks/")):
        page = signed_in(person).get(path, headers={"Accept-Language": "de"}).content.decode()
        assert f"{grant.ref} nennt „text“ nicht." in page
    assert found.reason == f"{grant.ref} does not name “text”."
    kept = EventBatch.objects.get().words
    assert set(kept) == {f"{grant.ref}, fields", found.reason}
    longer = found.batch.said("What was kept before.")
    assert longer == "What was kept before."


def test_rows_outside_of_the_grants_filters_are_out_of_scope(world: World, grant: Grant) -> None:
    from access import named

    limits = named.Limits("GRA-1", frozenset(), frozenset({"english"}))
    judged = named.Named({7: limits}, {})

    def breach(details: dict[str, Any]) -> named.Breach | None:
        raw = scenario.event(grant, 1, details=details)
        row = rows.read(0, raw, source="s", received_at=now())
        return judged.breach(row, 7)

    assert breach({"row_filters": ["English"]}) is None
    assert breach({"row_filters": ["german"]}) == named.Breach(
        "GRA-1, rows", "GRA-1 does not name “german”."
    )
    assert breach({"fields": ["whatever"]}) is None, "no field named means all"


def test_rows_that_name_nothing_cost_no_query_more(world: World, grant: Grant) -> None:
    def count(*events: Any) -> int:
        with CaptureQueriesContext(connection) as seen:
            ingest(world, *events)
        return len(seen)

    plain = count(scenario.event(grant, 1))
    named = count(scenario.event(grant, 2, details={"fields": ["turn"]}))
    many = count(*(scenario.event(grant, n, details={"fields": ["turn"]}) for n in range(9, 40)))
    assert named == many == plain + 1


def test_an_output_that_was_released_may_leave(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from access import named

    free, held = "a" * 64, "b" * 64
    released = named.Released("REL-2026-001", grant.fellowship_id, now())
    monkeypatch.setattr(named, "_released", lambda program, hashes: {free: [released]})
    before = (released.at - dt.timedelta(hours=1)).isoformat()
    ingest(
        world,
        scenario.event(grant, 1, kind="export", details={"sha256": free.upper()}),
        scenario.event(grant, 2, kind="export", details={"sha256": held}),
        scenario.event(grant, 3, kind="export", at=before, details={"sha256": free}),
        scenario.event(grant, 4, kind="output_download", dataset="", details={"sha256": held}),
        scenario.event(grant, 5, kind="output_download", dataset="", details={"sha256": free}),
        scenario.event(grant, 6, kind="query", details={"sha256": held}),
    )
    assert verdict("e-1") == ("within", "Release REL-2026-001", "")
    assert verdict("e-2")[:2] == ("out_of_scope", grant.ref)
    assert verdict("e-3")[0] == "out_of_scope"
    assert verdict("e-4")[:2] == ("out_of_scope", "Release desk")
    assert verdict("e-5")[:2] == ("within", "Release REL-2026-001")
    assert verdict("e-6")[0] == "within"


def test_releases_are_sought_by_hash_in_one_query(world: World, grant: Grant) -> None:
    from access import named

    with CaptureQueriesContext(connection) as seen:
        assert named._released(world.program, {"a" * 64, "b" * 64}) == {}
    assert len(seen) == 1
    assert not Release.objects.exists()


# --- late, again, otherwise, ahead


def test_late_again_otherwise_and_ahead_are_told_apart(world: World, grant: Grant) -> None:
    at = now()
    old = (at - dt.timedelta(days=8)).isoformat()
    first = scenario.event(grant, 1, at=at.isoformat())
    ingest(world, first)
    report = ingest(
        world,
        first,
        {**first, "kind": "export"},
        {**first, "at": (at - dt.timedelta(seconds=1)).isoformat(), "session": "other"},
        scenario.event(grant, 2, at=old),
        scenario.event(grant, 3, at=(at - dt.timedelta(days=6)).isoformat()),
        scenario.event(grant, 4, at=(at + dt.timedelta(hours=1)).isoformat()),
        scenario.event(grant, 5, at=at.replace(tzinfo=None).isoformat()),
        scenario.event(grant, 6, at=at.isoformat()),
        scenario.event(grant, 6, at=at.isoformat(), details={"rows": 9}),
    )
    assert (report.accepted, report.late, report.duplicates, report.conflicts) == (3, 1, 1, 3)
    assert [(r.index, r.code, r.reason) for r in report.refused] == [
        (1, "conflict", "This id is known with other content: “kind”, “operation”."),
        (2, "conflict", "This id is known with other content: “at”, “session”."),
        (5, "future", "“at” lies more than five minutes in the future."),
        (6, "no_zone", "“at” has no time zone, so it names no instant."),
        (8, "conflict", "This id is known with other content: “details”."),
    ]
    batch = EventBatch.objects.first()
    assert batch is not None
    counts = (batch.count, batch.late, batch.duplicates, batch.conflicts, batch.refused)
    assert counts == (3, 1, 1, 3, 5)
    assert [row["code"] for row in batch.refusals] == [r.code for r in report.refused]
    assert list(AccessEvent.objects.filter(late=True).values_list("external_id", flat=True)) == [
        "e-2"
    ]
    assert AccessEvent.objects.get(external_id="e-1").kind == "query", "what came first stands"


def test_a_batch_of_refused_rows_alone_is_in_the_record(world: World, grant: Grant) -> None:
    report = ingest(world, "x", scenario.event(grant, 1, at="noon"))
    batch = EventBatch.objects.get()
    assert (report.accepted, batch.count, batch.refused, batch.first_at) == (0, 0, 2, None)
    assert Event.objects.about(batch).get().verb == "access.ingest"


def test_events_out_of_order_are_each_judged_at_their_time(world: World, grant: Grant) -> None:
    start = max(grant.starts_at, now())
    order = [5, 1, 3, 0, 4, 2]
    with frozen(start + dt.timedelta(hours=8)):
        ingest(
            world,
            *(
                scenario.event(grant, n, at=(start + dt.timedelta(hours=n)).isoformat())
                for n in order
            ),
        )
    found = AccessEvent.objects.order_by("at").values_list("external_id", "verdict")
    assert [external_id for external_id, _ in found] == [f"e-{n}" for n in range(6)]


# --- alarms


def test_a_graver_act_makes_the_open_escalation_graver(world: World, grant: Grant) -> None:
    ingest(world, scenario.event(grant, 1, kind="notebook_creation"))
    first = Escalation.objects.get()
    assert first.severity == "medium"
    told = Notice.objects.filter(kind="governance.escalation", recipient=world.oncall).count()
    ingest(world, scenario.event(grant, 2, kind="notebook_creation"))
    assert (
        Notice.objects.filter(kind="governance.escalation", recipient=world.oncall).count() == told
    )
    ingest(world, scenario.event(grant, 3, kind="export"))
    graver = Escalation.objects.get()
    assert (graver.severity, graver.occurrences) == ("high", 3)
    assert graver.acknowledge_by < first.acknowledge_by
    clock = Clock.objects.get(
        kind="governance.acknowledgement", subject_id=graver.pk, state="running"
    )
    assert abs(clock.due_at - graver.acknowledge_by) < dt.timedelta(seconds=5)
    assert (
        Notice.objects.filter(kind="governance.escalation", recipient=world.oncall).count() > told
    )
    ingest(world, scenario.event(grant, 4, kind="notebook_creation"))
    assert Escalation.objects.get().severity == "high", "it never falls by itself"


# --- names in sources


def test_a_source_s_own_name_counts_from_then_on_and_for_it_alone(
    world: World, grant: Grant
) -> None:
    ingest(world, scenario.event(grant, 1, person="uid-17"), source="gateway")
    assert verdict("e-1")[0] == "unknown_person"
    named = services.name_identity(
        program=world.program,
        source="gateway",
        identity="uid-17",
        person=grant.person,
        by=world.steward,
    )
    again = services.name_identity(
        program=world.program,
        source="gateway",
        identity=" uid-17 ",
        person=grant.person,
        by=world.steward,
    )
    assert again == named
    ingest(world, scenario.event(grant, 2, person="uid-17"), source="gateway")
    ingest(world, scenario.event(grant, 3, person="uid-17"), source="other")
    assert [verdict(f"e-{n}")[0] for n in (1, 2, 3)] == [
        "unknown_person",
        "within",
        "unknown_person",
    ]
    page = signed_in(world.steward).get(
        reverse("access:event", args=[AccessEvent.objects.get(external_id="e-1").pk])
    )
    assert f"now known as {grant.person}" in page.content.decode()
    services.forget_identity(named=named, by=world.steward)
    services.forget_identity(named=named, by=world.steward)
    assert Event.objects.filter(verb="access.forget_identity").count() == 1
    ingest(world, scenario.event(grant, 4, person="uid-17"), source="gateway")
    assert verdict("e-4")[0] == "unknown_person"


def test_a_source_s_own_name_goes_before_anyone_s(world: World, grant: Grant) -> None:
    services.name_identity(
        program=world.program,
        source="gateway",
        identity=world.stranger.username,
        person=grant.person,
        by=world.steward,
    )
    name = world.stranger.username
    ingest(world, scenario.event(grant, 1, person=name), source="gateway")
    ingest(world, scenario.event(grant, 2, person=name), source="other")
    assert [AccessEvent.objects.get(external_id=f"e-{n}").person for n in (1, 2)] == [
        grant.person,
        world.stranger,
    ]


def test_a_source_s_name_may_mean_a_collaborator(world: World) -> None:
    scenario.collaborator(world)
    theirs = scenario.granted(world, person=world.stranger)
    services.name_identity(
        program=world.program,
        source="gateway",
        identity="uid-18",
        person=world.stranger,
        by=world.steward,
    )
    ingest(world, scenario.event(theirs, 1, person="uid-18"), source="gateway")
    assert verdict("e-1")[0] == "within"


def test_who_may_say_whom_a_name_means(world: World, grant: Grant) -> None:
    said: dict[str, Any] = {"program": world.program, "source": "gateway", "identity": "uid-17"}
    for by in (world.manager, world.oncall, grant.person):
        with pytest.raises(Refused, match="Only a data steward"):
            services.name_identity(**said, person=grant.person, by=by)
    with pytest.raises(Refused, match="no part in the programme"):
        services.name_identity(**said, person=world.stranger, by=world.steward)
    first = services.name_identity(**said, person=grant.person, by=world.steward)
    second = services.name_identity(**said, person=world.mentor, by=world.steward)
    first.refresh_from_db()
    assert (first.ended_at is not None, second.ended_at) == (True, None)


def test_the_page_asks_who_is_this(world: World, grant: Grant) -> None:
    ingest(
        world,
        *(scenario.event(grant, n, person="uid-17") for n in range(3)),
        scenario.event(grant, 9, person="<b>&"),
        source="gateway",
    )
    client = signed_in(world.steward)
    page = client.get(reverse("access:names")).content.decode()
    assert page.index("uid-17") < page.index("&lt;b&gt;&amp;"), "the most frequent first"
    url = f"{reverse('access:name')}?program={world.program.pk}&source=gateway&identity=uid-17"
    assert 'value="uid-17"' in client.get(url).content.decode()
    sent = {"program": world.program.pk, "source": "gateway", "identity": "uid-17"}
    wrong = client.post(reverse("access:name"), {**sent, "person": "nobody@example.org"})
    assert wrong.status_code == 422
    assert 'value="uid-17"' in wrong.content.decode(), "nothing typed is lost"
    done = client.post(reverse("access:name"), {**sent, "person": grant.person.email})
    assert done.status_code == 302
    page = client.get(reverse("access:names")).content.decode()
    assert "Everybody" not in page
    assert page.index("Explained") < page.index("uid-17")
    named = SourceIdentity.objects.get()
    assert client.post(reverse("access:forget_name", args=[named.pk])).status_code == 302
    for who, status in (("manager", 200), ("auditor", 200), ("applicant", 404), ("mentor", 404)):
        assert signed_in(getattr(world, who)).get(reverse("access:names")).status_code == status
    assert signed_in(world.manager).get(reverse("access:name")).status_code == 404


# --- batches and filters


def test_batches_are_listed_with_their_counts(world: World, grant: Grant) -> None:
    ingest(world, scenario.event(grant, 1), scenario.event(grant, 2, at="noon"), source="gateway")
    batch = EventBatch.objects.get()
    client = signed_in(world.steward)
    page = client.get(reverse("access:batches")).content.decode()
    assert f">Batch {batch.pk}<" in page
    shown = client.get(reverse("access:batch", args=[batch.pk])).content.decode()
    assert "is no instant such as" in shown
    assert batch.root[:8] in shown
    for who in ("applicant", "mentor", "stranger"):
        other = signed_in(getattr(world, who))
        assert other.get(reverse("access:batches")).status_code == 404
        assert other.get(reverse("access:batch", args=[batch.pk])).status_code == 404
    assert "gateway" not in client.get(reverse("access:batches") + "?source=x").content.decode()


def test_lists_cost_the_same_at_any_length(world: World, grant: Grant) -> None:
    client = signed_in(world.steward)

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    urls = [reverse(f"access:{name}") for name in ("trail", "batches", "names")]
    urls.append(f"{urls[0]}?source=s-0&since=2026-01-01&until=2026-12-31")
    costs = []
    for number in (1, 2, 30):
        for n in range(number):
            key = f"{number}-{n}"
            ingest(
                world,
                scenario.event(grant, id=key, person=f"uid-{key}"),
                scenario.event(grant, id=f"b{key}"),
                source=f"s-{n}",
            )
            services.name_identity(
                program=world.program,
                source=f"s-{n}",
                identity=f"known-{key}",
                person=grant.person,
                by=world.steward,
            )
        costs.append([cost(url) for url in urls])
    assert costs[0] == costs[1] == costs[2]
    assert max(costs[0]) <= 12


def test_what_narrows_the_trail(world: World, grant: Grant) -> None:
    noon = now().replace(hour=12, minute=0) - dt.timedelta(days=4)
    sources = ("gateway", "notebook", "notebook")
    for number, source in enumerate(sources):
        at = (noon + dt.timedelta(days=number)).isoformat()
        ingest(world, scenario.event(grant, number, at=at), source=source)
    second = (noon + dt.timedelta(days=1)).date().isoformat()
    expected = {
        "": {"e-0", "e-1", "e-2"},
        "source=gateway": {"e-0"},
        "source=nowhere": set(),
        f"since={second}": {"e-1", "e-2"},
        f"until={second}": {"e-0", "e-1"},
        f"since={second}&until={second}&source=notebook": {"e-1"},
        "since=9999-12-31": set(),
        "until=0001-01-01": set(),
    }
    client = signed_in(world.steward)
    for query, found in expected.items():
        answer = client.get(f"/api/v1/access/events?{query}")
        assert answer.status_code == 200, answer.content
        assert {row["external_id"] for row in answer.json()["results"]} == found, query
        assert client.get(f"/access/trail/?{query}").status_code == 200
    assert client.get("/api/v1/access/events?since=nonsense").status_code == 400
    assert client.get("/access/trail/?since=nonsense").status_code == 200


def test_a_batch_of_more_events_than_it_has_places_is_refused(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access.policy.BATCH_MAX", 2)
    ingest(world, scenario.event(grant, 1), scenario.event(grant, 2))
    with pytest.raises(Refused) as refused:
        ingest(world, *(scenario.event(grant, number) for number in (3, 4, 5)))
    assert refused.value.refusal.code == "too_many"
    assert AccessEvent.objects.count() == 2
