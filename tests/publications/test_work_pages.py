"""Pages of a work's text: begun, added, checked, read, compared, staged, and read by the public."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.kernel.time import frozen, now
from publications import services
from publications.models import Hit, Publication
from scoping.models import Fellowship
from tests.publications.test_disclosure import plan
from tests.publications.test_pages import as_, fellowship  # noqa: F401 - a fixture
from tests.publications.test_precheck import KEY, MAIL, TEXT, draft
from tests.scenarios import publications as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def test_a_kind_is_chosen_and_asks_what_fits_it(world: World, fellowship: Fellowship) -> None:  # noqa: F811
    page = as_(fellowship.fellow)
    url = f"/publications/draft/{fellowship.ref}/"
    assert b"What do you publish?" in page.get(url).content
    talk = page.get(f"{url}?kind=talk").content
    assert b"Day of the talk" in talk
    assert b"Licence" not in talk
    said = {"kind": "talk", "title": "Ties at the top", "work_class": "methods", "event": "Seminar"}
    wrong = page.post(url, said)
    assert wrong.status_code == 422
    assert b"Ties at the top" in wrong.content
    done = page.post(url, {**said, "event_on": "2026-12-09"})
    assert done.status_code == 302
    work = Publication.objects.get(title="Ties at the top")
    assert (work.event, str(work.event_on)) == ("Seminar", "2026-12-09")
    code = {"kind": "code", "title": "Harness", "work_class": "methods", "licence": "MIT"}
    assert b"64 hexadecimal digits" in page.post(url, {**code, "link_sha256": "xyz"}).content
    assert page.post(url, {"kind": "poem"}).status_code == 422


def test_a_broken_file_is_told_beside_its_field_and_what_was_typed_stays(world: World) -> None:
    work = scenario.drafted(world)
    page = as_(work.fellowship.fellow)
    url = f"/publications/{work.ref}/text/"
    broken = SimpleUploadedFile("paper.pdf", b"%PDF-1.7 garbage")
    answer = page.post(url, {"file": broken, "text": ""})
    assert answer.status_code == 422
    assert b"was not read: it is broken" in answer.content
    wrong = SimpleUploadedFile("paper.exe", b"MZ")
    answer = page.post(url, {"file": wrong, "text": "Typed for an hour."})
    assert answer.status_code == 422
    assert b"Typed for an hour." in answer.content
    broken = SimpleUploadedFile("paper.pdf", b"%PDF-1.7 garbage")
    assert page.post(url, {"file": broken, "text": "Typed for an hour."}).status_code == 302
    file = page.get(f"/publications/{work.ref}/versions/2/file/")
    assert b"".join(file.streaming_content) == b"%PDF-1.7 garbage"  # type: ignore[attr-defined]
    assert file["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file["Content-Security-Policy"]
    assert as_(world.other_applicant).get(file.request["PATH_INFO"]).status_code == 404


def test_the_check_is_answered_on_its_page_and_an_error_stands_at_its_cause(world: World) -> None:
    work = draft(world)
    fellow = as_(work.fellowship.fellow)
    url = f"/publications/{work.ref}/check/"
    first = fellow.get(url).content.decode()
    assert KEY not in first
    assert MAIL not in first
    assert "sk" + "•" * 10 in first
    hit = Hit.objects.get(kind="secret")
    wrong = fellow.post(url, {"hit": hit.pk, "answer": "wanted", "reason": ""})
    assert wrong.status_code == 422
    assert f'id="id_{hit.pk}_reason_error"' in wrong.content.decode()
    fellow.post(url, {"hit": hit.pk, "answer": "wanted", "reason": "A canary, long revoked."})
    assert "long revoked" in fellow.get(url).content.decode()
    assert fellow.post(url, {"hit": "x"}).status_code == 404
    manager = as_(world.manager)
    assert "long revoked" not in manager.get(url).content.decode()  # not before submission
    said = {"hit": hit.pk, "answer": "wanted", "reason": "x"}
    assert manager.post(url, said).status_code == 404
    services.submit_publication(publication=work, by=work.fellowship.fellow)
    assert "long revoked" in manager.get(url).content.decode()
    assert manager.post(url, said).status_code == 422


def test_the_text_is_read_with_numbers_and_secrets_are_dotted_for_others(world: World) -> None:
    work = draft(world, f"# One\n\n{TEXT}\n\n## Two\n\nEnd.")
    url = f"/publications/{work.ref}/read/"
    own = as_(work.fellowship.fellow).get(url).content.decode()
    assert KEY in own
    assert '<h2 class="line" id="L1">' in own
    assert '<h3 class="line" id="L5">' in own
    other = as_(world.manager).get(url).content.decode()
    assert KEY not in other
    assert "dotted out" in other
    assert as_(world.manager).get(f"{url}?v=99").status_code == 404
    assert as_(world.manager).get(f"{url}?v=x&page=-1").status_code == 200
    compare = as_(world.manager).get(f"/publications/{work.ref}/compare/").content.decode()
    assert KEY not in compare
    assert "<ins>" in compare


def test_with_one_version_nothing_is_compared(world: World) -> None:
    work = scenario.submitted(world)
    page = as_(world.manager).get(f"/publications/{work.ref}/compare/").content.decode()
    assert "There is one version so far." in page
    assert "Nothing differs" not in page
    assert '<select name="from"' not in page


def test_who_answers_an_objection_is_led_to_it_and_others_to_what_they_can_do(
    world: World,
) -> None:
    work = scenario.objected(world).publication
    own = as_(work.fellowship.fellow).get(work.get_absolute_url()).content.decode()
    assert "Answer the objection" in own
    other = as_(world.policy_reviewer).get(work.get_absolute_url()).content.decode()
    assert "Answer the objection" not in other
    assert '<a class="btn" href="#act">What you can do</a>' in other


def test_the_public_reads_a_released_work_and_each_passage_from_its_date(world: World) -> None:
    work = scenario.submitted(world, work_class="methods")
    step = plan(work)
    url, anyone = f"/publications/register/{work.ref}/", Client()
    assert anyone.get(url).status_code == 404
    services.clear_policy_review(publication=work, by=world.policy_reviewer)
    page = anyone.get(url).content.decode()
    assert scenario.PASSAGE not in page
    assert f"Withheld until {step.on:%-d %b %Y}: sensitive security detail" in page
    assert "One sentence on a bypass." in page
    with frozen(step.on):
        assert scenario.PASSAGE in anyone.get(url).content.decode()
    assert anyone.get("/publications/register/nothing/").status_code == 404


def test_a_plan_is_made_moved_and_ended_by_page(world: World) -> None:
    work = scenario.submitted(world, work_class="vulnerability")
    fellow = as_(work.fellowship.fellow)
    url = f"/publications/{work.ref}/disclosure/"
    form = {"passage": scenario.PASSAGE, "ground": "sensitive_security_detail", "when": "own"}
    wrong = fellow.post(url, {**form, "summary": "One sentence."})
    assert wrong.status_code == 422
    assert b"Say on which day." in wrong.content
    assert b"One sentence." in wrong.content
    day = f"{now() + 20 * DAY:%Y-%m-%d}"
    assert fellow.post(url, {**form, "on": day, "summary": "One sentence."}).status_code == 302
    step = work.disclosure_steps.get()
    later = {"on": f"{now() + 30 * DAY:%Y-%m-%d}", "reason": "The fix needs a week more."}
    assert fellow.post(f"{url}{step.pk}/extend/", later).status_code == 302
    policy = as_(world.policy_reviewer)
    assert b"The fix needs a week more." in policy.get(url).content
    assert policy.post(f"{url}{step.pk}/early/", {"reason": "It shipped."}).status_code == 302
    assert b"It shipped." in fellow.get(url).content
    assert as_(world.other_applicant).get(url).status_code == 404


@pytest.mark.parametrize("path", ["read/", "check/", "compare/", "disclosure/", "sources/", ""])
def test_pages_of_a_text_take_few_queries(world: World, path: str) -> None:
    objection = scenario.objected(world)
    work = objection.publication
    fellow = work.fellowship.fellow
    services.accept_objection(objection=objection, by=fellow)
    plan(work)
    services.add_version(publication=work, text=f"{scenario.TEXT} {TEXT}", by=fellow)
    client = as_(fellow)
    url = f"/publications/{work.ref}/{path}"
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert client.get(url).status_code == 200
    services.add_version(
        publication=work, text=f"{scenario.TEXT} {TEXT} +44 20 7946 0958 a@b.ch c@d.ch", by=fellow
    )
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) <= len(few) + (path == "")
    assert len(few) <= (30 if not path else 25)
