"""A publication shortcut: a work released before its window ends, under an exception alone."""

from __future__ import annotations

import datetime as dt

from django.test import Client

from fellowship.history.models import Event
from fellowship.kernel.time import frozen, now
from governance.models import ExceptionRecord
from publications import services
from publications.models import Publication
from tests.publications.test_services import code_of
from tests.scenarios import publications as scenario
from tests.scenarios.governance import granted_exception, requested_exception
from tests.scenarios.world import World

DAY = dt.timedelta(days=1)
KIND = "publication_shortcut"


def excepted(world: World, work: Publication, days: int = 3) -> ExceptionRecord:
    ends = now() + days * DAY
    return granted_exception(world, subject=work, kind=KIND, expires_at=ends, owner=world.sponsor)


def shorten(world: World, work: Publication, by: str = "manager") -> Publication:
    return services.release_by_exception(publication=work, by=world.fresh(by))


def test_without_a_granted_exception_the_window_is_waited_for(world: World) -> None:
    work = scenario.submitted(world)
    assert code_of(lambda: shorten(world, work)) == "no_exception"
    requested_exception(world, subject=work, kind=KIND, expires_at=now() + 3 * DAY)
    assert code_of(lambda: shorten(world, work)) == "no_exception"


def test_with_one_it_is_released_at_once_and_once(world: World) -> None:
    work = scenario.submitted(world)
    exception = excepted(world, work)
    assert code_of(lambda: shorten(world, work, "policy_reviewer")) == "wrong_role"
    for _ in range(2):
        released = shorten(world, work)
    assert (released.state, released.release_kind) == ("released", "exception")
    event = Event.objects.get(verb="publications.release")
    assert event.reason.startswith(exception.ref)
    assert "under an exception the board granted" in released.letter.text


def test_its_end_shuts_the_gate_again(world: World) -> None:
    work = scenario.submitted(world)
    exception = excepted(world, work)
    with frozen(exception.expires_at):
        assert code_of(lambda: shorten(world, work)) == "no_exception"
    assert shorten(world, work).state == "released", "and not a minute earlier"


def test_it_skips_waiting_and_no_objection(world: World) -> None:
    work = scenario.submitted(world)
    excepted(world, work)
    scenario.objected(world, work)
    assert code_of(lambda: shorten(world, work)) == "objections_open"


def test_on_the_page(world: World) -> None:
    work = scenario.submitted(world)
    client, url = Client(), work.get_absolute_url()
    client.force_login(world.fresh("manager"))
    page = client.get(url).content.decode()
    assert f"?about={work.ref}&amp;kind={KIND}" in page
    form = client.get(f"/exceptions/new/?about={work.ref}&kind={KIND}").content.decode()
    assert f'value="{KIND}"' in form
    excepted(world, work)
    assert "Release now, by the exception" in client.get(url).content.decode()
    assert client.post(f"{url}shortcut/").status_code == 302
    assert "Early, by an exception" in client.get("/publications/register/").content.decode()
