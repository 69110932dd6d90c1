"""Which language a page speaks, and that nothing recorded depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.template import Context, Template
from django.test import Client
from django.utils.translation import override

from fellowship.accounts.services import update_profile
from fellowship.history.models import Event
from fellowship.kernel import saying
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import say
from fellowship.notices.models import Notice
from fellowship.notices.services import deliver, notify
from fellowship.web import work
from fellowship.web.items import ClockFace
from tests.scenarios.world import World
from tests.support.pseudo import Pseudo

DETAILS = {"name": "Ada", "affiliation": "", "orcid": "", "time_zone": "UTC"}
pytestmark = pytest.mark.django_db


class German(Pseudo):
    """German in all but its words."""

    code = "de"


@pytest.fixture(autouse=True)
def _offered(settings: Any) -> Iterator[None]:
    settings.LANGUAGES = [("en-gb", "English"), ("de", "Deutsch")]
    before = dict(saying._catalogues)
    saying.install(German())
    yield
    saying._catalogues.clear()
    saying._catalogues.update(before)


def spoken(page: Any) -> tuple[str, bool]:
    text = page.content.decode()
    return page["Content-Language"], '<html lang="de"' in text and "⟦" in text


def test_a_visitor_reads_what_the_browser_asks_for_until_they_choose(client: Client) -> None:
    assert spoken(client.get("/")) == ("en-GB", False)
    german = client.get("/", headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert spoken(german) == ("de", True)
    assert "Accept-Language" in german["Vary"]
    assert client.post("/language/", {"language": "de", "next": "/"})["Location"] == "/"
    assert spoken(client.get("/")) == ("de", True)
    client.post("/language/", {"language": "tlh"})
    assert spoken(client.get("/")) == ("de", True)


def test_a_persons_choice_wins_and_is_theirs_to_make(client: Client, world: World) -> None:
    person = world.fresh("applicant")
    client.force_login(person)
    client.post("/accounts/profile/", {**DETAILS, "language": "de"})
    person.refresh_from_db()
    assert person.language == "de"
    assert spoken(client.get("/accounts/profile/", headers={"Accept-Language": "en"})) == (
        "de",
        True,
    )
    wrong = client.post("/accounts/profile/", {**DETAILS, "language": "tlh"})
    assert wrong.status_code == 422
    with pytest.raises(Refused) as refused:
        update_profile(user=person, by=person, **DETAILS, language="tlh")
    assert refused.value.refusal.field == "language"


def test_where_one_language_is_offered_nothing_is_asked(
    client: Client, world: World, settings: Any
) -> None:
    settings.LANGUAGES = settings.LANGUAGES[:1]
    client.force_login(world.fresh("applicant"))
    page = client.get("/accounts/profile/", headers={"Accept-Language": "de"})
    assert "language" not in page.context["form"].fields
    assert "Content-Language" not in page


def test_systems_are_answered_in_english(client: Client) -> None:
    answer = client.get("/api/v1/profile/", headers={"Accept-Language": "de"})
    assert answer.status_code == 401
    assert "⟦" not in answer.content.decode()


def test_mail_and_inbox_speak_the_recipients_language(client: Client, world: World) -> None:
    reader, other = world.fresh("applicant"), world.fresh("mentor")
    update_profile(user=reader, by=reader, **DETAILS, language="de")
    reader.refresh_from_db()
    with saying.override("de"):
        title = say("{what} ended", what=say("Access"))
        notify(kind="x", to=[reader, other], title=title, body=say("It is over."), urgent=True)
    assert set(Notice.objects.values_list("title", "body")) == {("Access ended", "It is over.")}
    deliver()
    assert {m.to[0]: m.subject for m in mail.outbox} == {
        reader.email: "⟦⟦Access⟧ ended⟧",
        other.email: "Access ended",
    }
    client.force_login(reader)
    assert "⟦⟦Access⟧ ended⟧" in client.get("/inbox/").content.decode()


def test_the_record_is_the_same_in_whichever_language_one_acts(world: World) -> None:
    bodies = []
    for code, name in (("en-gb", "applicant"), ("de", "mentor")):
        person = world.fresh(name)
        with saying.override(code):
            update_profile(
                user=person,
                by=person,
                name=say("Open"),
                affiliation=say("Of {n}", n=1),
                orcid="",
                time_zone="UTC",
            )
        person.refresh_from_db()
        event = Event.objects.order_by("-pk")[0]
        change = json.loads(event.body)["change"]
        bodies.append((person.name, person.affiliation, event.verb, event.reason, change))
    assert bodies[0] == bodies[1]
    assert bodies[0][:2] == ("Open", "Of 1")


def test_a_picture_has_its_points_in_every_language() -> None:
    """The bar of a clock is drawn the same where numbers are written with a comma."""
    source = Template("{% load ui %}{% clock face %}")
    face = ClockFace(1, 2, "", "", "")
    with saying.override("de"), override("de"):
        html = source.render(Context({"face": face}))
    assert '<rect class="us" width="33.3"' in html
    assert '<rect class="them" x="33.3" width="66.7"' in html


def test_whom_one_waits_for_begins_with_a_capital_in_the_language_of_the_page() -> None:
    held = work.WorkItem("Vote", "/", holder=say("the board"))
    board = work.Work(mine=[], waiting=[held])
    with saying.override("de"):
        html = str(board.table_of_waiting().render())
    assert "⟦the board⟧" in html
    assert "The board" in str(board.table_of_waiting().render())
