"""What every test stands on: the database, the blocked network, the browser, the shared samples."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.db.backends.base.operations import BaseDatabaseOperations
from playwright.sync_api import BrowserContext, Playwright, expect

from fellowship.kernel import garbage
from tests import browser
from tests.scenarios.world import World, make_world
from tests.support import days, kept, signed_in
from tests.support.emptying import empty
from tests.support.passes import asks_nothing

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The same examples each time in CI, and no stop-watch on a machine that others use too.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")
SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def unavailable(what: str) -> NoReturn:
    """Skip for want of a service; fail instead where REQUIRE_SERVICES=1 promises them all."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{what}, and REQUIRE_SERVICES=1", pytrace=False)
    pytest.skip(what)


def pytest_report_header() -> str:
    """Say which database this pass is on."""
    database = settings.DATABASES["default"]
    return f"database: {database['ENGINE'].rsplit('.', 1)[-1]}, redis: {settings.REDIS_URL or 'no'}"


def pytest_collection_finish() -> None:
    """Look for garbage less often: what is loaded by now stays, and tests make few circles."""
    garbage.settle()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that no worker is left alone with one at the end.

    Within a file, tests that stand on fewer kept things come first: none is ever taken down, and
    transactional tests have emptied the tables before the first is built.
    Each pass leaves out what stands on the other database whatever the settings say, and the
    PostgreSQL pass what is the same on both: marked so, or asking for no database at all.
    """
    long = {item.path for item in items if item.get_closest_marker("slow")}
    files = {path: number for number, path in enumerate(dict.fromkeys(i.path for i in items))}
    items.sort(key=lambda i: (i.path not in long, files[i.path], kept.depth(i)))
    other, name = ("sqlite", "SQLite") if settings.POSTGRESQL else ("postgresql", "PostgreSQL")
    for item in items:
        if item.get_closest_marker(other):
            item.add_marker(pytest.mark.skip(reason=f"runs in the {name} pass"))
    if settings.POSTGRESQL:
        items[:] = [i for i in items if not (i.get_closest_marker("once") or asks_nothing(i))]


@pytest.fixture(scope="session", autouse=True)
def _empty_only_what_is_filled() -> Iterator[None]:
    """Let transactional tests and the served site empty the tables that no one else may empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            BaseDatabaseOperations, "execute_sql_flush", lambda ops, _: empty(ops.connection)
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def _days_are_of_a_place() -> Iterator[None]:
    """No text says a day that would be another one elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        days.watch(patch)
        yield


@pytest.fixture(scope="session")
def playwright(playwright: Playwright) -> Iterator[Playwright]:
    """Close the connections of Playwright's time before it ends.

    While its event loop runs, `connections` holds others than before and after it: these would
    stay open, out of reach, and keep PostgreSQL from dropping the test database.
    """
    expect.set_options(timeout=browser.PATIENCE)
    yield playwright
    connections.close_all()


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    """A browser of a person who waits."""
    return browser.attend(context)


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test meets another's rate limits or cached values."""
    cache.clear()
    yield
    if not settings.POSTGRESQL and asks_nothing(request.node):
        left = list(getattr(cache, "_cache", ()))
        assert not left, f"mark it `services`, it uses the cache: {left}"
    cache.clear()


@pytest.fixture
def signs_in_for_real() -> Iterator[None]:
    """Nobody is taken to have shown a second factor, or who they are."""
    signed_in.stamping[0] = False
    yield
    signed_in.stamping[0] = True


@pytest.fixture(autouse=True)
def _no_copies_of_another_log() -> None:
    """Copies of checkpoints that an earlier test's log left behind would contradict this one's."""
    shutil.rmtree(Path(settings.VAR_DIR) / "checkpoints", ignore_errors=True)


kept_world = kept.fixture(make_world, shared=True)


@pytest.fixture
def world(kept_world: World, db: None) -> World:
    """A programme with its people, its founding rules and an open call."""
    return copy.deepcopy(kept_world)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real samples that lies beside the repository."""
    if not SHARED_DATA.is_dir():
        unavailable("the samples in ../shared/data are not there")
    return SHARED_DATA


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, told to leave the network alone."""
    if not CHROMIUM.exists():
        unavailable(f"no browser at {CHROMIUM}")
    # Playwright keeps an event loop in this thread, in which Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {
        **browser_type_launch_args,
        "executable_path": str(CHROMIUM),
        "headless": True,
        "args": CHROMIUM_FLAGS,
    }
