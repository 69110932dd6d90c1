"""The policy as a public page, figures, the register and its CSV, and what other windows did."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.kernel.time import frozen, now
from governance import founding, rules
from publications import services, statistics
from publications.models import Publication
from scoping.models import Fellowship
from tests.scenarios import publications as scenario
from tests.scenarios.governance import adopted_rule
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
NAMES = ("one", "two", "three", "four")


@pytest.fixture
def case(world: World) -> Fellowship:
    return signed_fellowship(world)


def shorter(world: World, days: int = 12) -> Any:
    parameters = founding.parameters("publication_policy")
    parameters["windows"]["methods"] = f"{days} calendar days"
    return adopted_rule(world, "publication_policy", parameters)


def page_of(world: World, user: Any = None, **query: str) -> str:
    client = Client()
    if user:
        client.force_login(user)
    url = reverse("publications:policy", args=[world.program.slug])
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_anybody_reads_the_policy_and_what_silence_does(world: World, case: Fellowship) -> None:
    page = page_of(world)
    for said in (
        "30 calendar days",
        "45 calendar days, or 90 calendar days",
        "It is released.",
        "It goes to the board.",
        "Once, by 45 calendar days at most",
        "What does not",
        "Measure 3.5",
        "30 working days",
        "for 14 calendar days at most. You are told at once",
        "1 fellowship",
    ):
        assert said in page, said
    assert case.ref not in page
    assert case.ref in page_of(world, case.fellow)
    assert Client().get(reverse("publications:policy", args=["nowhere"])).status_code == 404
    assert page_of(world, on="nonsense")
    assert "No publication policy was in force on that day" in page_of(world, on="1999-01-01")


def test_the_version_of_the_beginning_governs_and_the_page_says_which(
    world: World, case: Fellowship
) -> None:
    begun = now()
    with frozen(begun + 10 * DAY):
        shorter(world)
        page = page_of(world, world.manager)
        assert "12 calendar days" in page
        assert "Publication policy v1" in page.split("Cases you may see")[1]
        work = scenario.submitted(world, case)
        assert work.submitted_at is not None
        assert work.window_ends_at == work.submitted_at + 30 * DAY
        earlier = page_of(world, on=(begun + DAY).date().isoformat())
        assert "30 calendar days" in earlier
        assert "The version in force on the day you asked for" in earlier


def many(world: World, case: Fellowship, count: int) -> list[Publication]:
    """Released by silence, each with its window passed; the last by review, with an objection."""
    made = []
    for number in range(count):
        work = scenario.drafted(world, case, title=f"=Work {NAMES[number]}")
        made.append(services.submit_publication(publication=work, by=case.fellow))
    last = made[-1]
    services.assign_reviewer(
        publication=last, track="policy", reviewer=world.policy_reviewer, by=world.manager
    )
    objection = scenario.objected(world, last)
    services.accept_objection(objection=objection, by=case.fellow)
    services.clear_policy_review(publication=last, by=world.policy_reviewer)
    return made


def test_figures_say_nothing_of_few_and_the_truth_of_enough(world: World, case: Fellowship) -> None:
    many(world, case, 4)
    later = now() + 31 * DAY
    with frozen(later):
        few = statistics.past(world.program.pk)
        assert (few.released, few.enough, few.median_days) == (4, False, None)
        assert "a median of few would be the story of one" in page_of(world)
    work = scenario.drafted(world, case, title="The fifth")
    services.submit_publication(publication=work, by=case.fellow)
    with frozen(later):
        found = statistics.past(world.program.pk)
        assert (found.released, found.median_days, found.by_silence) == (5, 30, 4)
        assert found.silence_share == 80
        assert (found.objections, found.without_objection) == (1, 4)
        assert dict(found.grounds)["Sensitive security detail"] == 1
        call = Client().get(world.call.get_absolute_url()).content.decode()
        assert "4 of 5 (80 %)" in call
        assert reverse("publications:policy", args=[world.program.slug]) in call


def test_the_register_narrows_and_is_a_csv_no_spreadsheet_runs(
    world: World, case: Fellowship
) -> None:
    many(world, case, 3)
    waiting = scenario.drafted(world, case, title="A title not released")
    services.submit_publication(publication=waiting, by=case.fellow)
    url, visitor = reverse("publications:register"), Client()
    table = reverse("publications:register_csv")
    now_ = visitor.get(table).content.decode("utf-8-sig")
    assert [row["title"] for row in csv.DictReader(io.StringIO(now_))] == ["'=Work three"]
    assert waiting.title not in visitor.get(url).content.decode()
    with frozen(now() + 29 * DAY + DAY * 2):
        rows = list(csv.DictReader(io.StringIO(visitor.get(table).content.decode("utf-8-sig"))))
        assert len(rows) == 4
        by_review = visitor.get(table, {"released_by": "review"}).content.decode("utf-8-sig")
        only = list(csv.DictReader(io.StringIO(by_review)))
        assert [(r["objections"], r["redactions"], r["released_by"]) for r in only] == [
            ("1", "1", "review")
        ]
        page = visitor.get(url, {"program": world.program.slug, "q": "Work two"}).content.decode()
        assert "=Work two" in page
        assert "=Work one" not in page
        for odd in ({"program": "nowhere"}, {"kind": "x"}, {"page": "9999"}, {"sort": "x"}):
            assert visitor.get(url, odd).status_code in (200, 404)


def test_what_shorter_windows_would_have_done(world: World, case: Fellowship) -> None:
    work = scenario.submitted(world, case)
    assert work.submitted_at is not None
    with frozen(work.submitted_at + 20 * DAY):
        scenario.objected(world, work)
        parameters = founding.parameters("publication_policy")
        parameters["windows"]["methods"] = "14 calendar days"
        from governance.services import draft_rule

        draft = draft_rule(
            program=world.program,
            kind="publication_policy",
            parameters=parameters,
            title="Faster",
            prose="Faster.",
            rationale="Reviews take ten days.",
            owner=world.sponsor,
            by=world.manager,
        )
        found = rules.what_if(draft)[0].differences
    assert [d.case for d in found] == [work.ref]
    assert found[0].before.startswith("silence releases on ")
    assert found[0].after.endswith("1 objection would have come too late")
    same = draft_rule_like(world)
    assert rules.what_if(same)[0].differences == []


def draft_rule_like(world: World) -> Any:
    from governance.services import draft_rule

    return draft_rule(
        program=world.program,
        kind="publication_policy",
        parameters=founding.parameters("publication_policy"),
        title="Other words",
        prose="Other words.",
        rationale="Clearer.",
        owner=world.sponsor,
        by=world.manager,
    )


def test_the_public_pages_take_few_queries(world: World, case: Fellowship) -> None:
    many(world, case, 3)
    with frozen(now() + 31 * DAY):
        work = Publication.objects.released().first()
        assert work is not None
        for name, args, most in (
            ("policy", [world.program.slug], 20),
            ("register", [], 20),
            ("certificate", [work.ref], 25),
        ):
            url = reverse(f"publications:{name}", args=args)
            Client().get(url)
            with CaptureQueriesContext(connection) as caught:
                assert Client().get(url).status_code == 200
            assert len(caught) <= most, (name, len(caught))
