"""Somebody leaves: everything ends at once, and what they held has a new holder."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Grant
from fellowship.accounts import holdings
from fellowship.accounts.models import ApiToken, HandOver, RoleAssignment, User
from fellowship.accounts.services import (
    come_back,
    create_token,
    grant_role,
    leave,
    settle_hand_over,
)
from fellowship.clocks.models import Clock
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.notices.models import Notice
from fellowship.web import work
from findings.models import Finding
from governance import roster
from governance import services as governance
from tests.scenarios import access as access_scenes
from tests.scenarios import findings as scenario
from tests.scenarios import governance as governance_scenes
from tests.scenarios import oncall as oncall_scenes
from tests.scenarios import proposals as proposal_scenes
from tests.scenarios.world import SETUP, World, make_person, make_world

pytestmark = pytest.mark.django_db


def colleague(world: World, role: str, name: str = "second") -> User:
    """Another holder of the role."""
    person = make_person(name)
    grant_role(user=person, realm=world.program.realm, role=role, by=SETUP)
    return User.objects.get(pk=person.pk)


def test_what_a_product_owner_held_goes_to_another_with_its_clocks() -> None:
    world = make_world()
    finding = scenario.accepted(world)
    owner = Finding.objects.get(pk=finding.pk).product_owner
    assert owner is not None
    assert owner == world.product_owner
    second = colleague(world, "product_owner")
    _, secret = create_token(user=owner, scopes=["read"], by=SETUP)
    browser = Client()
    browser.force_login(owner)

    departure = leave(user=owner, by=world.fresh("admin"), reason="Left the company")

    assert Finding.objects.get(pk=finding.pk).product_owner == second
    clocks = Clock.objects.filter(subject_type="findings.finding", subject_id=finding.pk)
    assert {clock.holder_user_id for clock in clocks.filter(ended_at=None)} <= {second.pk, None}
    assert not RoleAssignment.objects.live().filter(user=owner).exists()
    assert RoleAssignment.objects.filter(user=owner, ends_at=None).count() == 0
    assert not ApiToken.objects.filter(user=owner, revoked_at=None).exists()
    bearer = Client(headers={"Authorization": f"Bearer {secret}"})
    assert bearer.get("/api/v1/findings/").status_code == 401
    assert browser.get("/inbox/").status_code == 302
    taken = departure.hand_overs.get(subject_type="findings.finding")
    assert (taken.to, taken.settled_at) == (second, departure.left_at)
    told = Notice.objects.get(kind="accounts.handed_over", recipient=second)
    assert "yours now" in told.title
    event = Event.objects.get(verb="accounts.hand_over", subject_type="findings.finding")
    change = json.loads(event.body)["change"]
    assert change["product_owner"] == {"from": owner.pk, "to": second.pk}
    again = leave(user=owner, by=world.fresh("admin"), reason="Left the company")
    assert again.pk == departure.pk
    assert Event.objects.filter(verb="accounts.leave").count() == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="runs in the PostgreSQL pass")
def test_what_is_handed_on_is_locked_before_it_is_written(world: World) -> None:
    """Written whole as it was read, it would undo what somebody does to it meanwhile."""
    owner = scenario.accepted(world).product_owner
    assert owner is not None
    with CaptureQueriesContext(connection) as asked:
        leave(user=owner, by=world.fresh("admin"), reason="Left the company")
    for holding in holdings.every():
        table = apps.get_model(holding.model)._meta.db_table
        read = f'"{table}"."{holding.field}_id" = {owner.pk}'
        assert [q for q in asked if read in q["sql"] and "FOR UPDATE" in q["sql"]], holding.key


def test_without_another_holder_it_goes_to_the_manager_then_to_the_chair() -> None:
    world = make_world()
    finding = scenario.accepted(world)
    leave(user=world.product_owner, by=world.admin, reason="Left")
    assert Finding.objects.get(pk=finding.pk).product_owner == world.manager
    leave(user=world.manager, by=world.admin, reason="Left")
    assert Finding.objects.get(pk=finding.pk).product_owner == world.chair


def test_who_is_recused_takes_nothing_over() -> None:
    from fellowship.accounts.services import declare_conflict

    world = make_world()
    finding = scenario.accepted(world)
    second, third = (colleague(world, "product_owner", name) for name in ("second", "third"))
    declare_conflict(
        user=second,
        subject=Finding.objects.get(pk=finding.pk),
        realm=world.program.realm,
        kind="financial",
        statement="Shares in the vendor.",
        by=second,
    )
    leave(user=world.product_owner, by=world.admin, reason="Left")
    assert Finding.objects.get(pk=finding.pk).product_owner == third


def test_a_review_to_write_waits_for_the_manager_who_settles_it() -> None:
    world = make_world()
    first, second = (
        proposal_scenes.submitted_proposal(world, person)
        for person in (world.applicant, world.other_applicant)
    )
    assignment = proposal_scenes.assigned(world, first)
    proposal_scenes.assigned(world, second)
    departure = leave(user=assignment.reviewer, by=world.admin, reason="Left")
    row = departure.hand_overs.get(subject_id=assignment.pk)
    assert (row.to, row.settled_at) == (world.manager, None)
    manager = world.fresh("manager")
    titles = [item.title for item in work.of(manager, dt.datetime.now(dt.UTC)).mine]
    assert any("of people who left" in title for title in titles)
    client = Client()
    client.force_login(manager)
    page = client.get("/accounts/handed-over/").content.decode()
    assert page.index("Settle</a>") > 0
    refused = client.post(f"/accounts/handed-over/{row.pk}/", {"to": "", "reason": ""})
    assert refused.status_code == 422
    sent = {"to": "", "reason": "Beatriz reviews it."}
    assert client.post(f"/accounts/handed-over/{row.pk}/", sent).status_code == 302
    row = HandOver.objects.get(pk=row.pk)
    assert (row.to, row.settled_by, row.note) == (manager, manager, "Beatriz reviews it.")
    settle_hand_over(hand_over=row, by=manager, reason="Again.")
    assert HandOver.objects.get(pk=row.pk).note == "Beatriz reviews it."
    with pytest.raises(Refused):
        settle_hand_over(
            hand_over=departure.hand_overs.waiting().exclude(pk=row.pk).get(),
            by=world.fresh("auditor"),
            reason="x",
        )


def test_who_leaves_on_call_is_called_no_more_and_the_manager_settles_what_they_had() -> None:
    world = make_world()
    program, leaver = world.program, world.oncall
    rota = oncall_scenes.first_line(world)
    hours = dt.timedelta(hours=8)
    governance.stand_in(
        program=program,
        user=leaver,
        starts_at=now() + hours,
        ends_at=now() + 2 * hours,
        reason="Swapped.",
        by=leaver,
    )
    alarm = governance_scenes.raised_escalation(world)
    governance.acknowledge(escalation=alarm, by=leaver)
    governance.note_harm(escalation=alarm, harm="serious_harm", by=leaver)
    assert roster.read(program, now()).duty(1, now())[0] == leaver

    departure = leave(user=leaver, by=world.admin, reason="Left")

    for at in (now(), now() + hours):
        assert roster.read(program, at).duty(1, at)[0] == world.people["nightly"]
    assert rota.members.filter(user=leaver).exists(), "who was called before stays on record"
    mine = departure.hand_overs.filter(to=world.manager, settled_at=None)
    assert set(mine.values_list("holding", flat=True)) == {
        "governance.rotamember.user",
        "governance.oncalloverride.user",
        "governance.escalation.acknowledged_by",
        "governance.reportduty.noted_by",
    }
    told = Notice.objects.get(kind="accounts.handed_over", recipient=world.manager)
    assert told.urgent
    assert "Places in an on-call rota" in told.body
    leave(user=world.manager, by=world.admin, reason="Left")
    second = leave(user=world.people["nightly"], by=world.admin, reason="Left")
    assert second.hand_overs.get().to == world.chair, "without a manager the chair is told"


def test_own_access_ends_with_its_person() -> None:
    world = make_world()
    grant = access_scenes.granted(world)
    leave(user=grant.person, by=world.admin, reason="The fellowship ended early")
    grant = Grant.objects.get(pk=grant.pk)
    assert (grant.revoked_because, grant.revoked_by) == (
        "The fellowship ended early",
        world.admin,
    )


def test_a_condition_is_not_given_to_who_verifies_it() -> None:
    world = make_world()
    exception = governance_scenes.requested_exception(world)
    decision = governance_scenes.decide_on(
        world, exception, "approve_with_conditions", conditions=[governance_scenes.CONDITION]
    )
    condition = decision.conditions.get()
    leave(user=condition.owner, by=world.admin, reason="Left")
    condition = decision.conditions.get()
    assert condition.owner != condition.verifier
    assert condition.owner.is_active


@pytest.mark.parametrize("name", ["manager", "auditor", "stranger"])
def test_only_an_administrator_ends_an_account(world: World, name: str) -> None:
    with pytest.raises(Refused):
        leave(user=world.fresh("reviewer"), by=world.fresh(name), reason="x")
    assert world.fresh("reviewer").is_active


def test_nobody_ends_their_own_account_and_a_reason_is_needed(world: World) -> None:
    refusals = []
    for user, reason in (("admin", "x"), ("reviewer", " ")):
        with pytest.raises(Refused) as refused:
            leave(user=world.fresh(user), by=world.fresh("admin"), reason=reason)
        refusals.append(refused.value.refusal)
    assert [refusal.personal for refusal in refusals] == [True, False]
    other = make_world("-other")
    with pytest.raises(Refused):
        leave(user=world.fresh("reviewer"), by=other.admin, reason="x")


def test_who_comes_back_has_no_role(world: World) -> None:
    reviewer, admin = world.fresh("reviewer"), world.fresh("admin")
    leave(user=reviewer, by=admin, reason="Left")
    back = come_back(user=reviewer, by=admin)
    assert back.is_active
    assert not RoleAssignment.objects.live().filter(user=back).exists()
    assert not back.departures.filter(returned_at=None).exists()
    leave(user=back, by=admin, reason="Left again")
    assert back.departures.count() == 2


def test_a_ledger_that_fails_leaves_everything_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fellowship.kernel import journal

    real = journal._recorder[0]

    def failing(scope: Any, **said: Any) -> Any:
        if scope.verb == "accounts.leave":
            raise RuntimeError("no ledger")
        return real(scope, **said)

    monkeypatch.setattr(journal, "_recorder", [failing])
    with pytest.raises(RuntimeError):
        leave(user=world.fresh("reviewer"), by=world.fresh("admin"), reason="Left")
    assert world.fresh("reviewer").is_active
    assert RoleAssignment.objects.live().filter(user=world.fresh("reviewer")).exists()


HOLDER_FIELDS = {"owner", "steward", "verifier", "reviewer", "mentor", "settler", "mediator"} | {
    "product_owner",
    "sponsor",
    "holder_user",
}
NOT_HELD = {
    "proposals.review.reviewer": "sent already; it is the assignment that waits",
    "proposals.reviewereffect.reviewer": "an estimate",
    "proposals.suggestion.reviewer": "a suggestion",
    "publications.scientificreview.reviewer": "given already",
    "publications.windowextension.owner": "whose extension it was",
    "publications.authorshipagreement.mediator": "named anew on its own page when it is contested",
    "access.releasereview.reviewer": "the desk's queue is open to every reviewer",
    "findings.savedfilter.owner": "one's own view",
    "oversight.savedscope.owner": "one's own view",
    "scoping.mentorship.mentor": "follows the fellowship's mentor",
}


def test_every_field_that_names_a_holder_is_handed_on_or_says_why_not() -> None:
    named = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        if not model.__name__.startswith("Historical")
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
        and field.related_model is User
        and field.name in HOLDER_FIELDS
    }
    handed = {holding.key for holding in holdings.every()}
    assert named - handed == set(NOT_HELD)
    assert handed - named == {
        "governance.rotamember.user",
        "governance.oncalloverride.user",
        "governance.escalation.acknowledged_by",
        "governance.reportduty.noted_by",
    }


def test_every_kind_of_holding_can_be_asked(world: World) -> None:
    for holding in holdings.every():
        assert holding.rows(world.manager.pk).count() >= 0
        row = apps.get_model(holding.model)._default_manager.first()
        if row is not None:
            assert holding.realm_id(row) == world.program.pk
