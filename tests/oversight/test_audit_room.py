"""The audit room beyond its timeline: words, saved scopes, the past, samples, tests of control."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from access import services as access
from access.models import Grant
from access.services import enforcement
from fellowship.accounts.models import RoleAssignment
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.clocks.models import Clock
from fellowship.history.models import Event
from fellowship.history.rows import history_models
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from governance.models import Matter
from governance.services.access_reviews import attest_access, open_access_review
from governance.states import Standing
from oversight import drawing, services
from oversight.audit import asof, sample, search
from oversight.audit.controls import TESTS, Ask
from oversight.audit.populations import POPULATIONS, counts
from oversight.audit.scope import Scope, conflicted
from oversight.audit.trail import entries
from oversight.models import ControlRun, EventWords, Sample, SavedScope
from tests.scenarios import access as access_scenes
from tests.scenarios import governance as governance_scenes
from tests.scenarios import publications as publication_scenes
from tests.scenarios import targets
from tests.scenarios.oversight import Case, settle
from tests.scenarios.proposals import referred_proposal
from tests.scenarios.world import World

PROGRAM = "programs.program"


@pytest.fixture
def auditor(world: World) -> Client:
    """The auditor, signed in."""
    client = Client()
    client.force_login(world.fresh("auditor"))
    return client


def _url(world: World, name: str, *args: object) -> str:
    return reverse(f"oversight:{name}", args=[world.program.slug, *args])


def _found(world: World, words: str) -> set[str]:
    search.index()
    scope = Scope.of(world.program, world.fresh("auditor"), words=words)
    return set(scope.events().values_list("verb", flat=True))


# --- words and scopes ------------------------------------------------------------------------


def test_words_are_found_in_reasons_and_in_texts_as_they_were(world: World, case: Case) -> None:
    assert "findings.report" in _found(world, case.finding.title.upper())
    assert "findings.report" in _found(world, f'"{case.finding.claim[:30]}"')
    assert _found(world, f"{case.finding.ref} nowhere-to-be-found") == set()
    first, second = case.finding.title.split()[:2]
    assert "findings.report" in _found(world, f"{second} {first}")
    assert _found(world, f'"{second} {first}"') == set()


def test_people_are_not_found_by_the_words_kept(world: World, case: Case) -> None:
    search.index()
    kept = " ".join(EventWords.objects.values_list("text", flat=True))
    assert world.mentor.email.casefold() not in kept


def test_taking_the_words_again_finds_nothing_to_do(world: World, case: Case) -> None:
    assert search.index() == Event.objects.count()
    assert search.index() == 0
    assert search.waiting() == 0


def test_a_sealed_vote_is_not_found_until_its_ballot_closes(world: World) -> None:
    proposal = referred_proposal(world)
    matter = Matter.objects.get(subject_type="proposals.proposal", subject_id=proposal.pk)
    seats = matter.ballot.seats.filter(standing=Standing.ELIGIBLE).select_related("user")
    first = next(seat.user for seat in seats if seat.user)
    governance_scenes.vote(matter, first, rationale="Quixotic rationale.")
    assert _found(world, "quixotic") == set()
    governance_scenes.decide(world, matter)
    assert "governance.cast_vote" in _found(world, "quixotic")


def test_several_people_kinds_and_acts_narrow_together(
    world: World, case: Case, auditor: Client
) -> None:
    people = [world.steward.pk, world.product_owner.pk]
    asked: dict[str, list[Any]] = {
        "actor": people,
        "kind": ["findings.finding", "findings.control"],
    }
    page = auditor.get(_url(world, "room"), asked).content.decode()
    assert page.count('class="chip"') == 5  # two of each, and “Show everything”
    scope = Scope.of(
        world.program,
        world.fresh("auditor"),
        actors=(world.steward.pk, world.product_owner.pk),
        kinds=("findings.finding", "findings.control"),
    )
    kinds = set(scope.events().values_list("subject_type", flat=True))
    assert kinds == {"findings.finding", "findings.control"}
    said = json.loads(Event.objects.latest("id").body)["change"]["scope"]
    assert said["actors"] == people


def test_a_clock_is_told_by_what_it_runs_for(world: World, case: Case) -> None:
    ref = case.finding.ref
    clock = Clock.objects.about(case.finding).first()
    assert clock is not None
    events = Event.objects.filter(subject_type="clocks.clock", subject_id=clock.pk)
    assert {entry.ref for entry in entries(events, world.program.slug)} == {
        f"Clock: Answer to a finding, {ref}"
    }


def test_a_kind_that_no_event_is_about_is_found_by_who_wrote_it(world: World, case: Case) -> None:
    user = world.fresh("auditor")
    votes = Scope.of(world.program, user, kinds=("governance.vote",)).events()
    assert set(votes.values_list("verb", flat=True)) == {"governance.cast_vote"}
    mixed = Scope.of(world.program, user, kinds=("governance.vote", "findings.finding")).events()
    assert mixed.count() > votes.count() > 0


def test_a_scope_is_saved_used_and_removed(world: World, case: Case, auditor: Client) -> None:
    query = f"kind=findings.finding&reference={case.finding.ref}&nonsense=1"
    sent = {"name": "This finding", "query": query}
    for _ in range(2):
        assert auditor.post(_url(world, "save_scope"), sent).status_code == 302
    saved = SavedScope.objects.get()
    assert saved.query == f"kind=findings.finding&reference={case.finding.ref}"
    assert Event.objects.filter(verb="oversight.save_scope").count() == 1
    page = auditor.get(saved.get_absolute_url()).content.decode()
    assert "This finding" in page
    again = auditor.post(_url(world, "save_scope"), {"name": "This finding", "query": "case=on"})
    assert again.status_code == 422
    assert "You have a scope of this name already." in again.content.decode()
    assert auditor.post(_url(world, "save_scope"), {"name": " "}).status_code == 422
    for _ in range(2):
        auditor.post(_url(world, "remove_scope", saved.pk))
    assert not SavedScope.objects.exists()
    assert Event.objects.filter(verb="oversight.remove_scope").count() == 1


def test_only_who_saved_a_scope_removes_it(world: World, auditor: Client) -> None:
    saved = services.save_scope(
        program=world.program, name="Mine", query="", by=world.fresh("auditor")
    )
    other = grant_role(
        user=world.sponsor, realm=world.program.realm, role="auditor", by=world.admin
    ).user
    with pytest.raises(Refused) as refused:
        services.remove_scope(saved=saved, by=other)
    assert refused.value.refusal.code == "not_yours"
    with pytest.raises(Refused) as refused:
        services.save_scope(program=world.program, name="x", query="", by=world.fresh("manager"))
    assert refused.value.refusal.code == "wrong_role"


# --- the past --------------------------------------------------------------------------------


def test_what_was_changed_since_does_not_colour_the_past(world: World, case: Case) -> None:
    before = now()
    with frozen(before + dt.timedelta(days=1)):
        access.revoke_grant(grant=case.grant, by=world.steward, reason="No longer needed.")
    with frozen(before + dt.timedelta(days=2)):
        then = asof.grants_at(world.program.pk, before)
        assert [row.ref for row in then] == [case.grant.ref]
        assert [row.revoked_at for row in then] == [None]
        assert list(asof.grants_at(world.program.pk, now())) == []


def test_every_record_of_a_kind_stands_as_it_did(world: World, case: Case, auditor: Client) -> None:
    reported = case.finding.history.order_by("history_id").first().history_date
    url = _url(world, "records", "findings.finding")
    page = auditor.get(url, {"at": f"{reported:%Y-%m-%dT%H:%M:%S.%f}"}).content.decode()
    assert case.finding.ref in page
    assert "Reported" in page
    assert "Accepted" in auditor.get(url).content.decode()
    early = auditor.get(url, {"at": "2020-01-01T00:00"}).content.decode()
    assert "There was no such record then." in early
    assert auditor.get(_url(world, "records", "no.such")).status_code == 404


def test_every_kind_of_record_there_is_can_be_looked_at(
    world: World, case: Case, auditor: Client
) -> None:
    """A programme has the key of its realm, and none of its own."""
    for model in history_models().values():
        label = model.instance_type._meta.label_lower
        assert auditor.get(_url(world, "records", label)).status_code == 200, label
    assert world.program.name in auditor.get(_url(world, "records", PROGRAM)).content.decode()
    told = auditor.get(f"/api/v1/audit/{world.program.slug}/records/{PROGRAM}/").json()
    assert [one["id"] for one in told["results"]] == [world.program.pk]


def test_the_past_asks_as_often_for_one_record_as_for_many(
    world: World, case: Case, auditor: Client
) -> None:
    counts = []
    for kind in ("findings.finding", "findings.measurement", "clocks.clock"):
        url = _url(world, "records", kind)
        auditor.get(url)
        with CaptureQueriesContext(connection) as counted:
            auditor.get(url)
        counts.append(len(counted))
    assert len(set(counts)) == 1
    assert counts[0] <= 20
    with CaptureQueriesContext(connection) as counted:
        auditor.get(_url(world, "as_of"))
    assert len(counted) <= 25


def test_one_policy_of_a_kind_was_in_force(world: World, case: Case) -> None:
    kinds = [rule.kind for rule in asof.rules_at(world.program.pk, now())]
    assert kinds == sorted(set(kinds))
    assert asof.rules_at(world.program.pk, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) == []


# --- samples ---------------------------------------------------------------------------------


@given(
    totals=st.dictionaries(st.text("abcdef", min_size=1), st.integers(1, 300), max_size=6),
    size=st.integers(1, 400),
    allocation=st.sampled_from([sample.PROPORTIONAL, sample.EQUAL, sample.WHOLE]),
)
def test_shares_make_up_the_sample_and_never_exceed_their_stratum(
    totals: dict[str, int], size: int, allocation: str
) -> None:
    shares = sample.shared(totals, size, allocation)
    assert sum(shares.values()) == min(size, sum(totals.values()))
    assert all(0 <= shares[of] <= totals[of] for of in totals)
    if size >= len(totals):
        assert all(share > 0 for share in shares.values())


def test_strata_get_their_share() -> None:
    totals = {"high": 10, "low": 90}
    assert sample.shared(totals, 20, sample.PROPORTIONAL) == {"high": 2, "low": 18}
    assert sample.shared(totals, 20, sample.EQUAL) == {"high": 10, "low": 10}
    assert sample.shared({"a": 1, "b": 99}, 10, sample.EQUAL) == {"a": 1, "b": 9}


def test_a_stratified_sample_draws_alike_and_says_its_strata(
    world: World, case: Case, auditor: Client
) -> None:
    url = _url(world, "population", "roles")
    sent = {"size": "20", "seed": "a1b2", "stratum": "role", "allocation": "equal"}
    for _ in range(2):
        assert auditor.post(url, sent | {"to_on": "2100-01-01"}).status_code == 302
    first, second = Sample.objects.order_by("id")
    assert first.picked == second.picked
    assert len(first.picked) == 20
    assert first.seed_given
    rows = RoleAssignment.history.filter(realm_id=world.program.pk)
    drawn = {one["stratum"]: one["drawn"] for one in first.strata}
    assert sum(one["total"] for one in first.strata) == rows.count() == first.total
    assert drawn["Auditor"] == 1
    page = auditor.get(first.get_absolute_url(), {"again": "yes"}).content.decode()
    assert "the same 20 records in the same order" in page
    grant_role(user=world.sponsor, realm=world.program.realm, role="mentor", by=world.admin)
    page = auditor.get(first.get_absolute_url(), {"again": "yes"}).content.decode()
    assert "no longer what it was" in page or "the population has changed since" in page


def test_a_sample_without_a_seed_gets_one_nobody_chose(world: World, auditor: Client) -> None:
    auditor.post(_url(world, "population", "roles"), {"size": "3"})
    drawn = Sample.objects.get()
    assert not drawn.seed_given
    assert len(drawn.seed) == 16
    assert drawing.again(drawn, POPULATIONS["roles"], {}).alike


def test_populations_and_samples_are_taken_as_files_and_recorded(
    world: World, case: Case, auditor: Client
) -> None:
    answer = auditor.get(_url(world, "population_file", "grants", "csv"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][0] == "Grant"
    assert [row[0] for row in rows[1:]] == [case.grant.ref]
    taken = Event.objects.filter(verb="oversight.take_file")
    assert json.loads(taken.get().body)["change"]["scope"]["population"] == "grants"
    assert auditor.get(_url(world, "population_file", "grants", "exe")).status_code == 404
    auditor.post(_url(world, "population", "roles"), {"size": "3", "seed": "s"})
    drawn = Sample.objects.get()
    answer = auditor.get(_url(world, "sample_file", drawn.pk, "jsonl"))
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert taken.count() == 2


@pytest.mark.parametrize("key", sorted(POPULATIONS))
def test_each_population_is_shown_whole_in_a_fixed_number_of_queries(
    world: World, case: Case, auditor: Client, key: str
) -> None:
    found = POPULATIONS[key]
    url = _url(world, "population", key)
    answer = auditor.get(url)
    assert answer.status_code == 200
    count = found.within(world.program.pk, None, None).count()
    assert answer.content.decode().count("<tr>") - 1 == min(count, 50) or count == 0
    with CaptureQueriesContext(connection) as counted:
        auditor.get(url)
    assert len(counted) <= 20
    with CaptureQueriesContext(connection) as counted:
        read = [
            (found.texts(row), found.url(row)) for row in found.within(world.program.pk, None, None)
        ]
    assert len(read) == count
    assert len(counted) == 1, "the records of a population are read in one query, however many"
    for row in found.within(world.program.pk, None, None)[:3]:
        assert len(found.texts(row)) == len(found.columns)
        assert found.url(row) in auditor.get(url).content.decode()
    for by, _ in found.strata:
        rows = found.within(world.program.pk, None, None)
        assert sum(1 for _ in found.keyed(rows, by)) == count


def test_the_numbers_of_the_populations_are_those_of_their_records(
    world: World, case: Case
) -> None:
    numbers = counts(world.program.pk, {})
    for key, found in POPULATIONS.items():
        assert numbers[key] == found.within(world.program.pk, None, None).count(), key
    assert numbers["votes"] > 0
    assert numbers["dispositions"] == 2  # taken up, accepted
    assert numbers["grant-changes"] == 1


def _in(world: World, key: str) -> list[dict[str, Any]]:
    """The records of a population, each by its columns."""
    found = POPULATIONS[key]
    labels = [column.label for column in found.columns]
    rows = found.within(world.program.pk, None, None)
    return [dict(zip(labels, found.texts(row), strict=True)) for row in rows]


def test_access_is_also_followed_where_it_was_refused(world: World, case: Case) -> None:
    grant = case.grant.request
    refused = access_scenes.decided(world, outcome="deny", fellowship=case.fellowship)
    first, second = _in(world, "access-requests")
    assert (first["Request"], first["State"]) == (grant.ref, grant.get_state_display())
    assert (second["Request"], second["State"]) == (refused.ref, "Refused")
    assert refused.decision is not None
    assert second["Decided by"] == refused.decision.matter.ref
    assert all(row["Requested"] and row["Decided"] for row in (first, second))


def test_the_period_of_what_keeps_no_beginning_is_that_of_its_first_row(
    world: World, case: Case
) -> None:
    for key in ("access-requests", "scopes", "milestones", "controls"):
        found = POPULATIONS[key]
        every = found.within(world.program.pk, None, None).count()
        assert every
        assert found.within(world.program.pk, None, now()).count() == every, key
        assert not found.within(world.program.pk, now(), None).exists(), key


def test_scopes_milestones_controls_and_objections_are_populations(
    world: World, case: Case
) -> None:
    (scope,) = _in(world, "scopes")
    assert (scope["Version"], scope["State"]) == (1, "Signed")
    assert scope["Fellowship"] == case.fellowship.ref
    assert {row["Fellowship"] for row in _in(world, "milestones")} == {case.fellowship.ref}
    (control,) = _in(world, "controls")
    assert (control["Control"], control["State"]) == (case.control.ref, "Verified")
    counts_taken = _in(world, "measurements")
    assert {row["Phase"] for row in counts_taken} == {"Before", "After"}
    objection = publication_scenes.objected(world, case.publication)
    (row,) = _in(world, "objections")
    assert (row["Objection"], row["State"]) == (objection.ref, objection.said_state)
    assert objection.passage not in str(row)


def test_a_closed_case_is_in_the_closeouts_and_not_before_who_is_conflicted(
    world: World, case: Case
) -> None:
    assert _in(world, "closeouts") == []
    closeout = services.close_fellowship(
        fellowship=settle(world, case).fellowship, by=world.fresh("manager"), reason="All is done."
    )
    (row,) = _in(world, "closeouts")
    assert (row["Fellowship"], row["Package"]) == (case.fellowship.ref, closeout.package_sha256)
    declare_conflict(
        user=world.auditor,
        subject=case.fellowship,
        realm=world.program.pk,
        kind="supervisor",
        statement="My student.",
        by=world.auditor,
    )
    hidden = conflicted(world.fresh("auditor"))
    for key in ("closeouts", "scopes", "milestones", "controls", "measurements", "access-requests"):
        assert POPULATIONS[key].within(world.program.pk, None, None).exists(), key
        assert not POPULATIONS[key].within(world.program.pk, None, None, hidden).exists(), key


# --- tests of control ------------------------------------------------------------------------


def _run(world: World, key: str) -> dict[str, tuple[int, int]]:
    ask = Ask(world.program.pk, None, now() + dt.timedelta(seconds=1))
    return {part.question: (part.tested, part.failed) for part in TESTS[key].run(ask)}


@pytest.mark.parametrize("key", sorted(TESTS))
def test_a_case_done_by_the_rules_has_no_exception(world: World, case: Case, key: str) -> None:
    found = _run(world, key)
    assert [failed for _, failed in found.values()] == [0] * len(found), found
    assert any(tested for tested, _ in found.values()) or key == "removal"


def test_a_revocation_answered_in_time_is_no_exception(world: World, case: Case) -> None:
    question = "Did each target system acknowledge a revocation within its stated time?"
    begin = now()
    target = targets.pulling(world, case.grant)
    enforcement.acknowledge(target=target, revision=target.revision, by=world.stranger)
    with frozen(begin + dt.timedelta(days=1)):
        access.revoke_grant(grant=case.grant, by=world.steward, reason="No longer needed.")
        enforcement.sync()
    with frozen(begin + dt.timedelta(days=1, minutes=target.alarm_after_minutes - 1)):
        assert _run(world, "removal")[question] == (1, 0)  # its time is not over yet
        target.refresh_from_db()
        enforcement.acknowledge(target=target, revision=target.revision, by=world.stranger)
        assert _run(world, "removal")[question] == (1, 0)


def test_a_revocation_answered_late_is_found(world: World, case: Case) -> None:
    question = "Did each target system acknowledge a revocation within its stated time?"
    begin = now()
    target = targets.pulling(world, case.grant)
    enforcement.acknowledge(target=target, revision=target.revision, by=world.stranger)
    with frozen(begin + dt.timedelta(days=1)):
        access.revoke_grant(grant=case.grant, by=world.steward, reason="No longer needed.")
        enforcement.sync()
    with frozen(begin + dt.timedelta(days=1, minutes=target.alarm_after_minutes + 1)):
        target.refresh_from_db()
        assert _run(world, "removal")[question] == (1, 1)  # not answered, and late
        enforcement.acknowledge(target=target, revision=target.revision, by=world.stranger)
        assert _run(world, "removal")[question] == (1, 1)  # answered, late


def test_a_grant_opened_before_its_approval_is_found(world: World, case: Case) -> None:
    with journal.acting("tests.forge", by=world.steward):
        agreement = case.grant.agreement
        agreement.accepted_at = now() - dt.timedelta(days=900)
        agreement.save()
        journal.record(subject=agreement, realm_id=world.program.pk)
    found = _run(world, "approval")
    assert found["Was each grant approved before it opened, by a decision that approves?"] == (1, 1)


def test_use_outside_of_any_approval_is_found(world: World, case: Case) -> None:
    access.ingest(
        events=[access_scenes.event(case.grant, 9, person="nobody@nowhere.example")],
        source="gateway",
        program=world.program,
        by=world.steward,
    )
    ask = Ask(world.program.pk, None, now() + dt.timedelta(seconds=1))
    part = TESTS["approval"].run(ask)[2]
    assert (part.tested, part.failed) == (4, 1)
    assert "nobody@nowhere.example" in part.failures[0].what


def test_a_role_given_to_oneself_is_found(world: World, case: Case) -> None:
    with journal.acting("tests.forge", by=world.manager):
        role = RoleAssignment(user=world.manager, realm=world.program.realm, role="mentor")
        role.save()
        journal.record(subject=role)
    found = _run(world, "duties")
    assert found["Did nobody give themselves a role, or change one of their own?"][1] == 1


def test_an_access_review_is_a_population_and_answered_in_time_or_found(world: World) -> None:
    question = (
        "Was every role and grant a review asked about kept or removed by the review’s due day?"
    )
    review = open_access_review(program=world.program, by=world.fresh("chair"))
    item = review.items.get(person=world.reviewer)
    attest_access(
        item=item, by=world.fresh("manager"), decision="remove", reason="No longer asked."
    )
    rows = POPULATIONS["access-reviews"].within(world.program.pk, None, None)
    assert rows.count() == review.items.count() > 1
    texts = {row.pk: POPULATIONS["access-reviews"].texts(row) for row in rows}
    assert "Remove" in texts[item.pk]
    assert _run(world, "removal")[question] == (0, 0)
    with frozen(review.due_at + dt.timedelta(days=1)):
        assert _run(world, "removal")[question] == (rows.count(), rows.count() - 1)


def test_an_auditor_with_another_role_is_found(world: World) -> None:
    grant_role(user=world.auditor, realm=world.program.realm, role="mentor", by=world.admin)
    found = _run(world, "duties")
    assert found["Does no auditor hold another role in the programme they audit?"] == (1, 1)


def test_a_run_is_kept_with_its_exceptions_and_is_an_event(
    world: World, case: Case, auditor: Client
) -> None:
    grant_role(user=world.auditor, realm=world.program.realm, role="mentor", by=world.admin)
    answer = auditor.post(_url(world, "control", "duties"), {})
    run = ControlRun.objects.get()
    assert answer.status_code == 302
    assert run.failed == 1
    page = auditor.get(run.get_absolute_url()).content.decode()
    assert "Audits the programme and holds another role in it." in page
    assert world.auditor.name in page
    event = Event.objects.get(verb="oversight.test_control")
    assert json.loads(event.body)["change"]["failed"] == 1
    assert "1" in auditor.get(_url(world, "controls")).content.decode()
    wrong = auditor.post(
        _url(world, "control", "duties"), {"from_on": "2026-12-01", "to_on": "2026-01-01"}
    )
    assert wrong.status_code == 422


def test_only_an_auditor_draws_and_tests(world: World) -> None:
    manager = world.fresh("manager")
    with pytest.raises(Refused):
        drawing.run(
            program=world.program, test=TESTS["duties"], from_at=None, to_at=None, by=manager
        )
    with pytest.raises(Refused):
        drawing.draw(
            program=world.program,
            population=POPULATIONS["roles"],
            from_at=None,
            to_at=now(),
            size=3,
            by=manager,
        )


def test_a_conflict_closes_tests_and_populations_too(world: World, case: Case) -> None:
    declare_conflict(
        user=world.auditor,
        subject=case.fellowship,
        realm=world.program.pk,
        kind="supervisor",
        statement="My student.",
        by=world.auditor,
    )
    run = drawing.run(
        program=world.program,
        test=TESTS["approval"],
        from_at=None,
        to_at=None,
        by=world.fresh("auditor"),
    )
    assert run.tested == 0
    assert Grant.objects.count() == 1


# --- the API ---------------------------------------------------------------------------------


def test_the_api_shows_what_the_room_shows_and_each_answer_is_a_look(
    world: World, case: Case, auditor: Client
) -> None:
    base = f"/api/v1/audit/{world.program.slug}"
    found = auditor.get(f"{base}/events/", {"reference": case.finding.ref}).json()
    assert "findings.report" in {one["verb"] for one in found["results"]}
    words = auditor.get(f"{base}/events/", {"words": case.finding.title}).json()
    assert "findings.report" in {one["verb"] for one in words["results"]}
    then = auditor.get(f"{base}/as-of/").json()
    assert [one["ref"] for one in then["grants"]["results"]] == [case.grant.ref]
    early = auditor.get(f"{base}/as-of/", {"at": "2020-01-01T00:00:00Z"}).json()
    assert early["grants"]["count"] == 0
    listed = auditor.get(f"{base}/records/findings.finding/").json()
    assert [one["ref"] for one in listed["results"]] == [case.finding.ref]
    one = auditor.get(f"{base}/records/findings.finding/{case.finding.pk}/").json()
    assert one["fields"]["state"] == "Accepted"
    populations = auditor.get(f"{base}/populations/").json()["results"]
    assert {row["key"]: row["count"] for row in populations} == counts(world.program.pk, {})
    grants = auditor.get(f"{base}/populations/grants/").json()
    assert [row["Grant"] for row in grants["results"]] == [case.grant.ref]
    assert Event.objects.filter(verb="oversight.view").count() == 8
    for path in ("events", "as-of", "populations", "samples", "controls", "scopes"):
        assert _manager(world).get(f"{base}/{path}/").status_code == 404
    assert auditor.get(f"{base}/as-of/", {"at": "yesterday"}).status_code == 400
    assert auditor.get(f"{base}/events/", {"from_on": "x"}).status_code == 400


def _manager(world: World) -> Client:
    client = Client()
    client.force_login(world.fresh("manager"))
    return client


def test_the_api_draws_tests_and_keeps_scopes(world: World, case: Case, auditor: Client) -> None:
    base = f"/api/v1/audit/{world.program.slug}"

    def post(path: str, **body: Any) -> Any:
        return auditor.post(f"{base}/{path}/", body, content_type="application/json")

    draw = {"size": 4, "seed": "s", "to_at": "2100-01-01T00:00:00Z"}
    first, second = (post("populations/roles/samples", **draw).json() for _ in range(2))
    assert first["picked"] == second["picked"]
    shown = auditor.get(f"{base}/samples/{first['id']}/").json()
    assert shown["again"] == {"alike": True, "same_population": True}
    assert [row["id"] for row in shown["records"]] == first["picked"]
    assert post("populations/roles/samples", size=4, stratum="nonsense").status_code == 400
    run = post("controls/duties/runs")
    assert run.status_code == 201
    assert run.json()["failed"] == 0
    assert auditor.get(f"{base}/controls/duties/runs/").json()["count"] == 1
    assert post("controls/nothing/runs").status_code == 404
    made = post("scopes", name="Findings", query="kind=findings.finding&x=1")
    assert made.json()["query"] == "kind=findings.finding"
    assert post("scopes", name="Findings", query="").status_code in (400, 409, 422)
    gone = auditor.delete(f"{base}/scopes/{made.json()['id']}/")
    assert gone.status_code == 204
    assert not SavedScope.objects.exists()
