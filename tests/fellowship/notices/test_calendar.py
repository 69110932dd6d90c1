"""The calendar feed: a secret address that shows one person's deadlines."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel.time import frozen
from fellowship.notices import calendar, services
from fellowship.notices.models import CalendarFeed
from tests.fellowship.notices.conftest import MONDAY, deactivate

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody has two deadlines, the later one with hostile words."""

    def source(user: User, at: dt.datetime) -> list[calendar.Entry]:
        return [
            calendar.Entry(
                "b",
                "Größe;\r\nATTENDEE:x, 2",
                at + 2 * DAY,
                "If nothing happens: it is released.",
                "/",
            ),
            calendar.Entry("a", f"Answer due ({user})", at + DAY, path="//evil.example/"),
        ]

    monkeypatch.setattr(calendar, "_sources", [source])


def url(token: str) -> str:
    return reverse("notices:feed", args=[token])


def test_the_feed_is_a_valid_calendar_of_its_person(client: Client, ada: User) -> None:
    token = services.open_calendar(by=ada)
    with frozen(MONDAY):
        answer = client.get(url(token))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    parsed = Calendar.from_ical(answer.content)
    first, second = parsed.walk("VEVENT")
    assert (str(first["summary"]), first.decoded("dtstart")) == ("Answer due (Ada)", MONDAY + DAY)
    assert "url" not in first
    assert str(second["url"]).endswith("/")
    assert second["uid"].startswith("b@")
    assert "ATTENDEE" not in second
    assert b"\r\nATTENDEE" not in answer.content


def test_an_address_works_until_it_is_replaced_or_closed(client: Client, ada: User) -> None:
    first = services.open_calendar(by=ada)
    second = services.open_calendar(by=ada)
    assert client.get(url(first)).status_code == 404
    assert client.get(url(second)).status_code == 200
    services.close_calendar(by=ada)
    services.close_calendar(by=ada)
    assert client.get(url(second)).status_code == 404
    verbs = Event.objects.filter(verb__startswith="notices.").order_by("id")
    assert [event.verb for event in verbs] == [
        "notices.open_calendar",
        "notices.open_calendar",
        "notices.close_calendar",
    ]
    assert not any(second in event.body for event in verbs)


def test_an_inactive_persons_feed_is_gone(client: Client, ada: User) -> None:
    token = services.open_calendar(by=ada)
    deactivate(ada)
    assert client.get(url(token)).status_code == 404
    assert client.get(url("nonsense")).status_code == 404
    assert client.post(url(token)).status_code == 405


def test_the_page_shows_the_address_once(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = reverse("notices:calendar")
    assert "Make a calendar address" in client.get(page).content.decode()
    shown = client.post(reverse("notices:open_calendar"), follow=True)
    address = shown.context["address"]
    assert address in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert client.get("/" + address.split("/", 3)[3]).status_code == 200
    again = client.get(page).content.decode()
    assert ".ics" not in again
    assert "make a new one if you have lost it" in again
    client.post(reverse("notices:close_calendar"))
    assert not CalendarFeed.objects.exists()
    assert client.get(reverse("notices:open_calendar")).status_code == 405
