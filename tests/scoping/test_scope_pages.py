"""The pages of drafting and changing a scope: sources, remarks, stages as rows, the route shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client

from fellowship.accounts.models import User
from fellowship.programs import usual
from fellowship.programs.services import furnish
from scoping import services
from scoping.models import Fellowship, ScopeOfWork
from scoping.scope_forms import ScopeForm
from tests.scenarios.scoping import amended_scope, founded_fellowship
from tests.scenarios.world import World


def client(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def posted(scope: ScopeOfWork, **changes: Any) -> dict[str, Any]:
    """What a browser sends for the version's form, with `changes`."""
    shown = {bound.name: bound.value() for bound in ScopeForm(scope=scope)}
    return {k: v for k, v in {**shown, **changes}.items() if v is not None}


def hybrid(world: World) -> Fellowship:
    furnish(program=world.program, by=world.manager, **usual.OFFERS)
    return founded_fellowship(
        world, fellowship_model="hybrid", track="product_facing", output_type="prototype-control"
    )


def test_the_draft_says_where_each_clause_comes_from(world: World, founded: Fellowship) -> None:
    path = f"/fellowships/{founded.ref}/scope/1/"
    text = client(world.manager).get(f"{path}edit/").content.decode()
    assert "the track Controlled access v1 and the model Controlled-access fellowship v1" in text
    assert "the proposal, version 1" in text
    services.edit_scope(
        scope=founded.scopes.get(), changes={"operations": ["view", "export"]}, by=world.manager
    )
    shown = client(world.manager).get(path).content.decode()
    assert "outputs leave by the release desk alone" in shown


def test_stages_are_edited_as_rows_and_shown_in_the_document(world: World) -> None:
    case = hybrid(world)
    scope = case.scopes.get()
    path = f"/fellowships/{case.ref}/scope/1/"
    manager = client(world.manager)
    assert "Controlled study" in manager.get(f"{path}edit/").content.decode()
    sent = posted(scope, **{"stage-1-title": "Enclosed study", "stage-1-operations": ["view"]})
    assert manager.post(f"{path}edit/", sent).status_code == 302
    scope.refresh_from_db()
    assert scope.stages[1]["title"] == "Enclosed study"
    assert scope.stages[1]["less"] == {"operations": ["view"]}
    assert scope.stages[0]["less"] == {"max_tier": "public"}
    text = manager.get(path).content.decode()
    assert "Enclosed study, from" in text
    wrong = posted(scope, **{"stage-1-from": "", "stage-2-freedom": ""})
    again = manager.post(f"{path}edit/", wrong)
    assert again.status_code == 422
    told = again.content.decode()
    assert "Say from which day the stage holds." in told
    assert "Choose how freely one may publish in this stage." in told
    assert "Enclosed study" in told


def test_the_route_is_shown_before_anything_is_sent(world: World, signed: Fellowship) -> None:
    scope = signed.scopes.get()
    path = f"/fellowships/{signed.ref}/scope/amend/"
    more = posted(
        scope, operations=["view", "query", "run_code", "export"], reason="Plots.", over=1
    )
    shown = client(world.applicant).post(path, more)
    text = shown.content.decode()
    assert "The board decides first" in text
    assert "Export from the environment added" in text
    assert "Allows more" in text
    assert signed.scopes.count() == 1
    first = scope.milestones[0]
    moved = f"2026-12-31: {first['title']}\n2027-01-04: Appendix"
    plan = posted(scope, milestones=moved, approver_role="sponsor", reason="Later.", over=1)
    text = client(world.applicant).post(path, plan).content.decode()
    day = f"{dt.date.fromisoformat(first['due']):%-d %B %Y}"
    assert f"“{first['title']}”: {day} → 31 December 2026" in text
    assert "“Appendix” by 4 January 2027 added" in text
    assert "Chair → Sponsor" in text
    same = client(world.applicant).post(path, posted(scope, reason="Nothing.", over=1))
    assert same.status_code == 422
    assert "would say the same" in same.content.decode()


def test_a_change_over_an_older_version_keeps_what_was_typed(
    world: World, signed: Fellowship
) -> None:
    scope = signed.scopes.get()
    typed = posted(scope, tools="Only one notebook.", reason="Kept words.", over=1)
    amended_scope(world, signed, operations=["view"])
    late = client(world.applicant).post(f"/fellowships/{signed.ref}/scope/amend/", typed)
    assert late.status_code == 422
    text = late.content.decode()
    assert "you wrote over version 1" in text
    assert "Kept words." in text
    assert "Only one notebook." in text


def test_a_pending_version_is_named_where_a_change_is_asked_for(
    world: World, signed: Fellowship
) -> None:
    amended_scope(world, signed, tools="A notebook.")
    path = f"/fellowships/{signed.ref}/scope/amend/"
    assert "Another version is on its way" in client(world.applicant).get(path).content.decode()
    scope = signed.scopes.get(number=1)
    less = posted(scope, operations=["view"], reason="Stop.", over=1)
    shown = client(world.applicant).post(path, less)
    assert "is written anew over the narrower version" in shown.content.decode()
    sent = {**less, "shown": shown.context["fingerprint"]}
    assert client(world.applicant).post(path, sent).status_code == 302
    assert signed.scopes.get(state="signed").operations == ["view"]
