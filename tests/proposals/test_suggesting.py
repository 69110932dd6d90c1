"""Reviewers for a whole call: what is suggested and why, changes by hand, carrying it out."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal, saying
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.notices.models import Notice
from proposals import services
from proposals.models import (
    Assignment,
    Proposal,
    ReviewerProfile,
    SuggestedPanel,
    Suggestion,
    SuggestionRun,
)
from proposals.services import suggesting
from proposals.states import ProposalState, RunState
from tests.scenarios.proposals import panel, submitted_proposal
from tests.scenarios.world import SETUP, World, make_person
from tests.support import kept


def refused(call: Any) -> str:
    """The code of the refusal `call` meets."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


@pytest.fixture(scope="module")
def kept_two(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[list[int]]:
    """Two proposals submitted, a panel of three, one of whom has said what they work on."""

    def build() -> list[int]:
        world = copy.deepcopy(kept_world)
        panel(world)
        services.describe_reviewing(
            by=world.reviewer, works_on=["refusal rate"], knows=["raters"], seat="product", places=1
        )
        other = {"question": "Do tools leak?", "title": "Tools"}
        made = (
            submitted_proposal(world),
            submitted_proposal(world, world.other_applicant, **other),
            world.people["reviewer_3"],
        )
        return [one.pk for one in made]

    with kept.built(build, django_db_blocker) as made:
        yield made


@pytest.fixture
def two(world: World, kept_two: list[int]) -> list[Proposal]:
    """The two proposals; the world knows the third reviewer."""
    *keys, third = kept_two
    world.people["reviewer_3"] = User.objects.get(pk=third)
    return [Proposal.objects.get(pk=pk) for pk in keys]


def suggested(world: World) -> SuggestionRun:
    return services.suggest_reviewers(call=world.call, by=world.manager)


def lines(run: SuggestionRun) -> list[tuple[str, str, str]]:
    rows = Suggestion.objects.filter(panel__run=run).order_by("panel__proposal_id", "reviewer__pk")
    return [
        (s.panel.proposal.ref, s.reviewer.username, s.why)
        for s in rows.select_related("panel__proposal", "reviewer")
    ]


def test_a_suggestion_says_why_and_what_stays_empty(world: World, two: list[Proposal]) -> None:
    run = suggested(world)
    assert (run.state, run.proposals, run.places, run.filled) == (RunState.READY, 2, 6, 5)
    first, second = (p.ref for p in two)
    found = {(ref, name): why for ref, name, why in lines(run)}
    assert found[first, world.reviewer.username] == (
        "Works on “refusal rate”, which the question names; 0 of 1 places used before; "
        "product seat, which this panel lacks otherwise."
    )
    assert (second, world.reviewer.username) not in found
    assert found[second, world.reviewer_two.username] == (
        "Has named no fields; 1 of 6 places used before."
    )
    empty = run.panels.get(missing=1)
    assert empty.proposal == two[1]
    assert empty.reason == "2 of 3: the only other reviewer has no place left."
    with saying.override("de"):
        again = SuggestedPanel.objects.get(pk=empty.pk)
        said = "2 von 3: Die einzige weitere begutachtende Person hat keinen Platz mehr."
        assert str(again.reason) == said
        why = empty.suggestions.first()
        assert why is not None
        assert "Plätzen zuvor vergeben" in str(why.why)
    assert SuggestedPanel.objects.values_list("reason", flat=True).get(pk=empty.pk) == empty.reason
    assert len(run.digest) == 64
    event = Event.objects.get(verb="proposals.work_out_suggestion")
    assert run.digest in event.body


def test_the_same_asked_again_gives_the_same_and_sets_the_first_aside(
    world: World, two: list[Proposal]
) -> None:
    first, second = suggested(world), suggested(world)
    first.refresh_from_db()
    assert first.state == RunState.SET_ASIDE
    assert (first.digest, first.points) == (second.digest, second.points)


def test_nobody_with_a_conflict_away_or_of_the_team(world: World, two: list[Proposal]) -> None:
    declare_conflict(
        user=world.reviewer,
        subject=two[0],
        realm=two[0].program_id,
        kind=Conflict.Kind.COAUTHOR,
        statement="A paper.",
        by=world.reviewer,
    )
    today = now().date()
    services.enter_absence(
        by=world.reviewer_two, starts_on=today, ends_on=today + dt.timedelta(days=30)
    )
    found = {(ref, name) for ref, name, _ in lines(suggested(world))}
    assert not any(name == world.reviewer_two.username for _, name in found)
    assert (two[0].ref, world.reviewer.username) not in found
    assert (two[1].ref, world.reviewer.username) in found


@pytest.mark.parametrize("who", ["reviewer", "chair", "admin", "applicant"])
def test_only_a_manager_has_it_suggested(world: World, who: str) -> None:
    by = getattr(world, who)
    assert refused(lambda: services.suggest_reviewers(call=world.call, by=by)) == "wrong_role"


def test_carried_out_once_with_clocks_events_and_one_notice_each(
    world: World, two: list[Proposal]
) -> None:
    run = suggested(world)
    for _ in range(2):
        run = services.assign_suggested(run=run, by=world.manager)
    assert run.state == RunState.ASSIGNED
    made = Assignment.objects.standing()
    assert made.count() == 5
    assert {a.assigned_by for a in made} == {world.manager}
    assert Clock.objects.open().filter(kind="proposals.review").count() == 5
    assert Event.objects.filter(verb="proposals.assign_reviewer").count() == 5
    assert {p.state for p in Proposal.objects.filter(pk__in=[p.pk for p in two])} == {
        ProposalState.IN_REVIEW
    }
    told = Notice.objects.filter(kind="proposals.assigned_many")
    titles = {notice.recipient.username: notice.title for notice in told}
    assert titles[world.reviewer.username] == f"Please review 1 proposal of {world.call.ref}"
    assert titles[world.reviewer_two.username] == f"Please review 2 proposals of {world.call.ref}"
    assert told.count() == 3
    kept = made.get(proposal=two[0], reviewer=world.reviewer)
    assert kept.why.startswith("Works on “refusal rate”")
    with saying.override("de"):
        kept = made.get(proposal=two[0], reviewer=world.reviewer)
        assert str(kept.why).startswith("Arbeitet an „refusal rate“, was die Fragestellung nennt")


def test_what_changed_meanwhile_is_left_out_and_said(world: World, two: list[Proposal]) -> None:
    run = suggested(world)
    services.withdraw_proposal(proposal=two[1], by=two[1].applicant)
    services.assign_reviewer(proposal=two[0], reviewer=world.reviewer, by=world.manager)
    declare_conflict(
        user=world.reviewer_two,
        subject=two[0],
        realm=two[0].program_id,
        kind=Conflict.Kind.FINANCIAL,
        statement="Shares.",
        by=world.reviewer_two,
    )
    services.assign_suggested(run=run, by=world.manager)
    left = Suggestion.objects.exclude(left_out="").values_list("reviewer__username", "left_out")
    assert sorted(left) == sorted(
        [
            (world.reviewer.username, "Asked by hand in the meantime."),
            (world.reviewer_two.username, "A conflict was declared, or belongs to the team."),
            *(
                (name, "The proposal takes no reviewers any more: it is withdrawn.")
                for name in (world.reviewer_two.username, world.people["reviewer_3"].username)
            ),
        ]
    )


def test_who_is_asked_alone_and_who_is_left_out_are_said_why(
    world: World, two: list[Proposal]
) -> None:
    run = suggested(world)
    services.ask_by_hand(proposal=two[0], reviewer=world.reviewer, by=world.manager)
    services.assign_suggested(run=run, by=world.manager)
    with saying.override("de"):
        asked = Assignment.objects.get(proposal=two[0], reviewer=world.reviewer)
        assert str(asked.why) != saying.plain(asked.why)
        left = Suggestion.objects.get(panel__proposal=two[0], reviewer=world.reviewer)
        assert str(left.left_out) == "Inzwischen von Hand angefragt."
        assert str(left.why) == str(asked.why)


def test_a_change_by_hand_keeps_its_warning_and_forbids_nothing(
    world: World, two: list[Proposal]
) -> None:
    run = suggested(world)
    short = run.panels.get(missing=1)
    for _ in range(2):
        line = services.add_suggested(panel=short, reviewer=world.reviewer, by=world.manager)
    name = str(world.reviewer)
    assert line.warned.splitlines() == [
        f"{name} takes 1 reviews of a call and has 1.",
    ]
    short.refresh_from_db()
    assert (short.missing, short.reason) == (0, "")
    services.assign_suggested(run=run, by=world.manager)
    kept = Assignment.objects.get(proposal=two[1], reviewer=world.reviewer)
    assert kept.warned == line.warned
    drop = lambda: services.drop_suggested(suggestion=line, by=world.manager)  # noqa: E731
    assert refused(drop) == "wrong_state"


def test_hands_may_not_do_what_always_forbids(world: World, two: list[Proposal]) -> None:
    run = suggested(world)
    short = run.panels.get(missing=1)
    declare_conflict(
        user=world.reviewer,
        subject=two[1],
        realm=two[1].program_id,
        kind=Conflict.Kind.PERSONAL,
        statement="Married.",
        by=world.reviewer,
    )
    add = lambda who, by: services.add_suggested(panel=short, reviewer=who, by=by)  # noqa: E731
    assert refused(lambda: add(world.reviewer, world.manager)) == "recused"
    assert refused(lambda: add(world.mentor, world.manager)) == "not_reviewer"
    assert refused(lambda: add(world.reviewer, world.reviewer_two)) == "wrong_role"


def test_one_taken_off_leaves_its_place_empty(world: World, two: list[Proposal]) -> None:
    run = suggested(world)
    line = Suggestion.objects.filter(panel__run=run, panel__proposal=two[0]).first()
    assert line is not None
    for _ in range(2):
        panel = services.drop_suggested(suggestion=line, by=world.manager)
    assert (panel.missing, panel.reason) == (1, "Taken off by hand.")
    assert Event.objects.filter(verb="proposals.drop_suggested").count() == 1


def test_what_is_too_large_for_a_request_is_done_by_the_sweep(
    world: World, two: list[Proposal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggesting, "IN_REQUEST", 0)
    monkeypatch.setattr(suggesting, "AT_ONCE", 0)
    monkeypatch.setattr(suggesting, "BATCH", 4)
    run = suggested(world)
    assert run.state == RunState.ASKED
    assert suggested(world) == run
    assert sweep().failed == []
    run.refresh_from_db()
    assert run.state == RunState.READY
    services.assign_suggested(run=run, by=world.manager)
    counts = []
    for _ in range(4):
        assert sweep().failed == []
        counts.append(Assignment.objects.standing().count())
    run.refresh_from_db()
    assert (counts, run.state) == ([4, 5, 5, 5], RunState.ASSIGNED)


def test_a_ledger_that_fails_leaves_nothing(
    world: World, two: list[Proposal], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = suggested(world)
    line = Suggestion.objects.filter(panel__run=run).first()
    assert line is not None

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    calls = (
        lambda: services.assign_suggested(run=run, by=world.manager),
        lambda: services.drop_suggested(suggestion=line, by=world.manager),
        lambda: services.set_aside(run=run, by=world.manager),
        lambda: services.describe_reviewing(by=world.reviewer, works_on=["x"], places=3),
        lambda: services.calibrate(proposal=two[0], by=world.manager),
    )
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        for call in calls:
            with pytest.raises(RuntimeError):
                call()
    run.refresh_from_db()
    assert (run.state, Assignment.objects.count(), Suggestion.objects.count()) == ("ready", 0, 5)
    assert ReviewerProfile.objects.get(user=world.reviewer).works_on == ["refusal rate"]


# --- what reviewers say ----------------------------------------------------------------------


def test_fields_are_kept_once_each(world: World) -> None:
    said = services.describe_reviewing(
        by=world.reviewer,
        works_on=["Red  teaming", "red teaming", ""],
        knows=["RED TEAMING", "Audits"],
        places=3,
    )
    assert (said.works_on, said.knows) == (["Red teaming"], ["Audits"])
    assert refused(lambda: services.describe_reviewing(by=world.mentor, works_on=[], places=1)) == (
        "wrong_role"
    )
    with pytest.raises(ValidationError):
        services.describe_reviewing(by=world.reviewer, works_on=["x" * 61], places=1)


def test_days_away(world: World) -> None:
    today = now().date()
    days = {"starts_on": today, "ends_on": today + dt.timedelta(days=3)}
    first = services.enter_absence(by=world.reviewer, **days)
    assert services.enter_absence(by=world.reviewer, **days) == first
    with pytest.raises(ValidationError):
        services.enter_absence(
            by=world.reviewer, starts_on=today, ends_on=today - dt.timedelta(days=1)
        )
    other = lambda: services.cancel_absence(absence=first, by=world.manager)  # noqa: E731
    assert refused(other) == "not_yours"
    for _ in range(2):
        services.cancel_absence(absence=first, by=world.reviewer)
    assert Event.objects.filter(verb="proposals.cancel_absence").count() == 1


# --- the pages -------------------------------------------------------------------------------


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def test_from_suggestion_to_assignment_by_the_pages(world: World, two: list[Proposal]) -> None:
    manager = client(world.manager)
    assert "Suggest reviewers" in manager.get(reverse("proposals:panels")).content.decode()
    manager.post(reverse("proposals:suggest", args=[world.call.ref]))
    run = SuggestionRun.objects.get()
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Works on “refusal rate”, which the question names" in page
    assert "2 of 3: the only other reviewer has no place left." in page
    change = reverse("proposals:suggested", args=[run.pk, two[1].ref])
    assert "has 1." in manager.get(change).content.decode()
    answer = manager.post(change, {"reviewer": world.reviewer.pk}, follow=True)
    assert "The reviewer is on this panel now" in answer.content.decode()
    manager.post(reverse("proposals:assign_suggested", args=[run.pk]))
    assert Assignment.objects.standing().count() == 6
    panel_page = manager.get(reverse("proposals:panel", args=[two[1].ref])).content.decode()
    assert "takes 1 reviews of a call and has 1." in panel_page


def test_a_recused_manager_finds_no_line_and_no_number(world: World, two: list[Proposal]) -> None:
    run = suggested(world)
    declare_conflict(
        user=world.manager,
        subject=two[0],
        realm=two[0].program_id,
        kind=Conflict.Kind.PERSONAL,
        statement="A friend.",
        by=world.manager,
    )
    manager = client(world.manager)
    page = manager.get(run.get_absolute_url()).content.decode()
    assert two[0].ref not in page
    assert two[1].ref in page
    assert manager.get(reverse("proposals:suggested", args=[run.pk, two[0].ref])).status_code == 404
    services.assign_suggested(run=run, by=world.manager)
    assert not Assignment.objects.filter(proposal=two[0]).exists()


@pytest.mark.parametrize("who", ["reviewer", "applicant", "board_legal"])
def test_others_find_no_suggestion(world: World, two: list[Proposal], who: str) -> None:
    run = suggested(world)
    other = client(getattr(world, who))
    for url in (
        run.get_absolute_url(),
        reverse("proposals:panels"),
        reverse("proposals:reviewers"),
    ):
        assert other.get(url).status_code == 404


def test_a_reviewer_says_what_they_review(world: World) -> None:
    reviewer = client(world.reviewer)
    url = reverse("proposals:reviewing")
    assert reviewer.get(url).status_code == 200
    values = {"works_on": "red teaming\nprompt injection", "knows": "", "seat": "", "places": 4}
    assert reviewer.post(url, values).status_code == 302
    said = ReviewerProfile.objects.get(user=world.reviewer)
    assert (said.works_on, said.places) == (["red teaming", "prompt injection"], 4)
    assert reviewer.post(url, {**values, "places": "x"}).status_code == 422
    day = now().date().isoformat()
    away = {"starts_on": day, "ends_on": day}
    assert reviewer.post(reverse("proposals:away"), away).status_code == 302
    assert "Take back" in reviewer.get(url).content.decode()
    assert client(world.mentor).get(url).status_code == 404


def queries(user: User, url: str) -> int:
    """How many queries a page costs, once asked for before."""
    browser = client(user)
    browser.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(url).status_code == 200
    return len(caught)


def test_pages_cost_the_same_whatever_the_number(world: World, two: list[Proposal]) -> None:
    named = ("proposals:panels", "proposals:reviewers", "proposals:discussions")
    urls = [reverse(name) for name in named]
    run = suggested(world)
    few = [queries(world.manager, url) for url in (*urls, run.get_absolute_url())]
    for number in range(3):
        person = make_person(f"more-{number}", "-panel")
        grant_role(user=person, realm=world.program.realm, role=roles.REVIEWER, by=SETUP)
        submitted_proposal(world, make_person(f"asks-{number}", "-panel"), title=f"T {number}")
    again = suggested(world)
    assert again.panels.count() == 5
    many = [queries(world.manager, url) for url in (*urls, again.get_absolute_url())]
    assert many == few
    assert max(many) <= 20
