"""Cases held to an earlier version: listed, offered the later one, held to it if both agree."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.time import now
from fellowship.notices.models import Notice
from fellowship.web import work
from governance import cases, founding, rules, services
from governance.models import RuleAmendment, RulePin, RuleVersion
from proposals.models import Proposal
from tests.governance.test_pages import page, post, signed_in
from tests.governance.test_rules import refused
from tests.scenarios import proposals as proposal_scenes
from tests.scenarios.governance import adopted_rule
from tests.scenarios.world import World, make_person

pytestmark = pytest.mark.django_db
KIND = "publication_policy"


def held(world: World) -> tuple[Proposal, RulePin, RuleVersion]:
    """A proposal of before, its pin, and the version that came after."""
    proposal = proposal_scenes.submitted_proposal(world)
    parameters = founding.parameters(KIND)
    parameters["windows"]["methods"] = "21 calendar days"
    rule = adopted_rule(world, KIND, parameters)
    return proposal, _pin(proposal), rule


def _pin(proposal: Proposal) -> RulePin:
    return RulePin.objects.get(subject_type="proposals.proposal", subject_id=proposal.pk, kind=KIND)


def offered(world: World, pin: RulePin, rule: RuleVersion, **values: Any) -> RuleAmendment:
    defaults: dict[str, Any] = {"by": world.manager, "reason": "You would hear nine days earlier."}
    return services.offer_amendment(pin=pin, rule=rule, **{**defaults, **values})


def test_running_cases_of_an_earlier_version_are_listed_as_far_as_one_sees_them(
    world: World,
) -> None:
    proposal, pin, rule = held(world)
    assert list(cases.held_to_earlier(rule, world.manager)) == [pin]
    assert not cases.held_to_earlier(rule, world.stranger).exists()
    first = RuleVersion.objects.get(program=world.program, kind=KIND, version=1)
    assert not cases.held_to_earlier(first, world.manager).exists()
    later = proposal_scenes.submitted_proposal(world, world.other_applicant)
    assert _pin(later).rule_version.version in (1, 2)
    declare_conflict(
        user=world.manager,
        subject=proposal,
        realm=world.program.pk,
        kind="other",
        statement="A former student.",
        by=world.manager,
    )
    assert pin not in cases.held_to_earlier(rule, world.fresh("manager"))


def test_the_later_version_applies_once_the_case_s_person_agrees(world: World) -> None:
    proposal, pin, rule = held(world)
    amendment = offered(world, pin, rule)
    assert offered(world, pin, rule) == amendment
    assert rules.pinned(proposal, KIND).version == 1
    told = Notice.objects.get(kind="governance.amendment_offered")
    assert told.recipient == proposal.applicant
    person = User.objects.get(pk=proposal.applicant_id)
    titles = [item.title for item in work.of(person, now()).mine]
    assert any("is offered for" in title for title in titles)
    for name in ("manager", "chair", "stranger"):
        refusal = refused(
            lambda name=name: services.agree_amendment(amendment=amendment, by=world.people[name])
        )
        assert refusal.code == "not_yours"
    for _ in range(2):
        services.agree_amendment(amendment=amendment, by=person)
    assert rules.pinned(proposal, KIND) == rule
    (event,) = timeline(proposal).filter(verb="governance.amend_pin")
    assert event.actor == person
    assert f'"agreed_by":{world.manager.pk}' in event.body
    answered = Notice.objects.get(kind="governance.amendment_answered")
    assert answered.recipient == world.manager
    assert not cases.held_to_earlier(rule, world.manager).filter(pk=pin.pk).exists()


def test_declined_or_withdrawn_nothing_changes_and_it_may_be_offered_again(world: World) -> None:
    proposal, pin, rule = held(world)
    person = proposal.applicant
    first = offered(world, pin, rule)
    for _ in range(2):
        services.decline_amendment(amendment=first, by=person, reason="I have planned by it.")
    assert refused(lambda: services.agree_amendment(amendment=first, by=person)).code == (
        "wrong_state"
    )
    second = offered(world, pin, rule)
    assert (
        refused(lambda: services.withdraw_amendment(amendment=second, by=person, reason="No.")).code
        == "wrong_role"
    )
    for _ in range(2):
        services.withdraw_amendment(amendment=second, by=world.chair, reason="A slip.")
    assert rules.pinned(proposal, KIND).version == 1
    third = adopted_rule(world, KIND, founding.parameters(KIND))
    open_one = offered(world, pin, rule)
    newer = offered(world, pin, third)
    open_one.refresh_from_db()
    assert (open_one.state, newer.state) == ("withdrawn", "offered")


def test_who_may_not_offer_what(world: World) -> None:
    _, pin, rule = held(world)
    for name in ("auditor", "mentor", "board_legal", "applicant"):
        assert refused(lambda name=name: offered(world, pin, rule, by=world.people[name])).code == (
            "wrong_role"
        )
    assert refused(lambda: offered(world, pin, rule, reason=" ")).field == "reason"
    assert refused(lambda: offered(world, pin, pin.rule_version)).code == "not_later"
    other = adopted_rule(world, "exceptions", founding.parameters("exceptions"))
    assert refused(lambda: offered(world, pin, other)).code == "not_later"
    of_call = RulePin.objects.get(subject_type="programs.call", kind=KIND)
    assert refused(lambda: offered(world, of_call, rule)).code == "no_party"


def test_the_database_keeps_two_sides_and_one_offer(world: World) -> None:
    _, pin, rule = held(world)
    amendment = offered(world, pin, rule)
    for values in (
        {"party": world.manager},
        {"state": "agreed", "answered_at": now(), "answered_by": world.manager},
        {"state": "agreed"},
        {"to_rule": amendment.from_rule},
    ):
        broken = RuleAmendment.objects.get(pk=amendment.pk)
        for name, value in values.items():
            setattr(broken, name, value)
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            journal.acting("tests.bend", by=world.admin),
        ):
            broken.save()


def test_on_the_pages_and_by_the_api(world: World) -> None:
    proposal, pin, rule = held(world)
    manager, person = world.fresh("manager"), User.objects.get(pk=proposal.applicant_id)
    assert "began before this version" in page(manager, rule.get_absolute_url())
    home = f"/rules/{rule.pk}/earlier/"
    assert proposal.ref in page(manager, home)
    page(person, home, 404)
    offer = f"{home}{pin.pk}/"
    assert "<ins>21 calendar days</ins>" in page(manager, offer)
    post(manager, offer, 422, reason="")
    post(world.fresh("auditor"), offer, 422, reason="x")
    post(manager, offer, reason="Nine days.")
    assert "Offered" in page(manager, home)
    amendment = RuleAmendment.objects.get()
    at = amendment.get_absolute_url()
    assert "Leave it as it is" in page(person, at)
    page(world.fresh("stranger"), at, 404)
    post(manager, f"{at}agree/", 403)
    post(person, f"{at}decline/")
    client = signed_in(manager)
    data = {"rule": rule.pk, "reference": proposal.ref, "reason": "Once more."}
    made = client.post("/api/v1/rule-amendments/", data, content_type="application/json")
    assert made.status_code == 201, made.content
    path = f"/api/v1/rule-amendments/{made.json()['id']}/agree/"
    assert client.post(path, {}, content_type="application/json").status_code == 403
    agreed = signed_in(person).post(path, {}, content_type="application/json")
    assert agreed.json()["state"] == "agreed"
    assert rules.pinned(proposal, KIND) == rule
    again = client.post("/api/v1/rule-amendments/", data, content_type="application/json")
    assert again.json()["code"] == "not_held"


def test_queries_of_the_list_do_not_grow(world: World) -> None:
    for number in range(5):
        proposal_scenes.submitted_proposal(world, make_person(f"p{number}"))
    _, _, rule = held(world)
    found = []
    for number in (6, 3, 1):
        pins = list(cases.held_to_earlier(rule, world.manager))
        for pin in pins[number:]:
            amendment = offered(world, pin, rule)
            services.agree_amendment(amendment=amendment, by=amendment.party)
        client = signed_in(world.manager)
        client.get(f"/rules/{rule.pk}/earlier/")
        with CaptureQueriesContext(connection) as captured:
            shown = client.get(f"/rules/{rule.pk}/earlier/").content.decode()
        assert shown.count("Offer it") == number
        found.append(len(captured))
    assert len(set(found)) == 1, found
    assert found[0] <= 20
