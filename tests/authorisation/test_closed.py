"""Every route is closed to visitors and to newcomers, but for those `open.toml` names.

A new route is closed until its line there says otherwise. What is behind an address that names
something is there: the house has one of everything.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.views import defaults

from fellowship.history.models import Event
from fellowship.web import middleware
from tests.scenarios.world import make_person
from tests.support import kept
from tests.support.house import House, Route, build_house, routes

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.slow, pytest.mark.timeout(900)]

OPEN = tomllib.loads((Path(__file__).parent / "open.toml").read_text())
LEFT_OUT = re.compile(r"accounts/logout|static/")
OF_ONESELF = {
    "/api/v1/calendar-feed/",
    "/api/v1/personal-copies/",
    "/inbox/calendar/open/",
    "/proposals/start/<ref>/",
    "/your-data/copies/",
}
"""What a newcomer does at once: opens a calendar, begins a proposal, asks what is kept of them."""

kept_house = kept.fixture(build_house)


@pytest.fixture
def house(kept_house: House, db: None) -> House:
    """The house, with somebody at the door who has an account and no more."""
    world = replace(kept_house.world, people={**kept_house.world.people})
    world.people["newcomer"] = make_person("newcomer")
    return replace(kept_house, world=world, clients={})


def _address(route: Route) -> str:
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", route.plain)


def _bare(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse(status=kwargs.get("status", 404))


@contextmanager
def _briefly() -> Iterator[None]:
    """Refusals without their page, which is the same for all and tried elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(defaults, "page_not_found", _bare)
        patch.setattr(middleware, "page_not_found", _bare)
        patch.setattr(middleware, "render", _bare)
        patch.setattr(logging.getLogger("django.request"), "disabled", True)
        yield


def _asked(client: Client, method: str, house: House) -> dict[str, tuple[int, int]]:
    """What each route answers, and how many events that left; nothing of it stays."""
    found = {}
    known = client.cookies
    for route in routes():
        if LEFT_OUT.match(route.plain):
            continue
        path = (route.filled(house) or route.filled(house, ["1"]))[0]
        kind = {"content_type": "application/json"} if path.startswith("/api/") else {}
        client.cookies = known.copy()  # a session that an answer ended is there again
        with transaction.atomic():
            before = Event.objects.count()
            answer: Any = (
                client.get(path) if method == "get" else client.post(path, {}, **kind)  # type: ignore[arg-type]
            )
            found[_address(route)] = (answer.status_code, Event.objects.count() - before)
            transaction.set_rollback(True)
    return found


def _shown(found: dict[str, tuple[int, int]]) -> set[str]:
    """Where something was shown, be it that the question was not understood."""
    return {where for where, (status, _) in found.items() if status < 300 or status in (400, 422)}


def test_what_is_open_is_listed(house: House) -> None:
    with _briefly():
        visitor = _asked(house.client(""), "get", house)
        newcomer = _asked(house.client("newcomer"), "get", house)
    assert not {where for where, (status, _) in (visitor | newcomer).items() if status >= 500}
    seen = {"visitor": _shown(visitor), "newcomer": _shown(newcomer) - _shown(visitor)}
    wrong = [
        f"{who}: {where} is {'not listed' if where in shown else 'closed'}"
        for who, shown in seen.items()
        for where in sorted(shown ^ set(OPEN[who]))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["", "newcomer"])
def test_nothing_is_changed_from_outside(house: House, name: str) -> None:
    """Whatever is sent to whatever address leaves no event, but for what is one's own."""
    with _briefly():
        sent = _asked(house.client(name), "post", house)
    changed = {where for where, (_, events) in sent.items() if events}
    assert changed == (OF_ONESELF if name else set())
