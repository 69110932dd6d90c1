"""The audit room: what it shows, and that each look of it is in the record."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts.services import declare_conflict
from fellowship.history.models import Event, Tracked
from fellowship.history.rows import history_models
from fellowship.history.seal import seal
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.web.items import Change
from oversight import casebook, services
from oversight.audit import asof, names, sample, trail
from oversight.audit.populations import POPULATIONS
from oversight.audit.scope import Scope, conflicted, kinds
from oversight.audit.words import field_changes, word
from oversight.models import Sample, Verification
from tests.scenarios.oversight import Case
from tests.scenarios.world import World


@pytest.fixture
def auditor(world: World) -> Client:
    """The auditor, signed in."""
    client = Client()
    client.force_login(world.fresh("auditor"))
    return client


def _room(world: World) -> str:
    return reverse("oversight:room", args=[world.program.slug])


def test_every_look_is_an_event_and_says_of_what(world: World, auditor: Client) -> None:
    looks = Event.objects.filter(verb="oversight.view")
    for _ in range(2):
        auditor.get(_room(world))
    assert looks.count() == 2
    auditor.get(_room(world), {"verb": "scoping.sign_scope"})
    last = looks.order_by("-id").first()
    assert last is not None
    assert (last.actor_id, last.realm_id) == (world.auditor.pk, world.program.pk)
    assert json.loads(last.body)["change"]["scope"] == {
        "page": "timeline",
        "verbs": ["scoping.sign_scope"],
    }


ASKED = ("kind", "verb")
ROOMS = ("as_of", "populations", "samples", "controls", "verification", "export")


@pytest.mark.parametrize("name", ROOMS)
def test_each_room_is_a_look(world: World, auditor: Client, name: str) -> None:
    assert auditor.get(reverse(f"oversight:{name}", args=[world.program.slug])).status_code == 200
    assert Event.objects.filter(verb="oversight.view").count() == 1


def test_looks_outside_of_the_room_are_events_as_well(
    world: World, case: Case, auditor: Client
) -> None:
    looks = Event.objects.filter(verb="oversight.view", realm_id=world.program.pk)
    assert auditor.get(case.finding.get_absolute_url()).status_code == 200
    last = looks.get()
    assert json.loads(last.body)["change"]["scope"]["address"] == case.finding.get_absolute_url()
    assert auditor.get("/api/v1/findings/").status_code == 200
    assert looks.count() == 2
    assert auditor.get("/inbox/").status_code == 200
    assert auditor.get("/triage/NOPE-1/").status_code == 404
    assert looks.count() == 2
    manager = Client()
    manager.force_login(world.fresh("manager"))
    assert manager.get(case.finding.get_absolute_url()).status_code == 200
    assert looks.count() == 2


def test_what_cannot_be_recorded_is_not_shown(
    world: World, case: Case, auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(journal, "_recorder", [fail])
    auditor.raise_request_exception = False
    assert auditor.get(case.finding.get_absolute_url()).status_code == 500
    assert auditor.get(_room(world)).status_code == 500


def test_only_an_auditor_records_looks_samples_and_exports(world: World) -> None:
    manager = world.fresh("manager")
    with pytest.raises(Refused) as refused:
        services.record_view(programs=[world.program], scope={}, by=manager)
    assert refused.value.refusal.code == "wrong_role"
    with pytest.raises(Refused):
        services.ask_export(program=world.program, scope={}, file_format="csv", by=manager)


def test_the_timeline_shows_who_what_why_and_the_fields_that_changed(
    world: World, case: Case, auditor: Client
) -> None:
    page = auditor.get(_room(world), {"reference": case.finding.ref}).content.decode()
    assert "accepted the finding" in page
    assert "Under investigation" in page  # the field before, from the history rows
    assert world.product_owner.name in page
    assert "signed the scope of work" not in page.rpartition("</form>")[2].replace(
        "signed the scope of work</option>", ""
    )


def test_a_scope_narrows_by_period_person_kind_act_and_case(world: World, case: Case) -> None:
    program, user = world.program, world.fresh("auditor")
    every = Scope.of(program, user).events()
    assert every.count() == Event.objects.filter(realm_id=program.pk).count()
    later = Scope.of(program, user, from_at=now() + dt.timedelta(days=1))
    assert later.events().count() == 0
    mine = Scope.of(program, user, actors=(world.steward.pk,)).events()
    assert set(mine.values_list("actor_id", flat=True)) == {world.steward.pk}
    kind = Scope.of(program, user, kinds=("findings.control",)).events()
    assert set(kind.values_list("subject_type", flat=True)) == {"findings.control"}
    whole = Scope.of(program, user, reference=case.fellowship.ref, case=True).events()
    verbs = set(whole.values_list("verb", flat=True))
    assert {"proposals.submit", "access.approve", "findings.verify_control"} & verbs
    assert Scope.of(program, user, reference="NOPE-1").events().count() == 0


def test_older_pages_follow_without_gap_or_repetition(world: World, case: Case) -> None:
    events = Scope.of(world.program, world.fresh("auditor")).events()
    expected = list(events.order_by("-at", "-pk").values_list("pk", flat=True))
    found, mark = [], ""
    while True:
        page = trail.page(events, mark, size=7)
        found += [event.pk for event in page.events]
        mark = page.older
        if not mark:
            break
    assert found == expected
    assert trail.page(events, "nonsense~1", size=3).events[0].pk == expected[0]


def test_the_timeline_asks_as_often_for_one_event_as_for_many(
    world: World, case: Case, auditor: Client
) -> None:
    counts = []
    for asked in ({"reference": case.finding.ref, "verb": "findings.take"}, {}):
        url = _room(world)
        auditor.get(url, asked)
        with CaptureQueriesContext(connection) as counted:
            auditor.get(url, asked)
        counts.append(len(counted))
    assert counts[0] - 1 == counts[1] <= 20  # a reference costs one look-up


def test_a_record_as_of_an_instant_is_as_it_stood(world: World, case: Case) -> None:
    rows = list(case.finding.history.order_by("history_id").values_list("history_date", "state"))
    assert rows[0][1] == "reported"
    first = asof.standing("findings.finding", case.finding.pk, rows[0][0])
    assert first is not None
    assert ("state", "Reported") in [(row.label, row.value) for row in first.rows]
    now_ = asof.standing("findings.finding", case.finding.pk, now())
    assert now_ is not None
    assert ("state", "Accepted") in [(row.label, row.value) for row in now_.rows]
    before = asof.standing(
        "findings.finding", case.finding.pk, rows[0][0] - dt.timedelta(seconds=1)
    )
    assert before is not None
    assert before.exists is False
    assert asof.standing("no.such", 1, now()) is None


def test_the_record_speaks_in_names_references_and_labels(
    world: World, case: Case, auditor: Client
) -> None:
    grant, matter = case.grant, case.grant.decision.matter  # type: ignore[union-attr]
    held = asof.standing("access.grant", grant.pk, now())
    assert held is not None
    assert held.name == f"Grant: {grant.ref}"
    rows = {row.label: row.value for row in held.rows}
    assert rows["person"] == case.grant.person.name
    assert rows["fellowship"] == case.fellowship.ref
    assert rows["dataset"] == grant.dataset.ref
    assert rows["decision"] == matter.ref
    assert rows["handling"] == "Data handling standard v1"
    assert rows["operations"] == "Look at records, Query, Run code on it"
    asked = asof.standing("governance.matter", matter.pk, now())
    assert asked is not None
    rows = {row.label: row.value for row in asked.rows}
    assert (rows["kind"], rows["about"]) == (
        "Data access",
        f"Access request: {grant.request.ref}",
    )
    assert "subject type" not in rows
    page = auditor.get(_room(world), {"reference": case.finding.ref}).content.decode()
    assert f"product owner {world.product_owner.name}" in " ".join(
        re.sub("<[^>]+>", " ", page).split()
    )


def test_changes_tell_instants_in_a_zone_and_terms_one_by_one() -> None:
    control = history_models()["findings.historicalcontrol"]
    scope = history_models()["scoping.historicalscopeofwork"]
    before = {"deployed_at": None, "terms": '{"method": "A", "question": "Q"}'}
    after = {"deployed_at": "2026-09-06 19:00:00", "terms": '{"method": "B", "question": "Q"}'}
    assert list(field_changes(control, "deployed_at", before, after)) == [
        Change("deployed at", "", "6 September 2026, 19:00 UTC")
    ]
    assert list(field_changes(scope, "terms", before, after)) == [
        Change("terms: Method and success criteria", "A", "B")
    ]
    planned = {"milestones": '[{"title": "Protocol", "due": "2026-08-08"}, {"title": "Report"}]'}
    said = word(scope, "milestones", planned)
    assert said == "title: Protocol; due: 8 August 2026 · title: Report"


def test_parts_of_the_system_and_versions_are_named_for_a_reader(
    world: World, case: Case, auditor: Client
) -> None:
    page = auditor.get(_room(world), {"verb": "clocks.stop"}).content.decode()
    assert "proposals service" not in page
    version = case.publication.versions.get()
    pair = ("publications.version", version.pk)
    assert names.titled(*pair, names.of([pair])) == (
        f"Version of a publication: {case.publication.ref} v{version.number}"
    )


def test_of_new_records_the_line_says_what_the_event_says(
    world: World, case: Case, auditor: Client
) -> None:
    page = auditor.get(_room(world), {"verb": "publications.assign_reviewer"}).content.decode()
    said = " ".join(re.sub("<[^>]+>", " ", page).split())
    assert "new Reviewer of a publication" in said
    reviewer = case.publication.reviewers.filter(track="scientific").get().reviewer
    assert f"reviewer {reviewer.name}" in said
    assert "track Scientific" in said


def test_every_record_of_a_case_has_a_name(world: World, case: Case) -> None:
    events = Event.objects.filter(realm_id=world.program.pk).exclude(verb="access.ingest")
    page = trail.page(events.order_by(), "", size=500)
    bare = {names.titled(event.subject_type, event.subject_id, {}) for event in page.events}
    said = {entry.ref for entry in trail.entries(page.events, world.program.slug)}
    assert len(page.events) > 100
    assert said & bare == set()


def test_an_instant_to_come_is_refused_at_its_field(
    world: World, case: Case, auditor: Client
) -> None:
    slug, finding = world.program.slug, case.finding.pk
    kind = "findings.finding"
    pages = [
        reverse("oversight:as_of", args=[slug]),
        reverse("oversight:records", args=[slug, kind]),
        reverse("oversight:record", args=[slug, kind, finding]),
    ]
    for url in pages:
        page = auditor.get(url, {"at": "2100-01-01T00:00"}).content.decode()
        assert "Choose an instant that has passed: nothing is recorded yet." in page, url
        assert 'value="2100-01-01T00:00"' in page, url
        assert "1 January 2100" not in page, url
    base = f"/api/v1/audit/{slug}"
    for path in ("as-of/", f"records/{kind}/", f"records/{kind}/{finding}/"):
        answer = auditor.get(f"{base}/{path}", {"at": "2100-01-01T00:00:00Z"})
        assert answer.status_code == 400, path
        assert "has passed" in str(answer.json()), path


def test_kinds_and_acts_are_listed_by_application(world: World, auditor: Client) -> None:
    timeline = auditor.get(_room(world)).content.decode()
    kinds, acts = (timeline.split(f'name="{name}"')[1].split("</select>")[0] for name in ASKED)
    for listed in (kinds, acts):
        group = listed.split('<optgroup label="Data access">')[1].split("</optgroup>")[0]
        assert group.count('<option value="access.') == group.count("<option")
    url = reverse("oversight:as_of", args=[world.program.slug])
    past = auditor.get(url).content.decode()
    group = past.split("<h3>Data access</h3>")[1].split("</ul>")[0]
    assert group.count("/as-of/access.") == group.count("<li>") > 5


def test_roles_as_of_an_instant_are_those_held_then(world: World) -> None:
    from fellowship.accounts.models import RoleAssignment
    from fellowship.accounts.services import end_role

    start = now()
    held = RoleAssignment.objects.get(user=world.mentor, realm=world.program.realm)
    with frozen(start + dt.timedelta(days=2)):
        end_role(assignment=held, by=world.admin, reason="Left.")
    with frozen(start + dt.timedelta(days=3)):
        then = asof.roles_at(world.program.pk, start + dt.timedelta(days=1))
        later = asof.roles_at(world.program.pk, now())
    assert world.mentor.pk in {row.user_id for row in then}
    assert world.mentor.pk not in {row.user_id for row in later}


def test_populations_are_complete(world: World, case: Case) -> None:
    counts = {
        key: population.within(world.program.pk, None, None).count()
        for key, population in POPULATIONS.items()
    }
    assert counts["findings"] == counts["grants"] == counts["publications"] == 1
    assert counts["proposals"] == 1
    assert counts["roles"] >= 18
    assert counts["decisions"] >= 1
    decision = POPULATIONS["decisions"].within(world.program.pk, None, None).first()
    assert decision is not None
    assert decision.votes == 5


def test_a_sample_is_drawn_twice_alike(world: World, case: Case, auditor: Client) -> None:
    url = reverse("oversight:population", args=[world.program.slug, "roles"])
    asked = {"size": "5", "seed": "a1b2", "to_on": "2100-01-01"}
    for _ in range(2):
        assert auditor.post(url, asked).status_code == 302
    first, second = Sample.objects.order_by("id")
    assert first.picked == second.picked
    assert len(first.picked) == 5
    assert first.total == POPULATIONS["roles"].within(world.program.pk, None, None).count()
    assert Event.objects.filter(verb="oversight.draw_sample").count() == 2
    page = auditor.get(first.get_absolute_url()).content.decode()
    assert "a1b2" in page


@pytest.mark.parametrize("size", ["0", "5000", ""])
def test_a_sample_of_no_size_comes_back_with_all_that_was_said(
    world: World, case: Case, auditor: Client, size: str
) -> None:
    url = reverse("oversight:population", args=[world.program.slug, "roles"])
    asked = {"size": size, "seed": "a1b2", "reason": "The yearly test", "from_on": "2020-01-01"}
    answer = auditor.post(url, asked)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a problem" in page
    assert f'name="size" value="{size}"' in page or not size
    assert 'value="a1b2"' in page
    assert "The yearly test" in page
    assert page.count('value="2020-01-01"') == 2
    assert not Sample.objects.exists()


def test_a_period_that_ends_before_it_begins_is_refused(world: World, auditor: Client) -> None:
    url = reverse("oversight:export", args=[world.program.slug])
    asked = {"file_format": "csv", "from_on": "2026-12-01", "to_on": "2026-01-01"}
    answer = auditor.post(url, asked)
    assert answer.status_code == 422
    assert "the period ends before it begins" in answer.content.decode()
    assert not Event.objects.filter(verb="oversight.ask_export").exists()


def test_the_period_of_an_export_stands_in_the_readers_zone(
    world: World, case: Case, auditor: Client
) -> None:
    url = reverse("oversight:export", args=[world.program.slug])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    asked = {"from": begin, "to": begin + dt.timedelta(days=30), "as_of": None}
    by = world.fresh("auditor")
    services.ask_export(program=world.program, scope=asked, file_format="csv", by=by)
    page = auditor.get(url).content.decode()
    assert "from <time" in page
    assert ">1 January 2026, 0" in page
    assert ", earlier than <time" in page


def test_the_order_of_the_keys_does_not_change_the_draw() -> None:
    keys = list(range(1, 500))
    rows = [(key, "") for key in keys]
    drawn = sample.draw(rows, seed="s", size=9)
    assert drawn.picked == sample.draw(rows[::-1], seed="s", size=9).picked
    assert drawn.picked != sample.draw(rows, seed="t", size=9).picked
    assert (drawn.total, len(drawn.picked)) == (499, 9)
    nothing = sample.draw([], seed="s", size=9)
    assert (nothing.picked, nothing.total) == ([], 0)
    lots = sorted(keys, key=lambda key: hashlib.sha256(f"s:{key}".encode()).digest())
    assert drawn.picked == lots[:9]


def test_what_an_auditor_declared_a_conflict_about_is_not_there(world: World, case: Case) -> None:
    declare_conflict(
        user=world.auditor,
        subject=case.fellowship,
        realm=world.program.pk,
        kind="supervisor",
        statement="My student.",
        by=world.auditor,
    )
    user = world.fresh("auditor")
    assert case.finding.pk in conflicted(user)["findings.finding"]
    shown = Scope.of(world.program, user).events()
    assert not shown.filter(subject_type="findings.finding").exists()
    client = Client()
    client.force_login(user)
    slug = world.program.slug
    for url in (
        reverse("oversight:trace", args=[slug, case.fellowship.ref]),
        reverse("oversight:record", args=[slug, "findings.finding", case.finding.pk]),
    ):
        assert client.get(url).status_code == 404
    page = client.get(reverse("oversight:population", args=[slug, "findings"])).content.decode()
    assert case.finding.ref not in page


def test_part_of_a_case_with_a_declared_conflict_is_not_in_its_trace(
    world: World, case: Case
) -> None:
    """The case stays, without the request for data that the auditor is recused from."""
    request = case.grant.request
    url = reverse("oversight:trace", args=[world.program.slug, case.fellowship.ref])
    client = Client()
    client.force_login(world.fresh("auditor"))
    kind = dict(kinds())["access.accessrequest"]
    assert dict(client.get(url).context["counts"])[kind] == 1
    declare_conflict(
        user=world.auditor,
        subject=request,
        realm=world.program.pk,
        kind="other",
        statement="I wrote it with him.",
        by=world.auditor,
    )
    client.force_login(world.fresh("auditor"))
    page = client.get(url)
    assert page.status_code == 200
    assert kind not in dict(page.context["counts"])
    assert f"accessrequest/{request.pk}/" not in page.content.decode()


def test_a_case_is_traced_with_everything_that_belongs_to_it(world: World, case: Case) -> None:
    found = casebook.subjects(case.fellowship)
    assert found["findings.finding"] == [case.finding.pk]
    assert found["findings.measurement"] == sorted(one.pk for one in case.control.counts())
    for label in (
        "proposals.proposalversion",
        "proposals.score",
        "scoping.signature",
        "access.agreement",
        "governance.decision",
        "governance.vote",
        "clocks.clock",
        "publications.version",
    ):
        assert found.get(label), label
    assert "accounts.user" not in found
    assert "access.dataset" not in found


def test_the_latest_events_of_a_case_end_where_the_older_ones_begin(case: Case) -> None:
    records = casebook.subjects(case.fellowship)
    newest = [*casebook.events_of(records).values_list("pk", flat=True)][::-1]
    found = casebook.latest(records, 2**62, 7)
    assert found == newest[:7]
    assert casebook.latest(records, found[-1], 7) == newest[7:14]
    assert casebook.latest(records, 2**62, len(newest) + 1) == newest
    assert casebook.latest({}, 2**62, 7) == []
    page = trail.page_of(records, "")
    assert [event.pk for event in page.events] == newest[:30]
    assert [event.pk for event in trail.page_of(records, page.older).events] == newest[30:60]


def test_the_latest_events_of_a_record_are_found_however_much_came_after(case: Case) -> None:
    records = {"proposals.proposal": [case.fellowship.proposal_id]}
    newest = [*casebook.events_of(records).values_list("pk", flat=True)][::-1]
    assert Event.objects.filter(pk__gt=newest[0]).count() > 2
    assert casebook.latest(records, 2**62, 2) == newest[:2]
    # One of three lies at the end of what is read.
    assert casebook.latest(records, newest[0] + 1, 3) == newest[:3]


def test_what_is_about_a_record_is_found_by_an_index() -> None:
    """The walk of a case steps through it, from kind to kind."""
    for model in apps.get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if issubclass(model, Tracked) and {"subject_type", "subject_id"} <= names:
            told = [[*index.fields] for index in model._meta.indexes]
            told += [[*getattr(rule, "fields", ())] for rule in model._meta.constraints]
            assert any(one[:2] == ["subject_type", "subject_id"] for one in told), model


def test_verification_runs_from_the_page_and_is_kept(world: World, auditor: Client) -> None:
    seal()
    url = reverse("oversight:verify", args=[world.program.slug])
    assert auditor.get(url).status_code == 405
    assert auditor.post(url).status_code == 302
    kept = Verification.objects.get()
    assert (kept.found, kept.ran_by) == (0, world.auditor)
    page = auditor.get(reverse("oversight:verification", args=[world.program.slug]))
    assert "Nothing was changed, removed or reordered." in page.content.decode()
    other = Client()
    other.force_login(world.fresh("manager"))
    assert other.post(url).status_code == 404


def test_nonsense_in_the_address_narrows_nothing_and_breaks_nothing(
    world: World, auditor: Client
) -> None:
    for asked in (
        {"from_on": "yesterday", "actor": "x", "kind": "no.such", "before": "~"},
        {"reference": "A" * 500},
        {"actor": "9" * 30},
        {"before": "2026-01-01T00:00:00+00:00~99999999999999999999999"},
    ):
        assert auditor.get(_room(world), asked).status_code == 200
    slug = world.program.slug
    assert auditor.get(reverse("oversight:as_of", args=[slug]), {"at": "x"}).status_code == 200
    huge = f"/audit/{slug}/record/findings.finding/{'9' * 40}/"
    assert auditor.get(huge).status_code == 404
