"""The review of a cohort: numbers with their cases, times, prediction, tasks for the next call."""

from __future__ import annotations

import datetime as dt
import math
import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts.services import declare_conflict
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.web import work
from oversight import services
from oversight.cohort_review import counts, prediction, times
from oversight.cohort_review.counts import LINES, Cut
from oversight.models import Recommendation
from oversight.office import figures
from oversight.office.figures import View
from proposals import services as proposals
from scoping import services as scoping
from scoping.models import Fellowship
from tests.scenarios import findings as finding_scenes
from tests.scenarios import governance as governance_scenes
from tests.scenarios import proposals as proposal_scenes
from tests.scenarios.oversight import Case
from tests.scenarios.scoping import founded_fellowship
from tests.scenarios.world import World, make_person

DAY = dt.timedelta(days=1)


def _client(world: World, name: str = "manager") -> Client:
    client = Client()
    client.force_login(world.fresh(name))
    return client


def _numbers(page: str) -> dict[str, int]:
    """Every number that leads to its cases, by the address it leads to."""
    found = re.findall(r'href="([^"]*/outcomes/[^"]+)"[^>]*>([\d,]+)<', page)
    return {unescape(url): int(text.replace(",", "")) for url, text in found}


def test_every_number_of_the_comparison_equals_its_cases(world: World, case: Case) -> None:
    proposal_scenes.submitted_proposal(world, world.other_applicant)
    governance_scenes.granted_exception(world, subject=case.finding, kind="control_not_implemented")
    client = _client(world)
    page = client.get(reverse("oversight:cohorts", args=[world.program.slug])).content.decode()
    numbers = _numbers(page)
    assert {url.split("/outcomes/")[1].split("/")[0] for url in numbers} >= {
        *("received", "accepted", "fellowships", "findings", "controlled", "proven", "exceptions")
    }
    for url, number in numbers.items():
        behind = client.get(url)
        assert behind.status_code == 200
        rows = behind.content.decode().partition("<tbody")[2].count("<tr")
        assert rows == number, url
    cohort = {url: n for url, n in numbers.items() if f"cohort={world.cohort.pk}" in url}
    assert cohort[_outcome(world, "received", f"cohort={world.cohort.pk}")] == 2
    assert cohort[_outcome(world, "exceptions", f"cohort={world.cohort.pk}")] == 1
    assert numbers[_outcome(world, "received", "track=controlled_access")] == 2


def _outcome(world: World, key: str, query: str) -> str:
    return f"{reverse('oversight:outcomes', args=[world.program.slug, key])}?{query}"


def test_the_review_and_the_comparison_count_alike(world: World, case: Case) -> None:
    view = View.of(world.program.pk, world.fresh("manager"))
    known = counts.cube(view)
    row = counts.compared(known, "cohort", {world.cohort.pk: "Spring"})[0]
    cells = counts.of(view, Cut(cohort=world.cohort.pk))
    assert [c.value for c in cells] == [c.value for c in row.cells]
    assert row.share == "100 %"
    nothing = counts.of(view, Cut(cohort=world.cohort.pk, track="product_facing"))
    assert [c.value for c in nothing] == [0] * len(LINES)
    for line, cell in zip(LINES, cells, strict=True):
        rows = counts.behind(view, line.key, Cut(cohort=world.cohort.pk))
        assert rows.count() == cell.value, line.key


def test_a_conflict_declared_leaves_the_case_out_of_every_number(world: World, case: Case) -> None:
    declare_conflict(
        user=world.manager,
        subject=case.fellowship.proposal,
        realm=world.program.pk,
        kind="other",
        statement="A former student of mine.",
        by=world.manager,
    )
    found = counts.of(View.of(world.program.pk, world.fresh("manager")), Cut())
    assert [cell.value for cell in found] == [0] * len(LINES)


def test_pages_take_the_same_queries_at_one_three_and_many(world: World, case: Case) -> None:
    slug = world.program.slug
    urls = (
        reverse("oversight:cohort", args=[slug, world.cohort.pk]),
        reverse("oversight:cohorts", args=[slug]),
        reverse("oversight:outcomes", args=[slug, "findings"]),
        reverse("programs:program", args=[slug]),
    )
    client, taken, made = _client(world), dict[str, list[int]](), 0
    for size in (1, 3, 9):
        while made < size:
            made += 1
            finding_scenes.reported(world, case.fellowship, title=f"Form {made}", evidence=[])
            services.recommend(
                cohort=world.cohort,
                text=f"Do {made}",
                why="The median.",
                owner=world.steward,
                due_on=(now() + 30 * DAY).date(),
                by=world.manager,
            )
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(url).status_code == 200
            taken.setdefault(url, []).append(len(caught))
    for url, found in taken.items():
        assert len(set(found)) == 1, (url, found)
        assert found[0] <= 25, (url, found)


