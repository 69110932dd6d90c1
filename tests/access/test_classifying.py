"""Two people classify a dataset apart: blind first, then agreed, or settled by a third."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from access import services
from access.models import Classification, ClassificationAnswers, Dataset, Grant
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.history.models import Event
from fellowship.history.seal import seal
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from governance import founding, rules
from governance import services as governance
from tests.governance.test_board_race import at_once
from tests.scenarios import access as scenario
from tests.scenarios.governance import adopted_rule
from tests.scenarios.world import SETUP, World, make_world

CANARY = "CANARY-what-the-steward-saw"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def code_of(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def opened(world: World, slug: str = "calls") -> Classification:
    data = scenario.dataset(world, slug, tier="")
    return services.open_classification(dataset=data, by=world.steward)


def answers(one: Classification, tier: str = "restricted", **other: int) -> dict[str, int]:
    return {**scenario.answers_for(one.rule.params, tier), **other}


def fresh(one: Classification) -> Classification:
    return Classification.objects.select_related("dataset").get(pk=one.pk)


def test_until_classified_a_dataset_is_held_closed_and_nobody_asks(world: World) -> None:
    data = scenario.dataset(world, "calls", tier="")
    assert (data.tier, data.sensitivity) == ("highly_restricted", None)
    code = code_of(lambda: scenario.requested(world, world.fellowship, data))
    assert code == "not_classified"
    page = client_of(world.applicant).get(data.get_absolute_url()).content.decode()
    assert "Not classified yet" in page


def test_two_who_agree_give_the_class(world: World) -> None:
    one = opened(world)
    services.send_answers(classification=one, answers=answers(one), by=world.steward)
    assert fresh(one).state == "open"
    assert fresh(one).dataset.tier == "highly_restricted"
    services.send_answers(classification=one, answers=answers(one), by=world.oncall)
    done = fresh(one)
    assert (done.state, done.tier, done.settler) == ("settled", "restricted", None)
    data = done.dataset
    assert (data.tier, data.classification) == ("restricted", done)
    assert (data.sensitivity, data.identifiability) == (4, 3)
    told = Notice.objects.filter(kind="access.classified").values_list("recipient_id", flat=True)
    assert set(told) == {world.steward.pk, world.product_owner.pk}


def test_two_who_differ_are_settled_by_a_third_with_reasons(world: World) -> None:
    one = opened(world)
    services.send_answers(classification=one, answers=answers(one, misuse=2), by=world.steward)
    services.send_answers(classification=one, answers=answers(one, misuse=5), by=world.oncall)
    one = fresh(one)
    assert (one.state, one.dataset.tier) == ("differ", "highly_restricted")

    def settle(by: User, score: int = 3, because: str = "Known since March.") -> Classification:
        return services.settle_classification(
            classification=one, answers={"misuse": score}, because={"misuse": because}, by=by
        )

    assert code_of(lambda: settle(world.steward)) == "wrong_role"
    assert code_of(lambda: settle(world.manager, 9)) == "unanswered"
    assert code_of(lambda: settle(world.manager, because=" ")) == "no_because_misuse"
    done = settle(world.manager)
    assert settle(world.manager) == done, "a second press changes nothing"
    assert (done.state, done.settler, done.settled["misuse"]) == ("settled", world.manager, 3)
    assert done.because == {"misuse": "Known since March."}
    assert Dataset.objects.get(pk=one.dataset_id).tier == "restricted"


def test_the_stricter_answers_hold_until_settled(world: World, grant: Grant) -> None:
    one = services.open_classification(dataset=grant.dataset, by=world.steward)
    same = answers(one)
    services.send_answers(classification=one, answers=same, by=world.steward)
    services.send_answers(classification=one, answers={**same, "misuse": 5}, by=world.oncall)
    assert Dataset.objects.get(pk=grant.dataset_id).tier == "highly_restricted"
    told = Notice.objects.get(kind="access.tier_raised")
    assert told.recipient == grant.person
    assert told.body.startswith("Everything is shut: scope of work v1 goes no higher than")
    page = client_of(world.manager).get(one.get_absolute_url()).content.decode()
    assert grant.ref in page
    assert "Everything is shut" in page


def test_whoever_answered_does_not_settle(world: World) -> None:
    realm = world.program.realm
    grant_role(user=world.steward, realm=realm, role=roles.MANAGER, by=SETUP)
    grant_role(user=world.steward, realm=realm, role=roles.ONCALL, by=SETUP)
    both = world.fresh("steward")
    one = opened(world)
    services.send_answers(classification=one, answers=answers(one), by=both)
    second = answers(one, misuse=5)
    # Holding both roles is no way round two people.
    code = code_of(lambda: services.send_answers(classification=one, answers=second, by=both))
    assert code == "already_sent"
    services.send_answers(classification=one, answers=second, by=world.oncall)
    code = code_of(
        lambda: services.settle_classification(
            classification=one, answers={"misuse": 1}, because={"misuse": "Mine."}, by=both
        )
    )
    assert code == "separation"


def test_the_database_keeps_two_roles_and_two_people(world: World) -> None:
    one = opened(world)
    services.send_answers(classification=one, answers=answers(one), by=world.steward)
    for role, person in (("steward", world.oncall), ("oncall", world.steward)):
        row = ClassificationAnswers(
            classification=one, role=role, person=person, answers=answers(one)
        )
        with pytest.raises(IntegrityError), journal.acting("tests.twice", by=world.admin):
            row.save()


def test_who_may_not(world: World) -> None:
    data = scenario.dataset(world, "calls", tier="")

    def begin(by: User) -> Classification:
        return services.open_classification(dataset=data, by=by)

    assert code_of(lambda: begin(world.manager)) == "wrong_role"
    one = begin(world.steward)
    assert begin(world.steward) == one

    def send(by: User, **values: Any) -> Classification:
        given = {**answers(one), **values}
        return services.send_answers(classification=one, answers=given, by=by)

    assert code_of(lambda: send(world.manager)) == "wrong_role"
    assert code_of(lambda: send(world.applicant)) == "wrong_role"
    assert code_of(lambda: send(world.steward, misuse=7)) == "unanswered"
    assert code_of(lambda: send(world.steward, colour=1)) == "unknown_question"
    declare_conflict(
        user=world.oncall,
        subject=data,
        realm=world.program.pk,
        kind="coauthor",
        statement="I made it.",
        by=world.oncall,
    )
    assert code_of(lambda: send(world.fresh("oncall"))) == "separation_conflict"


def test_called_off_only_while_answers_are_missing(world: World) -> None:
    one = opened(world)

    def call_off(reason: str = "Begun by mistake.") -> Classification:
        return services.call_off_classification(classification=one, by=world.steward, reason=reason)

    assert code_of(lambda: call_off(" ")) == "no_reason"
    services.send_answers(classification=one, answers=answers(one), by=world.steward)
    services.send_answers(classification=one, answers=answers(one, misuse=5), by=world.oncall)
    assert code_of(call_off) == "wrong_state"
    other = opened(world, "others")
    services.send_answers(classification=other, answers=answers(other), by=world.steward)
    done = services.call_off_classification(classification=other, by=world.steward, reason="Old.")
    assert done.state == "withdrawn"
    assert not ClassificationAnswers.objects.visible_to(world.oncall).filter(
        classification=other
    ), "what was answered apart stays unread"


def test_nobody_reads_the_first_answers_anywhere(world: World) -> None:
    one = opened(world)
    gravest = answers(one, "highly_restricted")
    services.send_answers(classification=one, answers=gravest, remarks=CANARY, by=world.steward)
    sent = ClassificationAnswers.objects.get()
    said = json.dumps(gravest)
    seal()
    slug = world.program.slug
    label = "access.classificationanswers"
    event = Event.objects.filter(verb="access.send_answers").get()
    addresses = [
        one.get_absolute_url(),
        one.dataset.get_absolute_url(),
        reverse("access:dataset_versions", args=[one.dataset.ref]),
        reverse("access:catalogue"),
        reverse("oversight:event", args=[slug, event.uid]),
        reverse("oversight:record", args=[slug, label, sent.pk]),
        reverse("oversight:record", args=[slug, "access.classification", one.pk]),
        "/api/v1/access/classifications/",
        f"/api/v1/access/classifications/{one.pk}/",
        "/inbox/",
        "/",
    ]
    for name in ("oncall", "manager", "auditor", "chair", "product_owner"):
        client = client_of(getattr(world, name))
        for url in addresses:
            page = client.get(url).content.decode()
            assert CANARY not in page, (name, url)
            assert "Gravest content</dd>" not in page, (name, url)
            assert said not in page, (name, url)
    body = json.loads(event.body)
    assert body["change"] == {"answered_by": "steward"}
    assert CANARY not in event.body
    mine = client_of(world.steward).get(one.get_absolute_url()).content.decode()
    assert "What you answered" in mine
    services.send_answers(classification=one, answers=gravest, by=world.oncall)
    after = client_of(world.manager).get(one.get_absolute_url()).content.decode()
    assert CANARY in after
    page = client_of(world.auditor).get(reverse("oversight:event", args=[slug, event.uid]))
    assert CANARY in page.content.decode(), "both are in: the record shows what was written"


def test_a_failing_ledger_leaves_no_answers(world: World) -> None:
    one = opened(world)
    with (
        mock.patch.object(Event, "save", side_effect=RuntimeError("disk full")),
        pytest.raises(RuntimeError),
    ):
        services.send_answers(classification=one, answers=answers(one), by=world.steward)
    assert not ClassificationAnswers.objects.exists()


def test_a_tier_rises_by_the_steward_and_falls_by_two_people(world: World) -> None:
    data = scenario.dataset(world)

    def hold(tier: str) -> Dataset:
        return services.change_dataset(dataset=data, tier=tier, by=world.steward, reason="Seen.")

    assert code_of(lambda: hold("internal")) == "tier_by_classification"
    assert hold("highly_restricted").tier == "highly_restricted"
    page = client_of(world.steward).get(data.get_absolute_url()).content.decode()
    assert "Held more closely than the restricted sensitive that followed." in page
    assert scenario.classified(world, data, "internal").tier == "internal"


def test_a_later_version_of_the_questions_lists_what_came_before(world: World) -> None:
    data = scenario.dataset(world)
    first = rules.in_force(world.program, "data_classification")
    parameters = founding.parameters("data_classification")
    parameters["tiers"]["restricted"]["total"] = 12
    adopted_rule(world, "data_classification", parameters)
    assert Dataset.objects.outdated().filter(pk=data.pk).exists()
    client = client_of(world.steward)
    page = client.get(data.get_absolute_url()).content.decode()
    assert "Classified by v1; v2 is in force." in page
    listed = client.get("/access/?shown=outdated").content.decode()
    assert data.name in listed
    again = services.open_classification(dataset=data, by=world.steward)
    assert again.rule.version == 2
    assert data.classification is not None
    assert data.classification.rule == first


def test_the_answers_are_sent_by_a_form_that_loses_nothing(world: World) -> None:
    one = opened(world)
    client = client_of(world.steward)
    typed: dict[str, Any] = {f"q_{key}": score for key, score in answers(one).items()}
    del typed["q_misuse"]
    answer = client.post(one.get_absolute_url(), {**typed, "remarks": "Forty read."})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"q_misuse"}
    assert "Forty read." in answer.content.decode()
    answer = client.post(one.get_absolute_url(), {**typed, "q_misuse": 3})
    assert answer.status_code == 302
    other = client_of(world.oncall)
    other.post(one.get_absolute_url(), {**typed, "q_misuse": 4})
    assert fresh(one).state == "differ"
    page = client_of(world.manager).get(one.get_absolute_url())
    assert set(page.context["form"].fields) == {"q_misuse", "because_misuse"}
    client_of(world.manager).post(
        one.get_absolute_url(), {"q_misuse": 4, "because_misuse": "It still works."}
    )
    assert fresh(one).state == "settled"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(2))
def test_both_send_at_the_same_instant(turn: int) -> None:
    world = make_world(f"-{turn}")
    one = opened(world)
    same = answers(one)
    results = at_once(
        lambda: services.send_answers(classification=one, answers=same, by=world.steward),
        lambda: services.send_answers(classification=one, answers=same, by=world.oncall),
        lambda: services.send_answers(classification=one, answers=same, by=world.oncall),
    )
    assert not [r for r in results if isinstance(r, Exception)], results
    done = fresh(one)
    assert (done.state, done.dataset.tier, done.answers.count()) == ("settled", "restricted", 2)


def test_home_asks_whoever_can_act_and_nobody_else(world: World) -> None:
    one = opened(world)

    def asked(name: str) -> bool:
        return one.get_absolute_url() in client_of(getattr(world, name)).get("/").content.decode()

    assert [asked(name) for name in ("steward", "oncall", "manager")] == [True, True, False]
    services.send_answers(classification=one, answers=answers(one), by=world.steward)
    assert [asked(name) for name in ("steward", "oncall", "manager")] == [False, True, False]
    services.send_answers(classification=one, answers=answers(one, misuse=5), by=world.oncall)
    assert [asked(name) for name in ("steward", "oncall", "manager")] == [False, False, True]


def test_what_a_new_version_would_have_done_is_shown_before_the_vote(world: World) -> None:
    data = scenario.dataset(world)
    scenario.dataset(world, "open", tier="public")
    parameters = founding.parameters("data_classification")
    parameters["tiers"]["highly_restricted"]["any_score"] = 4
    draft = governance.draft_rule(
        program=world.program,
        kind="data_classification",
        parameters=parameters,
        title="Stricter",
        prose=founding.prose("data_classification"),
        rationale="Two leaks.",
        owner=world.sponsor,
        by=world.manager,
    )
    ((found,),) = (one.differences for one in rules.what_if(draft))
    assert (found.case, found.before, found.after) == (
        f"{data.ref} {data}",
        "Restricted sensitive",
        "Highly restricted",
    )
