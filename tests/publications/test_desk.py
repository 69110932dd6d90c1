"""The reviewers' desk, marking without a script, and the pages of the ladder."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.clocks.services import sweep
from fellowship.kernel.time import frozen, now
from publications import services
from publications.marking import NotMarked, locate, paragraphs
from publications.models import Objection, ReleaseLetter
from publications.similar import similar
from scoping.models import Fellowship
from tests.scenarios import publications as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
TEXT = "# Title\n\nFirst one. It failed.\n\nSecond one 😀. It failed.\nStill second.\n\n\nThird."


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def page(user: object, name: str, *args: Any) -> str:
    answer = as_(user).get(reverse(f"publications:{name}", args=args))
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


@pytest.mark.parametrize(
    ("words", "among", "at", "found"),
    [
        ("First one.", "", None, "First one."),
        ("It failed.", "3", None, "It failed."),
        ("It failed.", "", TEXT.rindex("It failed"), "It failed."),
        ("First … failed.", "2", None, "First one. It failed."),
        ("", "2-3", None, TEXT[TEXT.index("First") : TEXT.index("\n\n\n")]),
        ("", "4", None, "Third."),
    ],
    ids=["once", "in-paragraph", "at-offset", "first-and-last", "paragraphs", "last-paragraph"],
)
def test_a_passage_is_pointed_at(words: str, among: str, at: int | None, found: str) -> None:
    start, end = locate(TEXT, words, among, at)
    assert TEXT[start:end] == found


@pytest.mark.parametrize(
    ("words", "among", "field"),
    [
        ("", "", "passage"),
        ("It failed.", "", "passage"),
        ("nowhere", "", "passage"),
        ("Third … First", "", "passage"),
        ("First", "9", "paragraphs"),
        ("", "two", "paragraphs"),
        ("", "3-2", "paragraphs"),
    ],
    ids=["nothing", "twice", "absent", "wrong-order", "no-such", "not-a-number", "backwards"],
)
def test_what_points_at_no_passage_says_so_where_it_was_said(
    words: str, among: str, field: str
) -> None:
    with pytest.raises(NotMarked) as wrong:
        locate(TEXT, words, among)
    assert wrong.value.field == field


def test_paragraphs_are_numbered_as_they_stand() -> None:
    assert [one.words for one in paragraphs(TEXT)] == [
        "# Title",
        "First one. It failed.",
        "Second one 😀. It failed. Still second.",
        "Third.",
    ]
    assert paragraphs("") == []


def test_an_objection_by_paragraph_with_saved_wording_and_similar_ones_beside(
    world: World,
) -> None:
    past = scenario.objected(world)
    services.accept_objection(objection=past, by=past.publication.fellowship.fellow)
    wording = scenario.saved(world)
    work = scenario.submitted(world, past.publication.fellowship, title="A later paper")
    client, url = as_(world.policy_reviewer), reverse("publications:object", args=[work.ref])
    typed = {"passage": scenario.PASSAGE, "harm": "First.", "ground": "personal_data"}
    looked = client.post(url, {**typed, "look": "1"}).content.decode()
    assert past.ref in looked
    assert "100% alike" in looked
    assert "First." in looked
    used = client.post(url, {**typed, "saved": wording.pk, "use": "1"}).content.decode()
    assert f"First.\n{wording.text}" in used
    assert Objection.objects.count() == 1
    assert not similar(world.other_applicant, scenario.PASSAGE)


def test_a_late_objection_is_shown_the_way_of_urgent_harm(world: World) -> None:
    work = scenario.submitted(world)
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at + DAY):
        late = page(world.fresh("policy_reviewer"), "object", work.ref)
    assert "too late" in " ".join(late.split())
    assert f"{reverse('governance:escalation_new')}?about={work.ref}" in late


def test_the_release_letter_is_the_same_before_and_after_it_is_recorded(world: World) -> None:
    objection = scenario.objected(world)
    work = objection.publication
    end = work.window_ends_at
    assert end is not None
    assert (
        as_(work.fellowship.fellow).get(reverse("publications:letter", args=[work.ref])).status_code
        == 404
    )
    with frozen(end + 31 * DAY):
        before = services.letter_of(work)
        assert before is not None
        sweep()
        work.refresh_from_db()
        kept = ReleaseLetter.objects.get(publication=work)
        assert (kept.text, kept.text_hash) == (before.text, before.text_hash)
        assert kept.released_at == work.released_at == end
        assert objection.public_summary in kept.text
        assert kept.text_hash in page(world.fresh("applicant"), "letter", work.ref)
        plain = as_(world.fresh("applicant")).get(
            reverse("publications:letter", args=[work.ref]), {"format": "txt"}
        )
        assert plain.content.decode() == kept.text


def test_the_author_reads_both_clocks_and_all_that_both_tracks_say(world: World) -> None:
    objection = scenario.proposed(world, reasons="The manual says as much.")
    work = objection.publication
    scenario.asked(world, work)
    services.give_scientific_review(
        publication=work,
        soundness=4,
        reproducibility=2,
        support=3,
        advice="Say more.",
        by=world.reviewer,
    )
    shown = page(work.fellowship.fellow, "detail", work.ref)
    for told in (
        "Day 1 of 30",
        "Advice given",
        objection.harm,
        objection.public_summary,
        "The manual says as much.",
        "Is the tool named in the appendix?",
        "Rests now",
        "Say more.",
        "If silent, who stays silent takes the proposal.",
    ):
        assert told in shown, told


def test_the_desk_lists_each_track_by_itself(world: World) -> None:
    work = scenario.submitted(world)
    assert work.title in page(world.policy_reviewer, "desk")
    assert work.title in page(world.reviewer, "desk")
    assert work.title not in page(world.reviewer_two, "desk")
    mediated = scenario.contested(world, work)
    assert mediated.ref in page(world.reviewer_two, "desk")
    scenario.saved(world)
    own = page(world.policy_reviewer, "wordings")
    assert "Bypass before its fix" in own
    assert "Put away" in own
    anothers = page(world.reviewer, "wordings")
    assert "Bypass before its fix" in anothers
    assert 'data-label="Action"' not in anothers


@pytest.fixture
def fellowship(world: World) -> Fellowship:
    return signed_fellowship(world)


def test_the_desk_takes_the_same_queries_at_1_3_and_many_rows(
    world: World, fellowship: Fellowship
) -> None:
    counts, client, url = [], as_(world.policy_reviewer), reverse("publications:desk")
    for target in (1, 2, 4):
        for number in range(target):
            scenario.submitted(world, fellowship, title=f"Work {target}.{number}")
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        counts.append(len(caught))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 20


def test_a_page_with_everything_stays_within_its_queries(world: World) -> None:
    objection = scenario.proposed(world)
    work = objection.publication
    scenario.asked(world, work)
    for who in (work.fellowship.fellow, world.manager, world.policy_reviewer):
        client, url = as_(who), work.get_absolute_url()
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            client.get(url)
        assert len(caught) <= 25, (who, len(caught))


def test_a_question_rests_the_window_until_the_answer_and_no_longer(world: World) -> None:
    work = scenario.submitted(world)
    end = work.window_ends_at
    assert end is not None
    with frozen(now() + DAY) as asked_at:
        question = scenario.asked(world, work)
        work.refresh_from_db()
        assert work.window_ends_at == end + (question.due_at - asked_at)
    with frozen(asked_at + 3 * DAY):
        services.answer_question(question=question, answer="No.", by=work.fellowship.fellow)
    work.refresh_from_db()
    assert work.window_ends_at == end + 3 * DAY


def test_an_unanswered_question_lets_the_window_run_on_with_nobody_there(world: World) -> None:
    work = scenario.submitted(world)
    question = scenario.asked(world, work)
    work.refresh_from_db()
    end = work.window_ends_at
    assert end is not None
    with frozen(end + 31 * DAY):
        assert work.effective_state() == "released"
        sweep()
    work.refresh_from_db()
    question.refresh_from_db()
    assert (work.state, work.released_at) == ("released", end)
    assert (question.ended_at, question.answer) == (question.due_at, "")