def test_the_days_in_each_stage_and_those_still_there(world: World) -> None:
    monday = now().replace(hour=9, minute=0) + (7 - now().weekday()) * DAY
    with frozen(monday):
        proposal = proposal_scenes.submitted_proposal(world)
    with frozen(monday + 4 * DAY):
        proposal_scenes.assigned(world, proposal)
    with frozen(monday + 7 * DAY):
        proposal_scenes.submitted_proposal(world, world.other_applicant)
    with frozen(monday + 11 * DAY):
        view = View.of(world.program.pk, world.fresh("manager"), world.cohort.pk)
        found = {t.label: t for t in times.stage_times(view, world.program.calendar())}
    submitted, review = found["Submitted"], found["In review"]
    assert (submitted.cases, submitted.median, submitted.longest) == (2, 4, 4)
    assert (submitted.still, submitted.oldest, submitted.side) == (1, 4, "with us")
    assert (review.cases, review.still, review.oldest) == (1, 1, 5)


def test_where_it_stalled_names_who_had_it_past_its_time(world: World) -> None:
    assignment = proposal_scenes.assigned(world, proposal_scenes.submitted_proposal(world))
    assert assignment.due_at is not None
    with frozen(assignment.due_at + 20 * DAY):
        view = View.of(world.program.pk, world.fresh("manager"), world.cohort.pk)
        found = times.stalls(view, world.program.calendar())
    late = [stall for stall in found if stall.holder == str(world.reviewer)]
    assert [(stall.waits, stall.late, stall.side) for stall in late] == [(1, 1, "With us")]
    assert found[0].late >= 1


# --- did scores predict? --------------------------------------------------------------------


def test_the_rank_correlation_is_that_of_a_tool_not_ours() -> None:
    from scipy.stats import spearmanr  # asked for here alone: it is large

    scores = [4.2, 3.1, 4.8, 2.5, 3.9, 3.1, 4.4]
    outcomes = [2, 1, 3, 0, 1, 1, 5]
    found = prediction.related("Findings", scores, outcomes)
    assert found.rho == pytest.approx(spearmanr(scores, outcomes).statistic)
    assert found.rho is not None
    assert -1 < found.low < found.rho < found.high <= 1
    assert found.words == "Higher scores went with more of it."
    down = prediction.related("Findings", scores, [-o for o in outcomes])
    assert (down.low, down.high) == pytest.approx((-found.high, -found.low))
    assert down.words == "Higher scores went with less of it."


def test_the_interval_is_bonett_and_wrights() -> None:
    """n = 10, rho = 0.6: Fisher's z is 0.6931, its error sqrt(1.18 / 7)."""
    ranks = list(range(10))
    other = [0, 1, 9, 3, 4, 5, 6, 7, 2, 8]
    found = prediction.related("x", ranks, other)
    d = sum((a - b) ** 2 for a, b in zip(ranks, other, strict=True))
    assert found.rho == pytest.approx(1 - 6 * d / 990)
    z, error = math.atanh(found.rho or 0), math.sqrt((1 + (found.rho or 0) ** 2 / 2) / 7)
    assert found.low == pytest.approx(math.tanh(z - 1.959964 * error))
    assert found.high == pytest.approx(math.tanh(z + 1.959964 * error))


@pytest.mark.parametrize(
    ("scores", "outcomes", "words"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], "Fewer than 5 fellowships with scores."),
        ([3, 3, 3, 3, 3], [1, 2, 3, 4, 5], "All have the same score."),
        ([1, 2, 3, 4, 5], [0, 0, 0, 0, 0], "All have the same number of it."),
        ([1, 2, 3, 4, 5], [2, 1, 2, 1, 2], "No relation is shown: the interval holds zero."),
    ],
)
def test_it_claims_no_more_than_it_can(
    scores: list[float], outcomes: list[float], words: str
) -> None:
    assert prediction.related("x", scores, outcomes).words == words


