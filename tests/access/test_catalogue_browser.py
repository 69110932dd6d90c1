"""The catalogue's pages in Chromium: no violation of access or policy, no sideways scroll."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from access import services
from tests import browser
from tests.scenarios import access as scenario
from tests.scenarios.world import World, make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("CATALOGUE_SHOTS", "")


def _sign_in(context: BrowserContext, world: World, name: str, url: str) -> None:
    client = Client()
    client.force_login(world.fresh(name))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.clear_cookies()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])


def test_every_page_is_usable_by_everyone(page: Page, live_server: object) -> None:
    world = make_world()
    raw = scenario.dataset(
        world,
        duo=["DUO:0000046", "DUO:0000019"],
        row_filters=[{"key": "long", "label": "Twenty turns or more"}],
        licence="CC BY 4.0",
    )
    scenario.dataset(world, "mirror", "public", variant="synthetic", parent=raw)
    fresh = scenario.dataset(world, "calls", tier="")
    waiting = services.open_classification(dataset=fresh, by=world.steward)
    answers = scenario.answers_for(waiting.rule.params, "restricted")
    again = services.open_classification(dataset=raw, by=world.steward)
    services.send_answers(classification=again, answers=answers, by=world.steward)
    services.send_answers(classification=again, answers={**answers, "misuse": 5}, by=world.oncall)
    url, slug = str(live_server), world.program.slug
    pages = {
        "steward": {
            "catalogue": "/access/",
            "tiers": "/access/tiers/",
            "dataset": raw.get_absolute_url(),
            "unclassified": fresh.get_absolute_url(),
            "versions": f"/access/datasets/{raw.ref}/versions/",
            "edit": f"/access/datasets/{raw.ref}/edit/",
            "new": f"/access/datasets/new/?program={slug}",
            "import": f"/access/import/?program={slug}",
            "answer": waiting.get_absolute_url(),
        },
        "manager": {"settle": again.get_absolute_url()},
    }
    seen = browser.watch(page.context)
    for name, paths in pages.items():
        _sign_in(page.context, world, name, url)
        for key, path in paths.items():
            page.goto(url + path)
            browser.check_sizes(page)
            if SHOTS:
                for size, label in ((browser.DESKTOP, "desktop"), (browser.PHONE, "phone")):
                    browser.screenshot(page, Path(SHOTS), f"{key}-{label}", size=size)
    seen.check()
