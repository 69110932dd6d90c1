"""Changes of a signed scope: the route each takes, and what happens when two meet."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.notices.models import Notice
from governance.models import Matter
from scoping import document, policy, services
from scoping.models import Fellowship, ScopeOfWork
from scoping.queries import signed_scope
from scoping.terms import differences
from tests.governance.test_board_race import at_once
from tests.scenarios.governance import decide_on
from tests.scenarios.scoping import amended_scope, sign_both, signed_fellowship
from tests.scenarios.world import World, make_world

LESS: dict[str, Any] = {"operations": ["view"], "retention_days": 10}
MORE: dict[str, Any] = {"operations": ["view", "query", "run_code", "export"]}


def refused(call: Any) -> tuple[str, str]:
    """The code and the field with which `call` is refused."""
    with pytest.raises(Refused) as error:
        call()
    return error.value.refusal.code, error.value.refusal.field


def in_force(fellowship: Fellowship) -> ScopeOfWork:
    found = signed_scope(fellowship)
    assert found is not None
    return found


# --- the route --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "route", "kinds"),
    [
        ({"operations": ["view"]}, "at_once", {"narrower"}),
        ({"max_tier": "internal"}, "at_once", {"narrower"}),
        ({"datasets": []}, "at_once", {"narrower"}),
        ({"retention_days": 0}, "at_once", {"narrower"}),
        ({"tools": "A notebook."}, "signatures", {"wording"}),
        ({"operations": ["view"], "tools": "A notebook."}, "signatures", {"narrower", "wording"}),
        (
            {"milestones": [{"key": "m1", "title": "T", "due": "2026-12-01"}]},
            "signatures",
            {"wording"},
        ),
        ({"approver_role": "sponsor"}, "signatures", {"wording"}),
        (MORE, "board", {"wider"}),
        ({"datasets": ["another"]}, "board", {"wider", "narrower"}),
        ({"max_tier": "internal", "code_may_leave": True}, "signatures", {"wider", "narrower"}),
    ],
)
def test_the_route_follows_from_what_changes(
    world: World, signed: Fellowship, changes: dict[str, Any], route: str, kinds: set[str]
) -> None:
    events = Event.objects.count()
    routed = services.preview(signed, changes, world.manager)
    assert (routed.route, {change.kind for change in routed.changes}) == (route, kinds)
    assert Event.objects.count() == events
    scope = amended_scope(world, signed, **changes)
    if route != "at_once":
        assert scope.state == "draft"
        scope = services.offer_scope(scope=scope, by=world.manager)
    assert scope.route == route
    assert (
        scope.state == {"at_once": "signed", "signatures": "offered", "board": "with_board"}[route]
    )


def test_the_route_names_who_has_to_agree(world: World, signed: Fellowship) -> None:
    why = services.preview(signed, MORE, world.applicant).why
    assert "restricted sensitive data" in why
    assert "the chair for the company" in why


# --- at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "side"), [("applicant", "fellow"), ("manager", "company")])
def test_allowing_less_is_in_force_at_once_from_either_side(
    world: World, signed: Fellowship, name: str, side: str
) -> None:
    old, before = in_force(signed), now()
    person = world.people[name]
    scope = services.amend(fellowship=signed, changes=LESS, by=person, reason="Less will do.")
    assert in_force(signed) == scope
    assert (scope.number, scope.amends, scope.route, scope.rationale) == (
        2,
        old,
        "at_once",
        "Less will do.",
    )
    assert scope.operations == ["view"]
    assert document.is_intact(scope)
    old.refresh_from_db()
    assert (old.state, old.superseded_at) == ("superseded", scope.signed_at)
    assert signed_scope(signed, at=before) == old
    signature = scope.signatures.get()
    assert (signature.person, signature.side, signature.text_hash) == (
        person,
        side,
        scope.text_hash,
    )
    told = Notice.objects.filter(kind="scoping.narrowed")
    assert {n.recipient for n in told} == {world.applicant, world.mentor, world.manager}
    assert "Query removed" in told[0].body
    assert not Matter.objects.filter(kind="scoping.amendment").exists()


def test_a_second_press_narrows_once(world: World, signed: Fellowship) -> None:
    first = amended_scope(world, signed, **LESS)
    events, told = Event.objects.count(), Notice.objects.count()
    assert amended_scope(world, signed, **LESS) == first
    assert (Event.objects.count(), Notice.objects.count()) == (events, told)


def test_a_second_press_of_another_change_drafts_once(world: World, signed: Fellowship) -> None:
    first = amended_scope(world, signed, tools="A notebook.")
    events = Event.objects.count()
    assert amended_scope(world, signed, tools="A notebook.") == first
    assert Event.objects.count() == events


@pytest.mark.parametrize("name", ["steward", "mentor", "chair", "auditor", "other_applicant"])
def test_who_does_not_ask_for_a_change(world: World, signed: Fellowship, name: str) -> None:
    person = world.people[name]
    call = lambda: services.amend(fellowship=signed, changes=LESS, by=person, reason="x")  # noqa: E731
    assert refused(call) == ("wrong_role", "")
    assert signed.scopes.count() == 1


def test_narrowing_with_a_failing_ledger_changes_nothing(
    world: World, signed: Fellowship, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no ledger")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError):
            amended_scope(world, signed, **LESS)
    assert in_force(signed).number == 1
    assert signed.scopes.count() == 1


def test_a_version_in_force_at_once_needs_one_it_narrows(world: World, signed: Fellowship) -> None:
    scope = in_force(signed)
    scope.route = "at_once"
    with journal.acting("test.route", by=journal.System("test")), transaction.atomic():
        with pytest.raises(IntegrityError, match="scope_route"), transaction.atomic():
            scope.save()
        journal.record(subject=scope)


# --- what is on its way meanwhile -------------------------------------------------------------


def test_a_draft_is_written_anew_over_the_narrower_version(
    world: World, signed: Fellowship
) -> None:
    draft = amended_scope(world, signed, operations=["view", "query", "run_code", "export"])
    new = services.amend(
        fellowship=signed, changes={"operations": ["view"]}, by=world.applicant, reason="Stop."
    )
    draft.refresh_from_db()
    assert (draft.state, draft.amends) == ("draft", new)
    assert draft.operations == ["view", "export"]
    assert [d.text for d in differences(new, draft)] == ["Export from the environment added"]
    assert Notice.objects.filter(kind="scoping.rebased", recipient=world.manager).exists()


def test_a_draft_left_with_nothing_is_withdrawn(world: World, signed: Fellowship) -> None:
    case = signed
    draft = amended_scope(world, case, operations=["view"], tools="A notebook.")
    draft = services.edit_scope(
        scope=draft, changes={"tools": in_force(case).terms["tools"]}, by=world.manager
    )
    services.amend(
        fellowship=case, changes={"operations": ["view"]}, by=world.applicant, reason="Stop."
    )
    draft.refresh_from_db()
    assert draft.state == "withdrawn"


def test_an_offer_gives_way_and_can_no_longer_be_signed(world: World, signed: Fellowship) -> None:
    offer = services.offer_scope(
        scope=amended_scope(world, signed, tools="A notebook."), by=world.manager
    )
    services.sign_scope(scope=offer, text_hash=offer.text_hash, by=world.applicant)
    amended_scope(world, signed, **LESS)
    offer.refresh_from_db()
    assert offer.state == "withdrawn"
    sign = lambda: services.sign_scope(scope=offer, text_hash=offer.text_hash, by=world.chair)  # noqa: E731
    assert refused(sign)[0] == "wrong_state"
    assert in_force(signed).operations == ["view"]
    assert "written over" in Notice.objects.filter(kind="scoping.withdrawn").latest("id").body


def test_the_boards_matter_is_taken_back_and_its_draft_written_anew(
    world: World, signed: Fellowship
) -> None:
    wide = services.offer_scope(scope=amended_scope(world, signed, **MORE), by=world.manager)
    matter = Matter.objects.get(kind="scoping.amendment")
    new = services.amend(
        fellowship=signed, changes={"operations": ["view"]}, by=world.applicant, reason="Stop."
    )
    matter.refresh_from_db()
    wide.refresh_from_db()
    assert matter.state == "withdrawn"
    assert (wide.state, wide.amends, wide.operations) == ("draft", new, ["view", "export"])


def test_a_change_written_over_an_older_version_is_refused(
    world: World, signed: Fellowship
) -> None:
    amended_scope(world, signed, **LESS)
    late = lambda: services.amend(  # noqa: E731
        fellowship=signed, changes={"datasets": []}, by=world.applicant, reason="Late.", over=1
    )
    assert refused(late) == ("version_moved", "")
    assert in_force(signed).number == 2


def test_a_change_that_allows_more_waits_for_the_one_on_its_way(
    world: World, signed: Fellowship
) -> None:
    amended_scope(world, signed, tools="A notebook.")
    assert refused(lambda: amended_scope(world, signed, **MORE))[0] == "version_pending"
    assert refused(lambda: services.preview(signed, MORE, world.manager))[0] == "version_pending"


def test_who_asks_does_not_approve(world: World, signed: Fellowship) -> None:
    scope = services.amend(
        fellowship=signed, changes=MORE, by=world.applicant, reason="The plots need it."
    )
    scope = services.offer_scope(scope=scope, by=world.manager)
    decide_on(world, scope)
    scope.refresh_from_db()
    assert scope.state == "offered"
    sign = lambda: services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.manager)  # noqa: E731
    assert refused(sign)[0] == "separation"
    sign_both(world, scope)
    assert "export" in in_force(signed).operations


# --- two at once ------------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_narrowings_at_the_same_instant() -> None:
    world = make_world("-two")
    case = signed_fellowship(world)
    results = at_once(
        lambda: services.amend(
            fellowship=case, changes={"operations": ["view"]}, by=world.applicant, reason="a"
        ),
        lambda: services.amend(
            fellowship=case, changes={"datasets": []}, by=world.manager, reason="b"
        ),
    )
    assert all(isinstance(result, ScopeOfWork) for result in results), results
    last = in_force(case)
    assert (last.number, last.operations, last.datasets) == (3, ["view"], [])
    assert case.scopes.filter(state="superseded").count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_narrowing_while_the_last_signature_is_given(turn: int) -> None:
    world = make_world(f"-sign-{turn}")
    case = signed_fellowship(world)
    offer = services.offer_scope(
        scope=amended_scope(world, case, tools="A notebook."), by=world.manager
    )
    services.sign_scope(scope=offer, text_hash=offer.text_hash, by=case.fellow)
    at_once(
        lambda: services.sign_scope(scope=offer, text_hash=offer.text_hash, by=world.chair),
        lambda: services.amend(
            fellowship=case, changes={"operations": ["view"]}, by=world.applicant, reason="Stop."
        ),
    )
    offer.refresh_from_db()
    assert in_force(case).operations == ["view"]
    assert offer.state in ("withdrawn", "superseded")
    assert policy.may_sign(offer, world.chair) is not None


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_narrowing_while_the_board_decides() -> None:
    world = make_world("-board")
    case = signed_fellowship(world)
    wide = services.offer_scope(scope=amended_scope(world, case, **MORE), by=world.manager)
    results = at_once(
        lambda: decide_on(world, wide),
        lambda: services.amend(
            fellowship=case, changes={"operations": ["view"]}, by=world.applicant, reason="Stop."
        ),
    )
    wide.refresh_from_db()
    assert in_force(case).operations == ["view"], results
    assert wide.state in ("draft", "withdrawn")


# --- by API -----------------------------------------------------------------------------------


def test_the_api_says_the_route_then_takes_it(world: World, signed: Fellowship) -> None:
    browser = Client()
    browser.force_login(world.applicant)
    base = f"/api/v1/fellowships/{signed.ref}"
    shown = browser.post(f"{base}/route/", {"changes": LESS}, "application/json").json()
    assert shown == {
        "route": "at_once",
        "why": "It only allows less, so it is in force at once.",
        "changes": [
            {
                "clause": "operations",
                "cited": "2.3 Allowed operations",
                "kind": "narrower",
                "text": "Query removed",
            },
            {
                "clause": "operations",
                "cited": "2.3 Allowed operations",
                "kind": "narrower",
                "text": "Run code on it removed",
            },
            {
                "clause": "retention_days",
                "cited": "2.4 Retention limit",
                "kind": "narrower",
                "text": "30 → 10 calendar days",
            },
        ],
    }
    assert signed.scopes.count() == 1
    asked = {"changes": LESS, "reason": "Less will do.", "over": 1}
    made = browser.post(f"{base}/amend/", asked, "application/json")
    assert made.status_code == 201
    assert {key: made.json()[key] for key in ("number", "state", "route", "operations")} == {
        "number": 2,
        "state": "signed",
        "route": "at_once",
        "operations": ["view"],
    }
    (only,) = made.json()["by_stage"]
    assert (only["since"], only["terms"]["operations"]) == (None, ["view"])
    late = {"changes": {"datasets": []}, "reason": "Late.", "over": 1}
    again = browser.post(f"{base}/amend/", late, "application/json")
    assert (again.status_code, again.json()["code"]) == (409, "version_moved")
    bad = browser.post(f"{base}/route/", {"changes": {"colour": "red"}}, "application/json")
    assert (bad.status_code, bad.json()["code"]) == (409, "unknown_clause")
    unseen = Client()
    unseen.force_login(world.other_applicant)
    assert unseen.post(f"{base}/route/", {"changes": LESS}, "application/json").status_code == 404


def test_a_draft_is_edited_by_api(world: World, signed: Fellowship) -> None:
    scope = amended_scope(world, signed, tools="A notebook.")
    browser = Client()
    browser.force_login(world.manager)
    path = f"/api/v1/scopes/{scope.pk}/edit/"
    changes = {"changes": {"tools": "Two."}}
    assert browser.post(path, changes, "application/json").status_code == 428
    read = browser.get(f"/api/v1/scopes/{scope.pk}/")["ETag"]
    answer = browser.post(path, changes, "application/json", headers={"If-Match": read})
    assert (answer.status_code, answer.json()["terms"]["tools"]) == (200, "Two.")