def test_a_perfect_order_is_not_certain() -> None:
    found = prediction.related("x", [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert found.rho == pytest.approx(1)
    assert found.high == pytest.approx(1, abs=1e-3)
    assert 0 < found.low < 0.8


def test_scores_are_the_panels_and_outcomes_the_fellowships(world: World) -> None:
    for place, score in enumerate((2, 3, 3, 4, 5)):
        person = make_person(f"scored-{place}")
        proposal = proposal_scenes.submitted_proposal(world, person)
        for reviewer in proposal_scenes.panel(world):
            assignment = proposal_scenes.assigned(world, proposal, reviewer)
            proposal_scenes.review(assignment, score)
        proposals.refer_to_board(proposal=proposal, by=world.manager)
        proposal.refresh_from_db()
        governance_scenes.decide_on(world, proposal, "approve")
        fellowship = Fellowship.objects.get(proposal=proposal)
        for number in range(place):
            scoping.add_contribution(
                fellowship=fellowship,
                kind="talk",
                title=f"Talk {number}",
                link=f"https://example.org/{place}/{number}",
                on=now().date(),
                people=str(person),
                by=person,
            )
        for row in fellowship.contributions.all():
            scoping.confirm_contribution(contribution=row, by=world.manager)
    view = View.of(world.program.pk, world.fresh("manager"), world.cohort.pk)
    found = {r.label: r for r in prediction.relations(view, figures.measured(view))}
    assert {r.n for r in found.values()} == {5}
    talks = found["Contributions confirmed"]
    assert talks.rho == pytest.approx(0.9746794)
    assert talks.words == "Higher scores went with more of it."
    assert found["Findings not rejected"].why_not == "All have the same number of it."
    page = _client(world).get(
        reverse("oversight:cohort", args=[world.program.slug, world.cohort.pk])
    )
    assert "+0.97" in page.content.decode()


# --- what the next call should do -----------------------------------------------------------


def _recommended(world: World, **values: object) -> Recommendation:
    return services.recommend(
        **{  # type: ignore[arg-type]
            "cohort": world.cohort,
            "text": "Grant lower tiers on the first day",
            "why": "Access took 31 days in the median.",
            "owner": world.steward,
            "due_on": (now() + 30 * DAY).date(),
            "by": world.manager,
            **values,
        }
    )


def test_a_recommendation_is_a_dated_task_on_the_launch_checklist(world: World) -> None:
    row = _recommended(world)
    assert _recommended(world) == row
    assert Event.objects.filter(verb="oversight.recommend").count() == 1
    page = _client(world).get(reverse("programs:program", args=[world.program.slug]))
    assert "Grant lower tiers on the first day" in page.content.decode()
    mine = {i.title: i for i in work.of(world.fresh("steward"), now()).mine}
    assert mine[row.text].due == row.due_on
    told = Notice.objects.filter(kind="oversight.recommended")
    assert [n.recipient for n in told] == [world.steward]
    with frozen(now() + 32 * DAY):
        sweep()
        sweep()
    late = Notice.objects.filter(kind="oversight.recommendation_late")
    assert {n.recipient for n in late} == {world.steward, world.manager}
    assert late.count() == 2
    done = services.settle_recommendation(
        recommendation=row, outcome="done", how="They are ready.", by=world.fresh("steward")
    )
    again = services.settle_recommendation(
        recommendation=row, outcome="dropped", how="No.", by=world.manager
    )
    assert (again.pk, again.outcome) == (done.pk, "done")
    page = _client(world).get(reverse("programs:program", args=[world.program.slug]))
    assert "Grant lower tiers on the first day" not in page.content.decode()


def test_who_recommends_who_carries_out_and_who_drops(world: World) -> None:
    for name in ("steward", "auditor", "applicant", "admin"):
        with pytest.raises(Refused) as refused:
            _recommended(world, by=world.fresh(name))
        assert refused.value.refusal.code == "wrong_role"
    for values, field in (
        ({"text": " "}, "text"),
        ({"why": ""}, "why"),
        ({"due_on": now().date()}, "due_on"),
        ({"owner": world.stranger}, "owner"),
    ):
        with pytest.raises(Refused) as refused:
            _recommended(world, **values)
        assert refused.value.refusal.field == field
    row = _recommended(world, by=world.sponsor)
    settle: dict[str, Any] = {"recommendation": row, "how": "Not now."}
    with pytest.raises(Refused) as refused:
        services.settle_recommendation(**settle, outcome="dropped", by=world.fresh("steward"))
    assert refused.value.refusal.code == "wrong_role"
    with pytest.raises(Refused) as refused:
        services.settle_recommendation(**settle, outcome="done", by=world.fresh("mentor"))
    assert refused.value.refusal.code == "not_yours"
    services.settle_recommendation(**settle, outcome="dropped", by=world.chair)


def test_the_page_makes_and_settles_one(world: World) -> None:
    slug, cohort = world.program.slug, world.cohort.pk
    client = _client(world)
    url = reverse("oversight:recommend", args=[slug, cohort])
    sent: dict[str, Any] = {
        "text": "Say the days",
        "why": "Two answers.",
        "owner": world.steward.pk,
        "due_on": "",
    }
    wrong = client.post(url, sent)
    assert wrong.status_code == 422
    assert "Say the days" in wrong.content.decode()
    sent["due_on"] = (now() + 20 * DAY).date().isoformat()
    assert client.post(url, sent).status_code == 302
    row = Recommendation.objects.get()
    page = reverse("oversight:recommendation", args=[row.pk])
    owner = _client(world, "steward")
    assert owner.get(page).status_code == 200
    assert owner.post(page, {"outcome": "done", "how": "Said."}).status_code == 302
    assert _client(world, "applicant").get(page).status_code == 404
    assert _client(world, "steward").get(url).status_code == 404
    review = client.get(reverse("oversight:cohort", args=[slug, cohort])).content.decode()
    assert "Say the days" in review


def test_nonsense_in_the_address_is_no_narrower_than_nothing(world: World, case: Case) -> None:
    url = reverse("oversight:outcomes", args=[world.program.slug, "findings"])
    client = _client(world)
    for query in ("track=none", "cohort=x", "model=%22", "cohort=" + "9" * 40):
        assert client.get(f"{url}?{query}").status_code == 200
    assert client.get(url.replace("findings", "nonsense")).status_code == 404


def test_a_second_fellowship_counts_in_its_own_cohort_alone(world: World) -> None:
    founded_fellowship(world)
    view = View.of(world.program.pk, world.fresh("manager"), world.cohort.pk + 1)
    assert sum(c.value for c in counts.of(view, Cut())) == 0
