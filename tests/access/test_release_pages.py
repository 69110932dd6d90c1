"""The release desk as people see it: blind until both are sent, safe previews, nothing lost."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import services
from access.models import Grant, Output, ReleaseRequest
from access.release_states import Criterion
from fellowship.accounts.models import User
from fellowship.history.models import Event
from tests.scenarios import releases as scenario
from tests.scenarios.world import World

CANARY = "zebra-canary-7f3a"


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def answered(
    request: ReleaseRequest, verdict: str = "release", comment: str = ""
) -> dict[str, str]:
    """The form of a review as a browser sends it."""
    data = {"verdict": verdict, "comment": comment}
    for output in request.outputs.filter(removed_at=None):
        for criterion in Criterion.values:
            data[f"answer-{output.pk}-{criterion}"] = "yes"
    return data


def test_a_request_goes_from_asking_to_the_released_file(world: World, grant: Grant) -> None:
    fellow, steward, oncall = map(client_of, (world.applicant, world.steward, world.oncall))
    page = fellow.post(
        f"/access/cases/{grant.fellowship.ref}/release/",
        {
            "title": "Refusals by turn",
            "purpose": "Table 2.",
            "destination": "The preprint.",
            "datasets": [grant.dataset.ref],
        },
        follow=True,
    )
    request = ReleaseRequest.objects.get()
    url = request.get_absolute_url()
    assert page.redirect_chain[-1][0] == url
    body = scenario.COUNTS
    page = fellow.post(
        f"{url}files/",
        {
            "file": SimpleUploadedFile("turns.csv", body),
            "kind": "table",
            "description": "By turn.",
            "smallest_group": "18",
            "count_columns": "refusals, n",
        },
        follow=True,
    )
    assert page.status_code == 200
    output = Output.objects.get()
    assert output.declared == {"smallest_group": 18, "count_columns": ["refusals", "n"]}
    assert (
        "No count below 10 in “refusals”, “n”. Declared: no group below 18."
        in page.content.decode()
    )
    assert steward.get(url).status_code == 404, "not before it is sent"
    fellow.post(f"{url}send/")
    for client, said in ((steward, "Sent, and sealed."), (oncall, "both are open: Released.")):
        form = client.get(f"{url}review/")
        assert b"checked" not in form.content, "nothing is preselected"
        after = client.post(f"{url}review/", answered(request), follow=True)
        assert said in after.content.decode()
    page = fellow.get(url)
    assert "Released" in page.content.decode()
    taken = fellow.post(f"{url}files/{output.pk}/")
    assert b"".join(taken.streaming_content) == body
    assert "attachment" in taken["Content-Disposition"]
    event = Event.objects.get(verb="access.take_released")
    assert json.loads(event.body)["change"]["sha256"] == output.sha256
    assert fellow.get(f"{url}files/{output.pk}/").status_code == 405


def test_what_a_machine_found_is_said_to_its_reader_and_kept_in_english(
    world: World, grant: Grant
) -> None:
    scenario.released(world, grant, count_columns=["refusals", "n"])
    request = scenario.asked(grant, title="Again")
    close = b"turn,language,refusals,n\n5,en,44,120\n5,de,18,64\n20,en,23,118\n"
    scenario.output(request, file=scenario.file("later.csv", close))
    page = client_of(grant.person).get(
        request.get_absolute_url(), headers={"Accept-Language": "de"}
    )
    text = page.content.decode()
    assert "1 Anzahl unterscheidet sich um weniger als 10 von einer früheren Freigabe" in text
    assert "3 Zeilen, und keine Spalte, die Einträge benennt." in text
    assert "Keine E-Mail-Adresse" in text
    kept = Output.objects.latest("pk").checks
    assert kept[-1]["detail"].startswith("1 count differs by less than 10")
    told = client_of(grant.person).get(f"/api/v1/access/releases/{request.pk}/").json()
    found = told["outputs"][0]["checks"][-1]
    assert (found["detail"], "in_words" in found) == (kept[-1]["detail"], False)


def test_no_page_tells_the_first_review_before_the_second(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    people = (world.oncall, world.manager, world.applicant, world.mentor, world.auditor)
    url = request.get_absolute_url()
    pages = (url, "/access/releases/", "/access/releases/?show=all", "/", f"{url}review/")
    pages += (f"{url}revise/", f"{url}settle/", f"/access/cases/{grant.fellowship.ref}/")
    pages += ("/api/v1/access/releases/", f"/api/v1/access/releases/{request.pk}/", "/notices/")

    def seen() -> dict[tuple[str, str], tuple[int, str]]:
        found = {}
        for person in people:
            client = client_of(person)
            for page in pages:
                answer = client.get(page)
                found[person.name, page] = (answer.status_code, answer.content.decode())
        return found

    scenario.review(
        request, world.steward, "refuse", CANARY, purpose="no", purpose_note=f"{CANARY}-note"
    )
    for where, (status, text) in seen().items():
        assert CANARY not in text, where
        assert status < 500, where
    own = client_of(world.steward).get(url).content.decode()
    assert "sealed" in own
    scenario.review(request, world.oncall)
    assert CANARY in client_of(world.applicant).get(url).content.decode()
    assert f"{CANARY}-note" in client_of(world.oncall).get(url).content.decode()


@pytest.mark.parametrize("who", ["other_applicant", "stranger", "product_owner", "sponsor"])
def test_who_has_nothing_to_do_with_the_case_finds_nothing(
    world: World, grant: Grant, who: str
) -> None:
    request = scenario.released(world, grant)
    client, url = client_of(getattr(world, who)), request.get_absolute_url()
    output = Output.objects.get()
    assert client.get(url).status_code == 404
    assert client.post(f"{url}files/{output.pk}/").status_code == 404
    for page in ("review", "revise", "settle"):
        assert client.get(f"{url}{page}/").status_code == 404


def test_an_auditor_reads_the_page_and_takes_no_file(world: World, grant: Grant) -> None:
    request = scenario.released(world, grant)
    client, url = client_of(world.auditor), request.get_absolute_url()
    assert client.get(url).status_code == 200
    assert client.post(f"{url}files/{Output.objects.get().pk}/").status_code == 403


def test_two_who_disagree_read_each_other_and_a_third_settles(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    scenario.review(request, world.oncall)
    scenario.review(request, world.steward, "return", "Say what “n” counts.")
    url = request.get_absolute_url()
    oncall, manager = client_of(world.oncall), client_of(world.manager)
    assert "Say what “n” counts." in oncall.get(f"{url}revise/").content.decode()
    answer = oncall.post(f"{url}revise/", {"verdict": "", "reason": "I keep what I typed"})
    assert answer.status_code == 422
    assert "I keep what I typed" in answer.content.decode()
    manager.post(f"{url}settle/", {"verdict": "return", "reason": "The heading is unclear."})
    request.refresh_from_db()
    assert (request.state, request.settled_by) == ("returned", world.manager)
    assert "The heading is unclear." in client_of(world.applicant).get(url).content.decode()


def test_a_review_with_an_answer_missing_says_so_there_and_keeps_the_rest(
    world: World, grant: Grant
) -> None:
    request = scenario.sent(grant)
    data = answered(request, "return", "Please aggregate the languages.")
    output = Output.objects.get()
    del data[f"answer-{output.pk}-records"]
    page = client_of(world.steward).post(f"{request.get_absolute_url()}review/", data)
    assert page.status_code == 422
    text = page.content.decode()
    assert f"#id_answer-{output.pk}-records" in text
    assert "Please aggregate the languages." in text
    unsaid = answered(request, "return", " ")
    page = client_of(world.steward).post(f"{request.get_absolute_url()}review/", unsaid)
    assert list(page.context["form"].errors) == ["comment"]
    assert not request.reviews.exists()


HOSTILE = "<script>alert(1)</script>"


def test_previews_show_text_and_run_nothing(world: World, grant: Grant) -> None:
    request = scenario.asked(grant)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("src/плот.py", f"# {HOSTILE}\n")
    rows = f"turn,n\n{HOSTILE},20\n".encode()
    scenario.output(request, file=scenario.file("таблица-été.csv", rows))
    for name, body, kind in (
        ("notes.md", HOSTILE.encode(), "text"),
        ("code.zip", packed.getvalue(), "code"),
    ):
        scenario.output(request, file=scenario.file(name, body), kind=kind)
    page = client_of(world.applicant).get(request.get_absolute_url()).content.decode()
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "src/плот.py" in page
    assert "таблица-été.csv" in page


def test_pages_take_as_many_queries_with_one_file_as_with_many(world: World, grant: Grant) -> None:
    request = scenario.asked(grant)
    fellow, steward, url = client_of(world.applicant), client_of(world.steward), ""
    counts = []
    for number in (1, 3, 8):
        for n in range(request.outputs.count(), number):
            body = scenario.COUNTS + f"40,fr,{n + 30},{n + 90}\n".encode()
            scenario.output(request, file=scenario.file(f"part-{n}.csv", body))
        url = request.get_absolute_url()
        fellow.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert fellow.get(url).status_code == 200
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 25
    services.send_release(request=request, by=world.applicant)
    for page in (url, f"{url}review/"):
        steward.get(page)
        with CaptureQueriesContext(connection) as seen:
            assert steward.get(page).status_code == 200
        assert len(seen) <= 25, page


def test_the_desk_takes_the_same_queries_at_1_3_and_many(world: World, grant: Grant) -> None:
    steward, counts = client_of(world.steward), []
    for number in (1, 3, 8):
        for n in range(ReleaseRequest.objects.count(), number):
            request = scenario.asked(grant, title=f"Part {n}")
            body = scenario.COUNTS + f"40,fr,{n + 30},{n + 90}\n".encode()
            scenario.output(request, file=scenario.file(f"part-{n}.csv", body))
            services.send_release(request=request, by=world.applicant)
        steward.get("/access/releases/")
        with CaptureQueriesContext(connection) as seen:
            page = steward.get("/access/releases/")
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 20
    assert page.content.decode().count("Refusals by turn") == 0
    assert page.content.decode().count("REL-") >= 8


def test_the_api_does_it_all(world: World, grant: Grant) -> None:
    fellow, steward, oncall = map(client_of, (world.applicant, world.steward, world.oncall))
    begun = fellow.post(
        "/api/v1/access/releases/",
        {
            "fellowship": grant.fellowship.ref,
            "title": "By turn",
            "purpose": "Table 2.",
            "destination": "The preprint.",
            "datasets": [grant.dataset.slug],
        },
        "application/json",
    )
    assert begun.status_code == 201, begun.content
    url = f"/api/v1/access/releases/{begun.json()['id']}/"
    small = SimpleUploadedFile("small.csv", b"turn,n\n5,4\n")
    upload = {"file": small, "kind": "table", "description": "By turn."}
    made = fellow.post(f"{url}outputs/", upload)
    assert made.status_code == 201, made.content
    assert [(c["criterion"], c["result"]) for c in made.json()["checks"]] == [
        ("smallest_group", "failed"),
        ("records", "passed"),
        ("identifiers", "passed"),
        ("differencing", "passed"),
    ]
    refused = fellow.post(f"{url}send/", {}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "unexplained")
    digest = made.json()["sha256"]
    said = {"explanation": "It is the number of scripts, not of people."}
    fellow.post(f"{url}outputs/{digest}/explain/", said, "application/json")
    assert fellow.post(f"{url}send/", {}, "application/json").json()["state"] == "in_review"
    answers = [{"output": digest, "criterion": c, "answer": "yes"} for c in Criterion.values]
    body = {"verdict": "release", "answers": answers}
    first = steward.post(f"{url}review/", body, "application/json").json()
    assert [(r["reviewer"], r["verdict"]) for r in first["reviews"]] == [(world.steward.name, "")]
    assert oncall.get(url).json()["reviews"] == []
    last = oncall.post(f"{url}review/", body, "application/json").json()
    assert last["state"] == "released"
    assert len(last["reviews"]) == 2
    taken = fellow.get(f"{url}outputs/{digest}/")
    assert b"".join(taken.streaming_content) == b"turn,n\n5,4\n"
    assert Event.objects.filter(verb="access.take_released").count() == 1


def test_the_api_lists_as_many_queries_with_one_as_with_many(world: World, grant: Grant) -> None:
    steward, counts = client_of(world.steward), []
    for number in (1, 3, 6):
        for n in range(ReleaseRequest.objects.count(), number):
            request = scenario.asked(grant, title=f"Part {n}")
            scenario.output(request)
            services.send_release(request=request, by=world.applicant)
            scenario.review(request, world.oncall)
        with CaptureQueriesContext(connection) as seen:
            listed = steward.get("/api/v1/access/releases/").json()["results"]
        assert len(listed) == number
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts


def test_a_case_leads_to_its_own_releases(world: World, grant: Grant) -> None:
    scenario.asked(grant, title="Part of this case")
    case = client_of(world.steward).get(f"/access/cases/{grant.fellowship.ref}/").content.decode()
    assert f'href="/access/releases/?case={grant.fellowship.ref}"' in case
    desk = client_of(world.applicant)
    assert (
        "Part of this case"
        in desk.get(f"/access/releases/?case={grant.fellowship.ref}").content.decode()
    )
    other = desk.get("/access/releases/?case=FEL-1999-001").content.decode()
    assert "Part of this case" not in other
