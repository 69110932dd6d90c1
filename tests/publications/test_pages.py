"""Pages and API of publications: fixed queries, 404 for others, the register names nobody."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts.services import declare_conflict
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen
from publications import services, withholding
from publications.models import Objection
from scoping.models import Fellowship
from tests.scenarios import findings as finding_scenario
from tests.scenarios import publications as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def fellowship(world: World) -> Fellowship:
    return signed_fellowship(world)


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


@pytest.mark.parametrize(
    "name", ["publications:index", "publications:register", "api:publications-list"]
)
def test_lists_take_the_same_queries_at_1_3_and_many_rows(
    world: World, fellowship: Fellowship, name: str
) -> None:
    client = as_(world.manager)
    counts = []
    made = 0
    last = None
    for target in (1, 3, 9):
        while made < target:
            made += 1
            work = scenario.drafted(world, fellowship, title=f"Work {made}")
            last = services.submit_publication(publication=work, by=fellowship.fellow)
        assert last is not None
        assert last.window_ends_at is not None
        with frozen(last.window_ends_at + dt.timedelta(days=1)):
            client.get(reverse(name))
            with CaptureQueriesContext(connection) as caught:
                assert client.get(reverse(name)).status_code == 200
        counts.append(len(caught))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 20


def test_another_persons_work_is_404(world: World, fellowship: Fellowship) -> None:
    objection = scenario.objected(world, scenario.submitted(world, fellowship))
    ref = objection.publication.ref
    client = as_(world.other_applicant)
    for name in (
        "detail",
        "text",
        "authors",
        "outcome",
        "assign",
        "advise",
        "object",
        "certificate",
    ):
        assert client.get(reverse(f"publications:{name}", args=[ref])).status_code == 404, name
    assert client.get(reverse("api:publications-detail", args=[ref])).status_code == 404
    for verb in ("accept", "contest", "agree", "withdraw_objection"):
        url = reverse(f"publications:{verb}", args=[objection.ref])
        assert client.post(url).status_code == 404, verb


def test_who_was_asked_to_review_sees_the_work_and_no_other(
    world: World, fellowship: Fellowship
) -> None:
    asked = scenario.submitted(world, fellowship)  # world.reviewer on the scientific track
    other = scenario.drafted(world, fellowship, title="Not sent yet")
    page = reverse("publications:detail", args=[asked.ref])
    assert as_(world.reviewer).get(page).status_code == 200
    assert as_(world.reviewer_two).get(page).status_code == 404
    unasked = reverse("publications:detail", args=[other.ref])
    assert as_(world.reviewer).get(unasked).status_code == 404
    declare_conflict(
        user=world.reviewer,
        subject=fellowship,
        realm=world.program.pk,
        kind="coauthor",
        statement="We wrote a paper together last year.",
        by=world.reviewer,
    )
    assert as_(world.reviewer).get(page).status_code == 404


def test_who_may_not_open_the_case_reads_its_name_without_a_link(world: World) -> None:
    finding = finding_scenario.reported(world)
    work = scenario.submitted(
        world, finding.fellowship, findings=[finding], work_class="restricted"
    )
    url, found = work.get_absolute_url(), reverse("findings:detail", args=[finding.ref])
    for person, opens in ((world.reviewer, False), (world.applicant, True)):
        page = as_(person).get(url).content.decode()
        assert finding.ref in page
        for place in (finding.fellowship.get_absolute_url(), found):
            assert (f'href="{place}"' in page) is opens, (person, place)


def test_what_silence_means_stands_with_its_condition(world: World) -> None:
    objection = scenario.objected(world)
    work = objection.publication
    url = work.get_absolute_url()
    reviewer = as_(world.policy_reviewer).get(url).content.decode()
    assert "If the author stays silent, the passage is treated as the objection asks." in reviewer
    assert "If nobody objects by then, it is released." in reviewer
    with frozen(work.window_ends_at + dt.timedelta(days=3)):
        page = as_(world.fresh("policy_reviewer")).get(url).content.decode()
        assert "Released by" not in page
        assert "working days over" not in page


def test_a_contest_too_long_is_refused_by_the_server(world: World) -> None:
    objection = scenario.objected(world)
    url = reverse("publications:contest", args=[objection.ref])
    answer = as_(world.applicant).post(url, {"reason": "x" * 2001})
    assert answer.status_code in (409, 422)
    objection.refresh_from_db()
    assert objection.state == "open"
    with pytest.raises(Refused, match="at most 2,000"):
        services.contest_objection(objection=objection, by=world.applicant, reason="x" * 2001)


def test_the_public_register_names_no_passage_and_no_person(
    world: World, fellowship: Fellowship
) -> None:
    work = scenario.submitted(world, fellowship)
    scenario.objected(world, work)
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at):
        page = Client().get(reverse("publications:register")).content.decode()
    assert work.title in page
    for private in (scenario.PASSAGE, fellowship.fellow.name, world.policy_reviewer.name, "bypass"):
        assert private not in page


def test_silence_shows_as_released_on_page_api_and_certificate_with_no_worker(
    world: World, fellowship: Fellowship
) -> None:
    work = scenario.submitted(world, fellowship)
    client = as_(fellowship.fellow)
    certificate = reverse("publications:certificate", args=[work.ref])
    assert client.get(certificate).status_code == 404
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at + dt.timedelta(days=30)):
        page = client.get(reverse("publications:detail", args=[work.ref])).content.decode()
        assert "Released" in page
        assert "Over, no advice given" in page
        assert "standing objection" not in page  # nobody objected to anything
        api = client.get(reverse("api:publications-detail", args=[work.ref])).json()
        assert api["state"] == "released"
        assert client.get(certificate).status_code == 200


def test_an_objection_is_marked_by_its_words(world: World, fellowship: Fellowship) -> None:
    work = scenario.submitted(world, fellowship)
    client = as_(world.policy_reviewer)
    url = reverse("publications:object", args=[work.ref])
    data = {
        "passage": scenario.PASSAGE,
        "ground": "sensitive_security_detail",
        "harm": "A bypass before its fix.",
        "ask": "redact",
        "public_summary": "One sentence is withheld.",
    }
    missing = client.post(url, {**data, "passage": "words that are not there"})
    assert missing.status_code == 422
    assert "This passage does not stand in the text." in missing.content.decode()
    twice = client.post(url, {**data, "passage": "Nothing else was dropped."})
    assert "stands in the text more than once" in twice.content.decode()
    assert client.post(url, data).status_code == 302
    objection = Objection.objects.get()
    assert objection.passage == scenario.PASSAGE
    after = withholding.excerpts([objection])[objection.pk].after
    assert after.startswith(", which we observed in 41 of 60 trials.")


def test_a_wrong_orcid_comes_back_with_what_was_typed(world: World, fellowship: Fellowship) -> None:
    work = scenario.drafted(world, fellowship)
    url = reverse("publications:authors", args=[work.ref])
    response = as_(fellowship.fellow).post(url, {"authors": "Ada; 0000-0002-1825-0098; writing"})
    assert response.status_code == 422
    assert "does not match the others" in response.content.decode()
    assert "0000-0002-1825-0098" in response.content.decode()
    assert work.authors.count() == 1
