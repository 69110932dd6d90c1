"""One case, from the public call to the closed package, by the people whose part it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.browser.house import House, house
from tests.browser.scenes import (
    audit,
    close,
    decide,
    publish,
    reach,
    recruit,
    scope,
    translate,
)
from tests.browser.scenes.story import Story
from tests.scenarios.access import dataset
from tests.scenarios.proposals import panel
from tests.scenarios.world import PASSWORD, make_world
from tests.support.processes import embedded, served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(2400),
]
BEGIN = "from tests.browser.test_one_case import begin; print(begin())"


def begin() -> str:
    """The programme, its people, its rules and one dataset; the rest is done in the browser."""
    world = make_world()
    return json.dumps(
        {
            "program": world.program.slug,
            "call": "",
            "dataset": dataset(world).name,
            "reviewers": [person.username for person in panel(world)],
        }
    )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Story]]:
    """Where it plays: the processes of production, or those of the demonstration, started anew."""
    made = served(tmp_path, migrated=False) if settings.POSTGRESQL else embedded(tmp_path)
    with made as running:
        told = running.manage("shell", "--verbosity", "0", "--command", BEGIN)
        yield running.url, Story(**json.loads(told))


def play(house: House, story: Story, folder: Path) -> None:
    """The whole case."""
    visitor = recruit.read_the_call(house, story)
    applicant = recruit.sign_up(house, story, visitor)
    recruit.draft(applicant, story)
    recruit.submit(house, story)
    recruit.assign(house, story)
    recruit.score(house, story)
    recruit.refer(house, story)
    decide.decide_on_the_proposal(house, story)

    scope.complete(house, story)
    scope.sign(house, story)
    scope.accompany(house, story)

    reach.ask(house, story)
    reach.decide_it(house, story)
    reach.accept(house, story)
    reach.report_use(house, story)
    reach.contain(house, story)

    translate.report(house, story)
    translate.dispose(house, story)
    translate.control(house, story)
    translate.prove(house, story)

    publish.write(house, story)
    publish.assign(house, story)
    publish.review(house, story)
    publish.release(house, story)

    close.deliver(house, story)
    close.end(house, story)
    close.delete(house, story)
    close.settle(house, story)
    close.close(house, story, folder)

    audit.walk(house, story)
    audit.sample(house, story)
    audit.verify(house, story, folder)


def test_one_case(site: tuple[str, Story], browser: Browser, tmp_path: Path) -> None:
    url, story = site
    # How the pages look is the same on both: it is judged in the SQLite pass.
    with house(url, browser, PASSWORD, judged=not settings.POSTGRESQL) as people:
        play(people, story, tmp_path)
