"""Every route, by each method it takes, asked by each who may ask: what was answered, in a word."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as cached
from typing import Any, Final

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import Template
from django.test import Client
from django.urls import get_resolver
from django.utils.safestring import SafeString
from django.views import defaults
from rest_framework.renderers import JSONRenderer

from fellowship.history.models import Event
from fellowship.web import middleware
from tests.support.house import House, Route, routes

LEFT_OUT: Final = re.compile(r"accounts/logout|static/")
"""Signing out, which ends what asks; files of the application itself."""
SYSTEMS: Final = ("api/", "scim/")
SAFE: Final = ("GET",)
WORDS: Final = ("open", "changed", "heard", "moved", "refused", "not-now", "closed", "sign-in")
"""What may be answered, the widest first; docs/authorisation.md says what each means."""

BROKEN: Final = "broken"
"""What nobody may be answered: the site failed, or would not be asked any more."""


@dataclass(frozen=True, order=True)
class Row:
    """One route by one method."""

    address: str
    method: str
    route: Route

    def __str__(self) -> str:
        return f"{self.method} {self.address}"


@dataclass(frozen=True)
class Answer:
    """What came of asking once."""

    status: int
    word: str
    events: int
    """How many events a write left in the ledger."""
    others: int
    """How many of these name another as their actor."""


def rows() -> list[Row]:
    """All that may be asked, by address and method."""
    found: dict[tuple[str, str], Row] = {}
    for route in routes():
        if not LEFT_OUT.match(route.plain):
            address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", route.plain)
            for method in _methods(route):
                found.setdefault((address, method), Row(address, method, route))
    return [found[key] for key in sorted(found)]


def _methods(route: Route) -> list[str]:
    """Those a view of systems has; a page's says itself, so both that pages know are asked."""
    if not route.plain.startswith(SYSTEMS):
        return ["GET", "POST"]
    known = getattr(route.view, "actions", None)
    cls = getattr(route.view, "cls", None) or getattr(route.view, "view_class", None)
    all_of_them = ("get", "post", "put", "patch", "delete")
    if known is None and cls is None:
        return ["GET", "POST"]
    return [m.upper() for m in all_of_them if (m in known if known else hasattr(cls, m))]


def _bare(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse(status=kwargs.get("status", 404))


@contextmanager
def curtly() -> Iterator[None]:
    """Refusals without their page, which is the same for all and tried elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(defaults, "page_not_found", _bare)
        patch.setattr(middleware, "page_not_found", _bare)
        patch.setattr(middleware, "render", _bare)
        patch.setattr(logging.getLogger("django.request"), "disabled", True)
        yield


@contextmanager
def briefly() -> Iterator[None]:
    """Answers without their pages: what is asked here is who gets one."""
    with curtly(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "render", lambda *_, **__: SafeString(""))
        patch.setattr(JSONRenderer, "render", lambda *_, **__: b"{}")
        root = get_resolver()
        patch.setattr(root, "resolve", cached(root.resolve))
        yield


def ask(house: House, who: str, row: Row, path: str = "") -> Answer:
    """Ask once, with nothing in the body but what the address names there; nothing of it stays."""
    made: list[int | None] = []
    if not house.last_event:
        house.last_event = Event.objects.aggregate(last=Max("pk"))["last"]
    with asking(house, who, row, path) as answer:
        if row.method not in SAFE:
            later = Event.objects.filter(pk__gt=house.last_event)
            made = list(later.values_list("actor_id", flat=True))
    me = house.world.people[who].pk if who != "visitor" else None
    others = sum(actor != me for actor in made)
    return Answer(answer.status_code, _word(answer, row, made), len(made), others)


@contextmanager
def asking(house: House, who: str, row: Row, path: str = "") -> Iterator[Any]:
    """The answer to asking once; what it changed is there for the length of the block."""
    client = house.client("" if who == "visitor" else who)
    known = client.cookies.copy()
    if row.address.startswith("/accounts/"):
        cache.clear()  # what is counted against limits there is not taken back
    with transaction.atomic():
        said = house.said.get(row.address, {})
        answer = _sent(client, row, path or path_of(house, row), said)
        if answer.streaming:
            b"".join(answer.streaming_content)  # and closed
        yield answer
        transaction.set_rollback(True)
    client.cookies = known  # a session that an answer ended is there again


def path_of(house: House, row: Row) -> str:
    """The row's address with what the house has there."""
    path = (row.route.filled(house) or row.route.filled(house, ["1"]))[0]
    asked = house.asked.get(row.address)
    return f"{path}?{asked}" if asked else path


def _sent(client: Client, row: Row, path: str, said: dict[str, Any]) -> Any:
    if row.method == "GET":
        return client.get(path)
    send = getattr(client, row.method.lower())
    if row.route.plain.startswith(SYSTEMS):
        headers = {"If-Match": "*"}
        return send(path, said, content_type="application/json", headers=headers)
    return send(path, said)


def _word(answer: Any, row: Row, made: list[Any]) -> str:
    status = answer.status_code
    if status >= 500 or status == 429:
        return BROKEN
    if status in (301, 302, 303, 307, 308):
        away = answer["Location"].startswith("/accounts/login/")
        done = made and row.method not in SAFE
        return "changed" if done else ("sign-in" if away else "moved")
    if made and row.method not in SAFE:
        return "changed"
    told = {401: "sign-in", 403: "refused", 404: "closed", 405: "", 409: "not-now"}
    if status in told:
        return told[status]
    return "open" if row.method in SAFE else "heard"
