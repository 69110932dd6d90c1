"""What other applications add to a case appears in order; a fault in it is no empty page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.template import TemplateDoesNotExist
from django.test import Client

from fellowship.web.items import Link
from scoping import panels
from scoping.models import Fellowship
from scoping.panels import Banner, NextStep, Panel
from tests.scenarios.world import World

REACH = "web/components/reach.html"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[Panel]:
    """Panels of both columns and both places, registered for one test."""
    shown: list[Panel] = []

    def provider(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[Panel]:
        yield from shown

    monkeypatch.setattr(panels, "_panels", {"case": [provider], "may": [provider]})
    return shown


@pytest.mark.parametrize("path", ["", "what-may-i-do/"])
def test_panels_appear_in_their_order(
    world: World, signed: Fellowship, added: list[Panel], path: str
) -> None:
    added.append(Panel("x.two", "Second panel", REACH, {"label": "Two words"}, order=20))
    added.append(Panel("x.one", "First panel", REACH, {"label": "One word"}, order=10))
    client = Client()
    client.force_login(world.applicant)
    text = client.get(f"/fellowships/{signed.ref}/{path}").content.decode()
    assert text.index("First panel") < text.index("One word") < text.index("Second panel")


def test_a_broken_panel_is_an_error(world: World, signed: Fellowship, added: list[Panel]) -> None:
    added.append(Panel("x", "Broken", "no/such.html"))
    client = Client()
    client.force_login(world.applicant)
    with pytest.raises(TemplateDoesNotExist):
        client.get(f"/fellowships/{signed.ref}/")


def test_links_steps_and_banner(
    world: World, signed: Fellowship, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = dt.datetime(2199, 1, 1, tzinfo=dt.UTC)
    monkeypatch.setattr(panels, "_links", [lambda f, u, at: [Link("Data", "/data/", 3)]])
    monkeypatch.setattr(panels, "_next", [lambda f, u, at: [NextStep("Renew", soon)]])
    monkeypatch.setattr(panels, "_banners", [(1, lambda f, u, at: Banner("With the steward"))])
    client = Client()
    client.force_login(world.manager)
    text = client.get(f"/fellowships/{signed.ref}/").content.decode()
    for said in ("/data/", "Renew", "With the steward."):
        assert said in text
