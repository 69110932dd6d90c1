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
from publications.models import Objection, ScientificReview
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


@pytest.mark.parametrize("work_class", ["methods", "restricted"])
def test_what_comes_next_says_what_silence_means(world: World, work_class: str) -> None:
    finding = finding_scenario.reported(world)
    used = [finding] if work_class == "restricted" else []
    work = scenario.submitted(world, finding.fellowship, findings=used, work_class=work_class)
    html = as_(world.applicant).get(work.get_absolute_url()).content.decode()
    comes = html[html.index("What comes next") :]
    by_itself = work_class == "methods"
    assert ("The work is released by itself when the window ends" in comes) is by_itself
    assert ("brings it to the board when the window ends" in comes) is not by_itself
    assert ("eleases it, or keeps it for one more window" in html) is not by_itself


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


def test_advice_is_on_the_version_its_writer_read(world: World, fellowship: Fellowship) -> None:
    work = scenario.submitted(world, fellowship)
    client, url = as_(world.reviewer), reverse("publications:advise", args=[work.ref])
    assert '<input type="hidden" name="read" value="1">' in client.get(url).content.decode()
    scores = {"soundness": "4", "reproducibility": "3", "support": "5"}
    data = {**scores, "advice": "Table 2 lacks error bars.", "read": "1"}
    text = f"# New\n\nTable 2 has them.\n\n{'Nothing was dropped. ' * 40}"
    services.add_version(publication=work, text=text, by=fellowship.fellow)
    late = client.post(url, data)
    assert late.status_code == 422
    html = late.content.decode()
    assert "The author added version 2 meanwhile." in html
    assert "Table 2 lacks error bars." in html
    assert "Table 2 has them." in html
    assert '<input type="hidden" name="read" value="2">' in html
    assert not ScientificReview.objects.exists()
    assert client.post(url, {**data, "read": "2"}).status_code == 302
    assert ScientificReview.objects.get().version.number == 2


def test_advice_sent_twice_is_one_whatever_came_between(
    world: World, fellowship: Fellowship
) -> None:
    work = scenario.submitted(world, fellowship)
    client = as_(world.reviewer)
    url = reverse("api:publications-advise", args=[work.ref])
    said = {"soundness": 4, "reproducibility": 3, "support": 5, "advice": "Sound.", "version": 1}
    assert client.post(url, said, "application/json").status_code == 200
    text = f"# New\n\nOther words.\n\n{'Nothing was dropped. ' * 40}"
    services.add_version(publication=work, text=text, by=fellowship.fellow)
    assert client.post(url, said, "application/json").status_code == 200
    other = client.post(url, {**said, "advice": "Weak."}, "application/json")
    assert (other.status_code, other.json()["code"]) == (409, "new_version")
    assert ScientificReview.objects.get().advice == "Sound."


def test_an_objection_is_to_the_version_its_writer_read(
    world: World, fellowship: Fellowship
) -> None:
    """A paragraph's number means another passage in another version."""
    work = scenario.submitted(world, fellowship)
    client = as_(world.policy_reviewer)
    url = reverse("publications:object", args=[work.ref])
    assert '<input type="hidden" name="read" value="1">' in client.get(url).content.decode()
    data = {
        "paragraphs": "2",
        "read": "1",
        "ground": "sensitive_security_detail",
        "harm": "A bypass before its fix.",
        "ask": "redact",
        "public_summary": "One sentence is withheld.",
    }
    text = f"# New\n\nOther words.\n\n{'Nothing was dropped. ' * 40}"
    services.add_version(publication=work, text=text, by=fellowship.fellow)
    late = client.post(url, data)
    assert late.status_code == 422
    html = late.content.decode()
    assert "The author added version 2 meanwhile. Mark the passage in it." in html
    assert '<input type="hidden" name="read" value="2">' in html
    assert client.post(url, {**data, "read": "2"}).status_code == 302
    assert Objection.objects.get().passage == "Other words."


def test_a_wrong_orcid_comes_back_with_what_was_typed(world: World, fellowship: Fellowship) -> None:
    work = scenario.drafted(world, fellowship)
    url = reverse("publications:authors", args=[work.ref])
    response = as_(fellowship.fellow).post(url, {"authors": "Ada; 0000-0002-1825-0098; writing"})
    assert response.status_code == 422
    assert "does not match the others" in response.context["form"].errors["authors"][0]
    assert "0000-0002-1825-0098" in response.content.decode()
    assert work.authors.count() == 1


def test_a_contested_passage_waits_on_the_authors_home_and_in_the_history(world: World) -> None:
    objection = scenario.contested(world)
    work = objection.publication
    home = as_(work.fellowship.fellow).get("/").content.decode()
    assert f"The passage you contested of {work.title}" in home
    assert f"{objection.mediation.mediator}, who mediates" in home
    shown = as_(work.fellowship.fellow).get(work.get_absolute_url()).content.decode()
    history = shown.partition(">History<")[2]
    for what in ("objected to a passage", "contested the objection"):
        assert f'</strong> {what} · <a href="#{objection.ref}">{objection.ref}</a>' in history


def test_to_go_on_without_a_kind_says_to_choose_one(world: World, fellowship: Fellowship) -> None:
    url = reverse("publications:draft", args=[fellowship.ref])
    first = as_(fellowship.fellow).get(url)
    assert '<input type="hidden" name="kind" value="">' in first.content.decode()
    assert not first.context["form"].errors
    unsaid = as_(fellowship.fellow).get(url, {"kind": ""})
    assert list(unsaid.context["form"].errors) == ["kind"]
    chosen = as_(fellowship.fellow).get(f"{url}?kind=&kind=preprint")
    assert chosen.status_code == 200
    assert chosen.context["kind"] == "preprint"


def test_the_case_names_the_objection_to_answer_first(world: World, fellowship: Fellowship) -> None:
    work = scenario.submitted(world, fellowship)
    path = fellowship.get_absolute_url()
    before = as_(fellowship.fellow).get(path)
    assert f"The review window ends: {work.ref}" in before.content.decode()
    assert "an objection to answer" not in before.content.decode()
    scenario.objected(world, work)
    shown = as_(fellowship.fellow).get(path).content.decode()
    assert "With you: an objection to answer" in shown
    assert f"An objection to answer: {work.ref}" in shown
    assert f'href="{work.get_absolute_url()}#objections">Answer it</a>' in shown
    assert "With you" not in as_(world.manager).get(path).content.decode()
