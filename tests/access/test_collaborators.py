"""Collaborators: named, confirmed, granted data by name, seeing their own part, and removed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import services
from access.decisions import decide
from access.models import AccessRequest, Agreement, Dataset, Grant
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role
from fellowship.accounts.services import grant_role
from fellowship.history import recorder
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.notices.models import Notice
from governance.models import Matter
from scoping import services as scoping
from scoping.models import Collaborator, Fellowship, ScopeOfWork
from tests.access.test_requests import code_of
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def named(world: World, **who: Any) -> Collaborator:
    """Whom the fellow names; the stranger, unless said otherwise."""
    given = {"name": "Stranger", "email": world.stranger.email, "part": "Annotates refusals."}
    case = scopes.signed_fellowship(world)
    return scoping.name_collaborator(fellowship=case, by=case.fellow, **{**given, **who})


def test_named_by_the_fellow_and_confirmed_by_the_programme(world: World) -> None:
    found = named(world)
    assert not found.takes_part()
    assert not has_role(world.fresh("stranger"), world.program, roles.COLLABORATOR)
    assert named(world).pk == found.pk, "named twice is once"
    found = scoping.confirm_collaborator(collaborator=found, by=world.manager)
    assert (found.person, found.takes_part()) == (world.stranger, True)
    assert has_role(world.fresh("stranger"), world.program, roles.COLLABORATOR)
    events = Event.objects.count()
    scoping.confirm_collaborator(collaborator=found, by=world.manager)
    assert Event.objects.count() == events, "a second press does nothing"


def test_naming_says_nothing_of_who_has_an_account(world: World) -> None:
    unknown = named(world, email="nobody@example.org", name="Nobody")
    assert (unknown.person, unknown.confirmed_at) == (None, None)
    assert code_of(
        lambda: scoping.confirm_collaborator(collaborator=unknown, by=world.manager)
    ) == ("no_account")


@pytest.mark.parametrize("who", ["mentor", "manager", "steward", "stranger", "admin"])
def test_only_the_fellow_names(world: World, who: str) -> None:
    case = scopes.signed_fellowship(world)
    person = getattr(world, who)
    assert (
        code_of(
            lambda: scoping.name_collaborator(
                fellowship=case, name="A", email="a@example.org", part="B", by=person
            )
        )
        == "not_yours"
    )


@pytest.mark.parametrize(
    ("who", "code"),
    [("mentor", "wrong_role"), ("applicant", "wrong_role"), ("stranger", "wrong_role")],
)
def test_only_a_manager_confirms(world: World, who: str, code: str) -> None:
    found = named(world)
    person = getattr(world, who)
    assert code_of(lambda: scoping.confirm_collaborator(collaborator=found, by=person)) == code


def test_who_judges_cases_here_is_no_collaborator(world: World) -> None:
    found = named(world, email=world.steward.email)
    confirm = scoping.confirm_collaborator
    assert code_of(lambda: confirm(collaborator=found, by=world.manager)) == "separation"
    mine = named(world, email="second@example.org")
    assert code_of(lambda: named(world, email=world.applicant.email)) == "is_the_fellow/email"
    assert mine.pk != found.pk


def test_data_is_granted_to_each_by_name(world: World) -> None:
    case = scopes.signed_fellowship(world)
    assert code_of(lambda: scenario.requested(world, case, person=world.stranger)) == (
        "not_of_the_case/person"
    )
    scenario.collaborator(world, case)
    own = scenario.granted(world, case)
    theirs = scenario.granted(world, case, person=world.stranger, operations=["query"])
    assert (own.person, theirs.person) == (world.applicant, world.stranger)
    assert "works on it as a collaborator of Applicant" in theirs.agreement.text
    ask = {"dataset": theirs.dataset, "operation": "view"}
    assert decide(person=world.applicant, **ask).allowed
    assert not decide(person=world.stranger, **ask).allowed
    assert decide(person=world.stranger, dataset=theirs.dataset, operation="query").allowed
    assert (
        code_of(
            lambda: services.accept_agreement(
                agreement=Agreement.objects.get(person=world.stranger),
                by=world.applicant,
                text_hash=theirs.agreement.text_hash,
            )
        )
        == "not_yours"
    )
    matter = Matter.objects.get(kind="access.request", subject_id=theirs.request_id)
    parties = set(matter.parties.values_list("user_id", flat=True))
    assert parties == {world.applicant.pk, world.mentor.pk, world.stranger.pk}


def test_each_needs_training_of_their_own(world: World) -> None:
    scenario.collaborator(world, trained=False)
    grant = scenario.granted(world, person=world.stranger)
    answer = decide(person=world.stranger, dataset=grant.dataset, operation="query")
    assert (answer.allowed, answer.clause) == (False, "Security training")


def test_removal_ends_all_of_it_at_once(world: World) -> None:
    found = scenario.collaborator(world)
    grant = scenario.granted(world, person=world.stranger)
    own = scenario.granted(world, found.fellowship)
    ask = {"dataset": grant.dataset, "operation": "query"}
    assert decide(person=world.stranger, **ask).allowed
    done = scoping.remove_collaborator(
        collaborator=found, by=world.applicant, reason="The annotation is done."
    )
    assert not decide(person=world.stranger, **ask).allowed
    assert decide(person=world.applicant, **ask).allowed, "the fellow's own goes on"
    grant.refresh_from_db()
    assert grant.revoked_by == world.applicant
    own.refresh_from_db()
    assert own.revoked_at is None
    assert not has_role(world.fresh("stranger"), world.program, roles.COLLABORATOR)
    events = Event.objects.count()
    scoping.remove_collaborator(collaborator=done, by=world.applicant, reason="Again.")
    assert Event.objects.count() == events, "a second press does nothing"


def test_removal_takes_back_what_the_board_still_has(world: World) -> None:
    found = scenario.collaborator(world)
    request = scenario.with_board(world, person=world.stranger)
    scoping.remove_collaborator(collaborator=found, by=world.manager, reason="They left.")
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert Matter.objects.get(kind="access.request").state == "withdrawn"


def test_where_the_ledger_fails_nobody_is_removed(world: World) -> None:
    found = scenario.collaborator(world)
    grant = scenario.granted(world, person=world.stranger)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the ledger is full")

    notices = Notice.objects.count()
    journal.install(fail)
    try:
        with pytest.raises(RuntimeError, match="the ledger is full"):
            scoping.remove_collaborator(collaborator=found, by=world.applicant, reason="Done.")
    finally:
        journal.install(recorder.record)
    found.refresh_from_db()
    grant.refresh_from_db()
    assert (found.removed_at, grant.revoked_at, Notice.objects.count()) == (None, None, notices)


def test_a_collaborator_sees_what_concerns_them_and_nothing_else(world: World) -> None:
    canary = "Canary of the fellow"
    found = scenario.collaborator(world)
    own = scenario.granted(world, found.fellowship, purpose=canary)
    theirs = scenario.granted(world, person=world.stranger)
    user = world.fresh("stranger")
    seen: list[tuple[Any, set[int]]] = [
        (Fellowship, set()),
        (ScopeOfWork, set()),
        (Collaborator, {found.pk}),
        (AccessRequest, {theirs.request_id}),
        (Agreement, {theirs.agreement_id}),
        (Grant, {theirs.pk}),
        (Dataset, {theirs.dataset_id}),
    ]
    for model, keys in seen:
        assert set(model.objects.visible_to(user).values_list("pk", flat=True)) == keys, model
    client = client_of(user)
    page = found.get_absolute_url()
    for url in (page, f"{page}scope/", "/fellowships/collaborations/", "/access/grants/"):
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert canary not in answer.content.decode()
    for url in (page, "/access/grants/"):
        assert "2 of 3 fields (turn, refused)" in client.get(url).content.decode(), url
    for it in (theirs, theirs.request, theirs.agreement):
        assert client.get(it.get_absolute_url()).status_code == 200
    case = found.fellowship.ref
    for url in (
        *(it.get_absolute_url() for it in (own, own.request, own.agreement)),
        *(f"/fellowships/{case}/{path}" for path in ("", "people/", "collaborators/", "scope/")),
        f"/access/cases/{case}/",
    ):
        assert client.get(url).status_code == 404, url
    scoping.remove_collaborator(collaborator=found, by=world.manager, reason="They left.")
    client = client_of(world.stranger)
    assert client.get(page).status_code == 404
    assert client.get(f"{page}scope/").status_code == 404


def test_the_case_lists_each_with_what_they_can_reach(world: World) -> None:
    found = scenario.collaborator(world)
    scenario.granted(world, person=world.stranger, operations=["query"])
    url = f"/fellowships/{found.fellowship.ref}/collaborators/"
    for who in ("applicant", "mentor", "steward", "manager"):
        page = client_of(getattr(world, who)).get(url).content.decode()
        assert "Refusal logs: query" in page, who


def test_by_pages_from_naming_to_leaving(world: World) -> None:
    case = scopes.signed_fellowship(world)
    fellow, manager = client_of(world.applicant), client_of(world.manager)
    url = f"/fellowships/{case.ref}/collaborators/"
    wrong = fellow.post(url, {"name": "A", "email": "no address", "part": ""})
    assert (wrong.status_code, set(wrong.context["form"].errors)) == (422, {"email", "part"})
    sent = {"name": "Stranger", "email": world.stranger.email.upper(), "part": "Annotates."}
    assert fellow.post(url, sent).status_code == 302
    found = Collaborator.objects.get()
    assert fellow.post(f"{url}{found.pk}/confirm/").status_code == 403
    assert manager.post(f"{url}{found.pk}/confirm/").status_code == 302
    training = {"kind": "security", "completed_on": "2026-01-02", "evidence": "Session"}
    assert manager.post(f"{url}{found.pk}/training/", training).status_code == 302
    assert fellow.post(f"{url}{found.pk}/training/", training).status_code in (403, 422)
    ask = f"/access/datasets/{scenario.dataset(world).ref}/request/?case={case.ref}"
    assert "For whom?" in fellow.get(ask).content.decode()
    leave = {"reason": "No time."}
    stranger = client_of(world.stranger)
    assert stranger.post(f"{url}{found.pk}/remove/", leave).status_code == 302
    found.refresh_from_db()
    assert found.removed_by == world.stranger


def test_whoever_is_no_collaborator_pays_no_query_for_those_who_are(world: World) -> None:
    scenario.collaborator(world)
    for who, number in (("steward", 1), ("applicant", 1)):
        user = world.fresh(who)
        has_role(user, world.program, roles.STEWARD)
        with CaptureQueriesContext(connection) as seen:
            list(Dataset.objects.visible_to(user))
            list(Fellowship.objects.visible_to(user))
        assert len(seen) == number + 1, who
        assert "collaborator" not in "".join(q["sql"] for q in seen)


def test_a_collaborator_gets_no_role_that_judges_meanwhile(world: World) -> None:
    scenario.collaborator(world)
    refused = code_of(
        lambda: grant_role(
            user=world.stranger, realm=world.program.realm, role=roles.STEWARD, by=world.admin
        )
    )
    assert refused == "separation/role"
