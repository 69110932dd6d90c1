"""Contributions to the field, and the talent path by its pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.programs.models import PathStep
from fellowship.programs.services import furnish, retire_offer, revise_terms
from fellowship.programs.usual import PATH
from scoping import closeout, services
from scoping.models import Contribution, Fellowship
from tests.scenarios.world import World


def client(person: Any) -> Client:
    """A browser signed in as this person."""
    browser = Client()
    browser.force_login(person)
    return browser


def refused(call: Any) -> str:
    """The code with which `call` is refused."""
    with pytest.raises(Refused) as error:
        call()
    return error.value.refusal.code


def add(fellowship: Fellowship, by: Any, **values: Any) -> Contribution:
    """A tool others can run."""
    given = {
        "kind": "tool",
        "title": "Error bars",
        "link": "https://git.example.org/bars",
        "on": now().date() - dt.timedelta(days=3),
        "people": "A. Nwosu",
        "licence": "Apache-2.0",
        **values,
    }
    return services.add_contribution(fellowship=fellowship, by=by, **given)


def test_added_by_the_fellow_and_confirmed_by_the_manager(world: World, signed: Fellowship) -> None:
    row = add(signed, world.applicant, link="10.5555/abc.1")
    assert row.link == "https://doi.org/10.5555/abc.1"
    events = Event.objects.count()
    assert add(signed, world.applicant, link="10.5555/abc.1") == row
    assert Event.objects.count() == events
    confirm = lambda by: services.confirm_contribution(contribution=row, by=by)  # noqa: E731
    assert refused(lambda: confirm(world.applicant)) == "wrong_role"
    assert refused(lambda: confirm(world.steward)) == "wrong_role"
    assert confirm(world.manager).confirmed_by == world.manager
    events = Event.objects.count()
    confirm(world.manager)
    assert Event.objects.count() == events
    revise = lambda: services.revise_contribution(  # noqa: E731
        contribution=row,
        kind="tool",
        title="Other",
        link=row.link,
        on=row.on,
        people=row.people,
        licence="MIT",
        by=world.applicant,
    )
    assert refused(revise) == "confirmed"
    (found,) = [o for o in closeout.obligations(signed) if o.key == "scoping.contributions"]
    assert (found.met, found.required, found.detail) == (True, False, "1 confirmed")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "book"}, "unknown_kind"),
        ({"title": " "}, "no_title"),
        ({"people": ""}, "no_people"),
        ({"link": "ftp://x"}, "bad_link"),
        ({"link": "javascript:alert(1)"}, "bad_link"),
        ({"licence": ""}, "no_licence"),
        ({"on": dt.date(2199, 1, 1)}, "future"),
    ],
)
def test_what_is_no_contribution(
    world: World, signed: Fellowship, values: dict[str, Any], code: str
) -> None:
    assert refused(lambda: add(signed, world.applicant, **values)) == code


def test_one_address_stands_once(world: World, signed: Fellowship) -> None:
    row = add(signed, world.applicant)
    assert refused(lambda: add(signed, world.applicant, title="Again")) == "known"
    services.withdraw_contribution(contribution=row, by=world.applicant, reason="Wrong one.")
    assert add(signed, world.applicant, title="Again").pk != row.pk


@pytest.mark.parametrize("name", ["mentor", "other_applicant", "steward", "auditor"])
def test_nobody_else_adds(world: World, signed: Fellowship, name: str) -> None:
    assert refused(lambda: add(signed, world.people[name])) == "wrong_role"


def test_who_added_it_does_not_confirm_it(world: World, signed: Fellowship) -> None:
    row = add(signed, world.manager)
    call = lambda: services.confirm_contribution(  # noqa: E731
        contribution=row, by=world.manager
    )
    assert refused(call) == "separation"


def test_a_failing_ledger_adds_nothing(
    world: World, signed: Fellowship, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(journal, "_recorder", [fail])
    with pytest.raises(RuntimeError):
        add(signed, world.applicant)
    assert not Contribution.objects.exists()


def test_by_pages(world: World, signed: Fellowship) -> None:
    url = f"/fellowships/{signed.ref}/contributions/"
    posted = {
        "kind": "talk",
        "title": "A <b>talk</b>",
        "link": "https://video.example.org/1",
        "on": now().date().isoformat(),
        "people": "A. Nwosu",
        "licence": "",
    }
    fellow, manager = client(world.applicant), client(world.manager)
    wrong = fellow.post(url, {**posted, "link": "nowhere"})
    assert wrong.status_code == 422
    assert "Write the whole address" in wrong.content.decode()
    assert fellow.post(url, posted).status_code == 302
    row = Contribution.objects.get()
    edited = fellow.post(f"{url}{row.pk}/edit/", {**posted, "title": "The talk"})
    assert edited.status_code == 302
    assert manager.post(f"{url}{row.pk}/confirm/").status_code == 302
    assert "The talk" in manager.get("/fellowships/contributions/?state=confirmed").content.decode()
    assert (
        "The talk" not in client(world.stranger).get("/fellowships/contributions/").content.decode()
    )
    assert client(world.other_applicant).get(url).status_code == 404
    assert fellow.post(f"{url}{row.pk}/withdraw/", {}).status_code == 422
    assert fellow.post(f"{url}{row.pk}/withdraw/", {"reason": "Moved."}).status_code == 302
    assert Contribution.objects.get().status == "withdrawn"


def test_by_api(world: World, signed: Fellowship) -> None:
    json = "application/json"
    posted = {
        "kind": "paper",
        "title": "Drift",
        "link": "10.5555/drift",
        "on": now().date().isoformat(),
        "people": "A. Nwosu",
        "licence": "CC-BY-4.0",
    }
    url = f"/api/v1/fellowships/{signed.ref}/contribute/"
    assert client(world.applicant).post(url, posted, json).status_code == 200
    row = Contribution.objects.get()
    one = f"/api/v1/contributions/{row.pk}/"
    assert client(world.applicant).post(f"{one}confirm/", {}, json).status_code == 403
    assert client(world.manager).post(f"{one}confirm/", {}, json).status_code == 200
    shown = client(world.auditor).get(one).json()
    assert (shown["link"], shown["fellowship"]) == ("https://doi.org/10.5555/drift", signed.ref)
    assert client(world.other_applicant).get(one).status_code == 404


def test_the_list_costs_the_same_at_any_length(world: World, signed: Fellowship) -> None:
    found = []
    for size in (1, 3, 9):
        while Contribution.objects.count() < size:
            add(signed, world.applicant, link=f"https://x.example/{Contribution.objects.count()}")
        browser = client(world.manager)
        browser.get("/fellowships/contributions/")
        with CaptureQueriesContext(connection) as captured:
            browser.get("/fellowships/contributions/")
        found.append(len(captured))
    assert len(set(found)) == 1
    assert found[0] <= 20


# --- the talent path ------------------------------------------------------------------------


def test_the_path_is_public_and_a_step_pins_its_version(world: World, signed: Fellowship) -> None:
    furnish(program=world.program, by=world.manager, path_steps=PATH)
    public = Client().get(f"/calls/programmes/{world.program.slug}/talent-path/").content.decode()
    assert "Full-time hire" in public
    assert "No step promises the next" in public
    step = services.propose_talent_step(
        fellowship=signed,
        step="extended_collaborator",
        expectations="Four more months.",
        by=world.manager,
    )
    assert step.terms_version == 1
    terms = PathStep.objects.get(program=world.program, key="extended_collaborator")
    revise_terms(
        term=terms, version=1, by=world.manager, reason="Shorter.", fellow_side="Only one paper."
    )
    url = f"/fellowships/{signed.ref}/talent/"
    page = client(world.applicant).get(url).content.decode()
    assert "What a short-term fellow owes" in page
    decided = {"decision": "agree", "reason": "The limit holds."}
    assert client(world.sponsor).post(f"{url}{step.pk}/decide/", decided).status_code == 302
    said = client(world.applicant).get(url).content.decode()
    assert "declining costs you nothing" in said
    answer = {"answer": "agree", "reason": "Gladly."}
    assert client(world.manager).post(f"{url}{step.pk}/answer/", answer).status_code == 422
    assert client(world.applicant).post(f"{url}{step.pk}/answer/", {}).status_code == 422
    assert client(world.applicant).post(f"{url}{step.pk}/answer/", answer).status_code == 302
    step.refresh_from_db()
    assert (step.state, step.answer) == ("agreed", "Gladly.")


def test_a_retired_step_is_not_proposed(world: World, signed: Fellowship) -> None:
    furnish(program=world.program, by=world.manager, path_steps=PATH)
    terms = PathStep.objects.get(program=world.program, key="full_time_hire")
    retire_offer(offer=terms, by=world.manager, reason="No posts.")
    call = lambda: services.propose_talent_step(  # noqa: E731
        fellowship=signed, step="full_time_hire", expectations="A post.", by=world.manager
    )
    assert refused(call) == "retired"
