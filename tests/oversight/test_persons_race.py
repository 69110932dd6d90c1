"""Erasures asked for, answered and carried out at once, and with a ledger that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.models import ApiToken, User
from fellowship.accounts.services import create_token, end_role, grant_role
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from oversight import services
from oversight.models import Erasure, PersonalCopy
from tests.governance.test_board_race import at_once
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.world import SETUP, World, make_person, make_world


class LedgerFull(RuntimeError):
    """The ledger cannot be written."""


def another_admin(world: World) -> User:
    person = make_person("admin-two", world.program.slug.removeprefix("meridian"))
    grant_role(user=person, realm=world.program.realm, role=roles.ADMINISTRATOR, by=SETUP)
    return User.objects.get(pk=person.pk)


def gone(world: World) -> User:
    """Somebody whose role has ended, named in a text of another."""
    held = world.reviewer.role_assignments.get()
    end_role(assignment=held, by=SETUP, reason=f"{world.reviewer.name} has left")
    return world.fresh("reviewer")


def verbs() -> list[str]:
    rows = Event.objects.filter(verb__endswith="_erasure") | Event.objects.filter(
        verb="oversight.erase_person"
    )
    return sorted(rows.values_list("verb", flat=True))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_asked_approved_refused_and_carried_out_at_once() -> None:
    world = make_world("-forgotten")
    person, admin, second = gone(world), world.fresh("admin"), another_admin(world)
    asked = at_once(
        lambda: services.ask_erasure(person=person, reason="I ask.", by=person),
        lambda: services.ask_erasure(person=person, reason="They wrote.", by=admin),
        lambda: services.ask_erasure(person=person, reason="I ask.", by=person),
    )
    erasure = Erasure.objects.get()
    assert asked == [erasure] * 3
    by = second if erasure.asked_by == admin else admin
    answers = at_once(
        lambda: services.approve_erasure(erasure=erasure, by=by),
        lambda: services.refuse_erasure(erasure=erasure, reason="An appeal.", by=by),
        lambda: services.approve_erasure(erasure=erasure, by=by),
    )
    erasure.refresh_from_db()
    assert (erasure.approved_at is None) != (erasure.refused_at is None)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {one.refusal.code for one in refused} == {"settled"}
    if erasure.refused_at:
        erasure = services.ask_erasure(person=person, reason="Again.", by=person)
        services.approve_erasure(erasure=erasure, by=admin)
    done = at_once(*[lambda: services.erase_person(erasure=erasure, by=services.ERASING)] * 2)
    assert done == [erasure, erasure]
    assert verbs().count("oversight.erase_person") == 1
    assert User.objects.get(pk=person.pk).name == f"Person {person.pk}"


def everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    kept = [model for model in apps.get_models() if model is not Session]
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list())) for model in kept
    }


@pytest.mark.django_db
def test_where_the_ledger_fails_nobody_is_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted_proposal(world, world.applicant)
    create_token(user=world.reviewer, scopes=["read"], name="laptop", by=SETUP)
    Client().force_login(world.reviewer)
    person, admin, second = gone(world), world.fresh("admin"), another_admin(world)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise LedgerFull

    def fails(call: Callable[[], Any]) -> None:
        before = everything()
        with monkeypatch.context() as patch:
            patch.setattr(journal, "_recorder", [fail])
            with pytest.raises(LedgerFull):
                call()
        assert everything() == before

    fails(lambda: services.ask_copy(by=person))
    services.ask_copy(by=person)
    copy = PersonalCopy.objects.get()
    said: dict[str, Any] = {"copy": copy, "by": services.ERASING}
    fails(lambda: services.finish_copy(sha256="a" * 64, size=1, records=1, **said))
    fails(lambda: services.fail_copy(**said))
    fails(lambda: services.ask_erasure(person=person, reason="I ask.", by=person))
    erasure = services.ask_erasure(person=person, reason="They wrote.", by=admin)
    fails(lambda: services.approve_erasure(erasure=erasure, by=second))
    fails(lambda: services.refuse_erasure(erasure=erasure, reason="An appeal.", by=second))
    approved = services.approve_erasure(erasure=erasure, by=second)
    fails(lambda: services.erase_person(erasure=approved, by=services.ERASING))
    assert User.objects.get(pk=person.pk).name == person.name
    assert not ApiToken.objects.filter(user=person, revoked_at=None).exists(), "approved before"
