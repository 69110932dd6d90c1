"""A programme set up by several at once: people by lists, first rules; and a ledger that fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import grant_role
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from fellowship.programs import people_csv
from fellowship.programs.models import Program
from fellowship.programs.services import found_program, import_people, name_sponsor
from governance import founding, services
from governance.models import RuleVersion
from tests.governance.test_board_race import at_once
from tests.scenarios.world import SETUP, World, make_world

LIST = "email,name,role\n" + "".join(f"p{n}@example.org,P {n},mentor\n" for n in range(4))


class LedgerFull(RuntimeError):
    """The ledger cannot be written."""


def bring(program: Program, by: User) -> Callable[[], Any]:
    return lambda: import_people(program=program, rows=people_csv.read(LIST), by=by)


def fates(answer: Any) -> dict[str, int]:
    return dict(Counter(one.fate.value for one in answer))


def new_program(world: World, slug: str = "new") -> Program:
    program = found_program(slug=slug, name=slug.title(), purpose="Rest.", by=SETUP)
    grant_role(user=world.admin, realm=program.realm, role=roles.ADMINISTRATOR, by=SETUP)
    return name_sponsor(program=program, sponsor=world.sponsor, by=SETUP)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_same_list_twice_at_once_brings_everybody_once() -> None:
    world = make_world("-lists")
    first, second = at_once(*[bring(world.program, world.admin)] * 2)
    assert sorted([fates(first), fates(second)], key=str) == [{"held": 4}, {"invited": 4}]
    people = User.objects.filter(email__regex=r"^p\d@example\.org$")
    assert people.count() == RoleAssignment.objects.filter(user__in=people).count() == 4
    assert Event.objects.filter(verb="programs.import_people").count() == 1
    assert Notice.objects.filter(recipient__in=people).count() == 4


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_programmes_that_bring_the_same_newcomers_share_their_accounts() -> None:
    world = make_world("-two-lists")
    other = new_program(world, "other")
    admin = world.fresh("admin")
    answers = at_once(bring(world.program, admin), bring(other, admin))
    assert [sum(fates(one).values()) for one in answers] == [4, 4], answers
    people = User.objects.filter(email__regex=r"^p\d@example\.org$")
    held = RoleAssignment.objects.filter(user__in=people)
    assert (people.count(), held.count()) == (4, 8)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_first_rules_shaped_and_adopted_at_once_are_one_version_each() -> None:
    world = make_world("-rules")
    program, admin = new_program(world), world.fresh("admin")
    said = {"title": "Ours", "prose": founding.prose("exceptions")}
    same = {**said, "parameters": founding.parameters("exceptions")}

    def shape(**values: Any) -> Callable[[], Any]:
        return lambda: services.shape_founding_rule(
            program=program, kind="exceptions", by=admin, **{**same, **values}
        )

    def adopt() -> Any:
        return services.adopt_founding_rules(program=program, by=admin)

    first, second = at_once(shape(), shape())
    assert first == second == RuleVersion.objects.get(program=program)
    shaped = Event.objects.filter(verb="governance.shape_founding_rule", realm_id=program.pk)
    assert shaped.count() == 1, "sent twice"
    results = at_once(adopt, shape(title="Another"), adopt)
    versions = RuleVersion.objects.filter(program=program)
    assert versions.count() == len(founding.TITLES)
    assert set(versions.values_list("version", "status")) == {(1, "adopted")}
    title = versions.get(kind="exceptions").title
    assert title == ("Ours" if isinstance(results[1], Refused) else "Another")
    adopted = Event.objects.filter(verb="governance.adopt_founding_rules", realm_id=program.pk)
    assert adopted.count() == 1


def rows() -> dict[str, list[Any]]:
    labels = ("accounts", "notices", "programs", "governance", "history", "clocks")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return {model._meta.label: list(model._base_manager.values_list()) for model in models}


@pytest.mark.django_db
def test_where_the_ledger_fails_nobody_is_brought_and_no_rule_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, admin = new_program(world), world.fresh("admin")
    said = {"title": "Ours", "prose": founding.prose("exceptions")}
    parameters = founding.parameters("exceptions")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise LedgerFull

    calls: list[Callable[[], Any]] = [
        bring(world.program, admin),
        lambda: services.shape_founding_rule(
            program=program, kind="exceptions", parameters=parameters, by=admin, **said
        ),
        lambda: services.adopt_founding_rules(program=program, by=admin),
    ]
    before = rows()
    for call in calls:
        with monkeypatch.context() as patch:
            patch.setattr(journal, "_recorder", [fail])
            with pytest.raises(LedgerFull):
                call()
        assert rows() == before
