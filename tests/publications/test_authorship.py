"""Authorship: agreed by everybody named, changed by everybody's consent, held against each work."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen
from fellowship.notices.models import Notice
from fellowship.web import work
from governance.models import Matter
from governance.services import withdraw_matter
from publications import credit, services
from publications.models import AuthorshipAgreement
from scoping.models import Fellowship
from scoping.states import Credit
from tests.governance.test_board_race import at_once
from tests.scenarios import publications as scenario
from tests.scenarios.governance import decide
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World, make_world

pytestmark = pytest.mark.django_db
TEXTS = {
    "company_criteria": "Who contributed.",
    "acknowledgement": "Thanks.",
    "dispute": "The mediator, then the board.",
    "because": "A second author joins.",
}


@pytest.fixture
def case(world: World) -> Fellowship:
    return signed_fellowship(world)


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def propose(world: World, case: Fellowship, *people: dict[str, Any], **values: Any) -> Any:
    fellow = {"person": case.fellow, "credit": ["investigation"], "alone": True}
    return services.propose_agreement(
        **{
            "fellowship": case,
            "people": [fellow, *people],
            "mediator": world.board_research,
            "by": case.fellow,
            **TEXTS,
            **values,
        }
    )


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_the_fourteen_roles_have_the_addresses_of_the_registry(shared_data: Path) -> None:
    schema = next(shared_data.glob("orcid-credit/**/common-3.0.xsd")).read_text()
    listed = set(re.findall(r"https?://credit\.niso\.org/contributor-roles/([a-z-]+)/", schema))
    assert {credit.uri(role).split("/")[-2] for role in Credit.values} == listed
    assert len(listed) == 14
    for role in Credit:
        for given in (role.value, str(role.label), credit.uri(role)):
            assert credit.normalise(given) == role.value


def test_it_holds_with_the_last_consent_and_each_is_asked_once(
    world: World, case: Fellowship
) -> None:
    made = scenario.agreed(world, case, world.mentor, world.product_owner, consented=False)
    assert made.state == "proposed"
    told = Notice.objects.filter(kind="publications.agreement").values_list("recipient", flat=True)
    assert set(told) == {world.mentor.pk, world.product_owner.pk}
    for _ in range(2):
        services.consent_to_agreement(agreement=made, by=world.mentor)
    made.refresh_from_db()
    assert made.state == "proposed"
    services.consent_to_agreement(agreement=made, by=world.product_owner)
    made.refresh_from_db()
    assert made.state == "in_force"
    assert made.in_force_at is not None
    verbs = [event.verb for event in timeline(made)]
    assert verbs.count("publications.consent") == 2
    assert code(lambda: services.consent_to_agreement(agreement=made, by=world.chair)) == (
        "not_yours"
    )


def test_what_no_agreement_may_say(world: World, case: Fellowship) -> None:
    other = {"person": world.mentor, "credit": ["software"]}
    bound = {"person": case.fellow, "credit": ["software"], "alone": False}
    refused = {
        "fellow_alone": {"people": [bound]},
        "no_fellow": {"people": [other]},
        "named_twice": {"people": [{**bound, "alone": True}, other, other]},
        "no_role": {"people": [{**bound, "alone": True, "credit": []}]},
        "people": {"people": [{**bound, "alone": True, "orcid": "0000-0002-1825-0098"}]},
        "no_because": {"because": " "},
        "separation": {"mediator": world.mentor},
        "no_mediator": {"mediator": None},
        "not_yours": {"by": world.policy_reviewer},
    }
    assert {
        name: code(lambda values=values: propose(world, case, **values))
        for name, values in refused.items()
    } == {name: name for name in refused}
    assert not AuthorshipAgreement.objects.exists()


def test_the_database_lets_no_fellow_lose_publishing_alone(world: World, case: Fellowship) -> None:
    own = scenario.agreed(world, case).parties.get()
    own.alone = False
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("tests.bend", by=world.admin),
    ):
        own.save()


def test_a_change_needs_those_who_come_and_those_who_leave(world: World, case: Fellowship) -> None:
    first = scenario.agreed(world, case, world.mentor)
    second = propose(world, case, {"person": world.product_owner, "credit": ["software"]})
    leaving = second.parties.get(leaves=True)
    assert leaving.person == world.mentor
    assert propose(world, case, {"person": world.product_owner, "credit": ["software"]}) == second
    assert code(lambda: propose(world, case)) == "open"
    services.consent_to_agreement(agreement=second, by=world.product_owner)
    first.refresh_from_db()
    assert first.state == "in_force"
    services.consent_to_agreement(agreement=second, by=world.mentor)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "in_force")


def test_silence_leaves_the_agreement_as_it_is_with_no_worker(
    world: World, case: Fellowship
) -> None:
    first = scenario.agreed(world, case)
    second = propose(world, case, {"person": world.mentor, "credit": ["software"]})
    with frozen(second.answer_by):
        assert second.effective_state() == "lapsed"
        assert code(lambda: services.consent_to_agreement(agreement=second, by=world.mentor)) == (
            "not_open"
        )
        third = propose(world, case, {"person": world.product_owner, "credit": ["software"]})
        sweep()
    second.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, second.state, third.number) == ("in_force", "lapsed", 3)
    assert second.ended_at == second.answer_by


def test_a_refusal_goes_to_the_mediator_and_then_to_the_board(
    world: World, case: Fellowship
) -> None:
    made = propose(world, case, {"person": world.mentor, "credit": ["software"]})
    assert code(lambda: services.refuse_agreement(agreement=made, by=world.mentor, reason="")) == (
        "no_reason"
    )
    services.refuse_agreement(agreement=made, by=world.mentor, reason="I wrote the analysis.")
    services.ask_mediator(agreement=made, by=world.mentor, reason="Who did what.")
    assert code(
        lambda: services.mediate(agreement=made, back=True, advice="So.", by=world.chair)
    ) == ("not_yours")
    services.mediate(agreement=made, back=True, advice="Name both.", by=world.board_research)
    made.refresh_from_db()
    assert made.state == "proposed"
    assert [p.answer for p in made.parties.all()] == ["consented", ""]
    services.refuse_agreement(agreement=made, by=world.mentor, reason="Still no.")
    services.ask_mediator(agreement=made, by=case.fellow, reason="Once more.")
    with frozen(made.answer_by + dt.timedelta(days=60)):
        sweep()  # the mediator said nothing: it goes to the board
        made.refresh_from_db()
        assert made.state == "with_board"
        live = Matter.objects.live().filter(kind="publications.authorship")
        decide(world, live.get(), "defer")
        withdraw_matter(matter=live.get(), by=world.manager, reason="The agenda is full.")
        decide(world, live.get())  # undecided or taken back, it is before the board again
        assert not live.exists()
    made.refresh_from_db()
    assert made.state == "in_force"


def test_a_work_names_nobody_outside_the_agreement(world: World, case: Fellowship) -> None:
    work_ = scenario.drafted(world, case)
    named = [{"name": case.fellow.name}, {"name": world.mentor.name, "credit": ["Software"]}]
    services.set_authors(publication=work_, authors=named, by=case.fellow)
    assert code(lambda: services.submit_publication(publication=work_, by=case.fellow)) == (
        "authors_outside"
    )
    pending = scenario.agreed(world, case, world.mentor, consented=False)
    assert code(lambda: services.submit_publication(publication=work_, by=case.fellow)) == (
        "authors_outside"
    )
    services.consent_to_agreement(agreement=pending, by=world.mentor)
    services.set_authors(publication=work_, authors=named[::-1], by=case.fellow)
    assert code(lambda: services.submit_publication(publication=work_, by=case.fellow)) == (
        "author_order"
    )
    made = services.set_authors(publication=work_, authors=named, by=case.fellow)
    assert [(a.user, a.credit) for a in made] == [
        (case.fellow, ["conceptualization"]),
        (world.mentor, ["software"]),
    ]
    assert services.submit_publication(publication=work_, by=case.fellow).state == "in_review"
    outside = [*named, {"name": "Nobody Agreed"}]
    assert code(
        lambda: services.set_authors(publication=work_, authors=outside, by=case.fellow)
    ) == ("authors_outside")
    assert work_.authors.count() == 2


def test_without_an_agreement_the_fellow_publishes_alone(world: World, case: Fellowship) -> None:
    scenario.agreed(world, case, world.mentor, consented=False)  # nobody answers
    assert scenario.submitted(world, case).state == "in_review"


def test_the_pages_from_proposal_to_consent(world: World, case: Fellowship) -> None:
    fellow, mentor = as_(case.fellow), as_(world.mentor)
    url = reverse("publications:propose_agreement", args=[case.ref])
    assert fellow.get(url).status_code == 200
    data = {
        **TEXTS,
        "mediator": str(world.board_research.pk),
        "person_1": str(case.fellow.pk),
        "credit_1": ["investigation"],
        "alone_1": "on",
        "person_2": str(world.mentor.pk),
        "orcid_2": "0000-0002-1825-0098",
    }
    wrong = fellow.post(url, data)
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "does not match the others" in page
    assert "Choose at least one role." in page
    assert "0000-0002-1825-0098" in page
    data |= {"orcid_2": "0000-0002-1825-0097", "credit_2": ["software"]}
    assert fellow.post(url, data).status_code == 302
    made = AuthorshipAgreement.objects.get()
    assert made.parties.get(person=world.mentor).orcid == "0000-0002-1825-0097"
    items = work.of(world.mentor, made.proposed_at).mine
    assert made.get_absolute_url() in [item.url for item in items]
    shown = mentor.get(made.get_absolute_url()).content.decode()
    assert "With you: consent or refuse" in shown
    assert as_(world.stranger).get(made.get_absolute_url()).status_code == 404
    for ref in (case.ref, "NONE"):
        listed = reverse("publications:agreements", args=[ref])
        assert as_(world.stranger).get(listed).status_code == 404
    answer = mentor.post(reverse("publications:consent", args=[case.ref, 1]))
    assert answer.status_code == 302
    assert "everybody has consented" in mentor.get(made.get_absolute_url()).content.decode()
    assert "In force" in fellow.get(case.get_absolute_url()).content.decode()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(2))
def test_two_consents_and_a_withdrawal_at_the_same_instant(turn: int) -> None:
    world = make_world(f"-{turn}")
    case = signed_fellowship(world)
    made = scenario.agreed(world, case, world.mentor, world.product_owner, consented=False)

    def consent(by: Any) -> Callable[[], Any]:
        return lambda: services.consent_to_agreement(agreement=made, by=by)

    def back() -> Any:
        return services.withdraw_agreement(agreement=made, by=case.fellow, reason="Another one.")

    calls = [consent(world.mentor), consent(world.product_owner), *([back] if turn else [])]
    results = at_once(*calls)
    made.refresh_from_db()
    answers = [p.answer for p in made.parties.all()]
    assert made.state in ("in_force", "withdrawn") if turn else made.state == "in_force"
    if made.state == "in_force":
        assert answers == ["consented"] * 3
    codes = {r.refusal.code for r in results if isinstance(r, Refused)}
    assert codes <= {"not_open", "wrong_state"}
    assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)]


def test_both_pages_take_the_same_queries_for_few_and_many(world: World, case: Fellowship) -> None:
    scenario.agreed(world, case)
    client, counts = as_(case.fellow), []
    everybody = [world.mentor, world.reviewer_two, world.product_owner]
    for number in (1, 2, 3):
        others = everybody[:number]
        people = [{"person": one, "credit": ["software"]} for one in others]
        made = propose(world, case, *people, because=f"{number} more.")
        paths = [
            reverse("publications:agreements", args=[case.ref]),
            made.get_absolute_url(),
        ]
        for path in paths:
            client.get(path)
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as caught:
                assert client.get(path).status_code == 200
            found.append(len(caught))
        counts.append(found)
        for one in others:
            services.consent_to_agreement(agreement=made, by=one)
    assert counts[1] == counts[2], counts
    assert max(counts[2]) <= 20, counts
