"""What every request passes: ids, plain input, zones, refusals, once-only forms."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import Client, RequestFactory
from django.utils import timezone

from fellowship.kernel.refusals import Missing, Refusal, Refused
from fellowship.web import again, middleware, once, onward
from tests.support.workers import PATIENCE


def request(method: str = "get", path: str = "/x/", data: Any = None, **extra: Any) -> HttpRequest:
    made: HttpRequest = getattr(RequestFactory(), method)(path, data, **extra)
    made.user = AnonymousUser()
    return made


def answer(made: HttpRequest) -> HttpResponse:
    return HttpResponse(timezone.get_current_timezone_name())


def test_a_request_id_of_a_proxy_is_kept_if_it_is_one() -> None:
    stamp = middleware.RequestId(answer)
    assert stamp(request(HTTP_X_REQUEST_ID="abcdef-123"))["X-Request-ID"] == "abcdef-123"
    made = stamp(request(HTTP_X_REQUEST_ID="a\nSet-Cookie: x"))["X-Request-ID"]
    assert len(made) == 32


@pytest.mark.parametrize("path", ["/x/?q=a%00", "/a%00b/"])
def test_nul_in_an_address_is_a_bad_request(path: str) -> None:
    with pytest.raises(BadRequest):
        middleware.PlainInput(answer)(request(path=path))


@pytest.mark.parametrize(
    ("zone", "expected"), [("Asia/Tokyo", "Asia/Tokyo"), ("", "UTC"), ("Mars/Olympus", "UTC")]
)
def test_times_are_in_the_persons_zone(zone: str, expected: str) -> None:
    made = request()
    made.user.time_zone = zone  # type: ignore[union-attr]
    assert middleware.PersonZone(answer)(made).content.decode() == expected  # type: ignore[attr-defined]
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "status"), [("wrong_state", 409), ("not_allowed", 403)])
def test_a_refusal_becomes_a_page_that_names_the_reason(code: str, status: int) -> None:
    refused = Refused(Refusal(code, "Two seats have not voted.", rule="Ballot rules v2"))
    page = middleware.Refusals(answer).process_exception(request("post"), refused)
    assert page is not None
    assert page.status_code == status
    assert "Two seats have not voted." in page.content.decode()
    assert "Ballot rules v2" in page.content.decode()


def test_htmx_gets_the_refusal_as_a_fragment() -> None:
    refused = Refused(Refusal("x", "Not yet."))
    made = request("post", HTTP_HX_REQUEST="true")
    page = middleware.Refusals(answer).process_exception(made, refused)
    assert page is not None
    assert "<html" not in page.content.decode()


@pytest.mark.django_db
def test_what_is_missing_is_not_found_and_other_errors_pass() -> None:
    refusals = middleware.Refusals(answer)
    missing = refusals.process_exception(request(), Missing())
    assert missing is not None
    assert missing.status_code == 404
    assert refusals.process_exception(request(), ZeroDivisionError()) is None


class Counting:
    """A view that counts how often it acts."""

    def __init__(self, response: HttpResponse | None = None) -> None:
        self.times = 0
        self.response = response

    def __call__(self, made: HttpRequest) -> HttpResponse:
        self.times += 1
        return self.response or HttpResponseRedirect(f"/done/{self.times}/")


def post(view: Any, **data: str) -> Any:
    return middleware.Once(view)(request("post", data={once.FIELD: "token", **data}))


@pytest.mark.services
def test_a_second_click_gets_the_first_ones_answer() -> None:
    view = Counting()
    assert [post(view, a="1").url for _ in range(3)] == ["/done/1/"] * 3
    assert view.times == 1


@pytest.mark.services
def test_other_content_other_token_or_no_token_is_another_act() -> None:
    view = Counting()
    post(view, a="1")
    post(view, a="2")
    middleware.Once(view)(request("post", data={once.FIELD: "other", "a": "1"}))
    for _ in range(2):
        middleware.Once(view)(request("post", data={"a": "1"}))
    assert view.times == 5


@pytest.mark.services
def test_the_csrf_token_does_not_make_it_another_act() -> None:
    view = Counting()
    post(view, csrfmiddlewaretoken="x")
    post(view, csrfmiddlewaretoken="y")
    assert view.times == 1


@pytest.mark.services
def test_a_form_that_came_back_with_errors_may_be_sent_again() -> None:
    view = Counting(HttpResponse(status=422))
    assert [post(view).status_code for _ in range(2)] == [422, 422]
    assert view.times == 2


def test_two_people_with_one_token_do_not_meet() -> None:
    first, second = request("post", data={once.FIELD: "t"}), request("post", data={once.FIELD: "t"})
    first.user.pk = 1
    second.user.pk = 2
    assert once.key(first) != once.key(second)


@pytest.mark.services
def test_a_second_click_waits_for_the_first() -> None:
    started, go = threading.Event(), threading.Event()

    def slow(made: HttpRequest) -> HttpResponse:
        started.set()
        go.wait(5)
        return HttpResponseRedirect("/done/")

    first = threading.Thread(target=post, args=(slow,))
    first.start()
    assert started.wait(PATIENCE)
    threading.Timer(0.3, go.set).start()
    assert post(Counting()).url == "/done/"
    first.join()


@pytest.mark.services
def test_a_click_that_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "_WAIT_SECONDS", 0.2)
    act = once.key(request("post", data={once.FIELD: "token"}))
    cache.set(act, "pending")
    assert post(Counting()).status_code == 409


@pytest.mark.django_db
def test_the_page_carries_a_token_and_the_site_honours_it(client: Client) -> None:
    assert client.get("/theme/").status_code == 405
    data = {"scheme": "dark", "next": "/?a=1", once.FIELD: "abc"}
    first, second = client.post("/theme/", data), client.post("/theme/", data)
    assert first.cookies["scheme"].value == "dark"
    assert (second.url, "scheme" in second.cookies) == ("/?a=1", False)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_the_address_of_a_button_has_a_page_of_ours_with_a_way_on(client: Client) -> None:
    page = client.get("/theme/")
    text = page.content.decode()
    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "this address only takes a form" in text
    assert onward.above("/proposals/PROP-2026-001/submit/") == "/proposals/PROP-2026-001/"
    assert onward.above("/nowhere/") == "/"


def test_a_refused_reason_leads_back_to_its_button_and_may_be_sent_again() -> None:
    made = request("post", "/act/", {"reason": "", "_page": "/x/?page=2"})
    made.session = {}  # type: ignore[assignment]
    error = Refused(Refusal("no_reason", "Say why.", field="reason"))
    page = middleware.Refusals(answer).process_exception(made, error)
    assert page is not None
    assert page.headers["Location"] == "/x/?page=2#refused"
    once.remember("act", page)
    assert once.answer("act") is None
    assert again.of(made, "/elsewhere/") == {}
    assert again.of(made, made.path)["error"] == "Say why."
    assert again.of(made, made.path) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["https://example.com/", "//example.com/", "example.com", "x"])
def test_only_pages_of_ours_are_gone_back_to(page: str) -> None:
    made = request("post", "/act/", {"reason": "", "_page": page})
    error = Refused(Refusal("no_reason", "Say why.", field="reason"))
    answered = middleware.Refusals(answer).process_exception(made, error)
    assert answered is not None
    assert answered.status_code == 409
    assert "example.com" not in answered.content.decode()
