"""Who sees what of a matter, turn by turn: one truth table."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.test import Client

from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from fellowship.kernel.time import frozen
from governance import services
from governance.models import Condition, Escalation, Matter, Vote
from tests.governance.conftest import RenameKind
from tests.scenarios.governance import CONDITION, decide, raised_escalation, vote, vote_all
from tests.scenarios.world import World, make_world

ROOM = {"chair", "manager", "auditor", "board_research", "board_product", "board_security"}
EVERYONE = {
    *ROOM,
    *("board_legal", "board_policy", "mentor", "reviewer", "steward", "product_owner", "oncall"),
    *("policy_reviewer", "legal_reviewer", "sponsor", "admin", "applicant", "other_applicant"),
    "stranger",
}


def who(world: World, sees: Any) -> set[str]:
    return {name for name in EVERYONE if sees(world.fresh(name))}


def knows(world: World, matter: Matter) -> set[str]:
    return who(world, lambda u: Matter.objects.visible_to(u).filter(pk=matter.pk).exists())


def reads(world: World, matter: Matter) -> set[str]:
    return who(world, lambda u: Matter.objects.opened_to(u).filter(pk=matter.pk).exists())


def votes_of_legal(world: World) -> set[str]:
    legal = Vote.objects.filter(ballot_seat__seat="security").values("pk")
    return who(world, lambda u: Vote.objects.visible_to(u).filter(pk__in=legal).exists())


def test_the_truth_table_of_a_matter(world: World, rename: RenameKind) -> None:
    rename.party_ids = {world.applicant.pk, world.board_policy.pk}
    rename.also = [world.call]
    for member, subject in ((world.board_legal, world.cohort), (world.auditor, world.call)):
        declare_conflict(
            user=member,
            subject=subject,
            realm=world.program.pk,
            kind="employer",
            statement="My former group.",
            by=member,
        )
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    room = ROOM - {"auditor"}

    assert knows(world, matter) == room | {"applicant", "board_policy"}
    assert reads(world, matter) == room
    assert votes_of_legal(world) == set()

    vote(matter, world.board_security, "approve_with_conditions", conditions=[CONDITION])
    assert votes_of_legal(world) == {"board_security"}

    vote_all(matter, "approve_with_conditions")
    assert votes_of_legal(world) == {"board_security"}

    services.record_decision(matter=matter, by=world.chair)
    assert knows(world, matter) == room | {"applicant", "board_policy"}
    assert reads(world, matter) == room
    assert votes_of_legal(world) == room

    services.recuse(
        matter=matter, by=world.board_security, kind="personal", statement="Since then, a friend."
    )
    assert knows(world, matter) == room - {"board_security"} | {"applicant", "board_policy"}
    assert votes_of_legal(world) == room - {"board_security"}


def test_neither_another_programme_s_people_nor_the_inactive_nor_the_anonymous_see_anything(
    world: World, matter: Matter
) -> None:
    other = make_world("-b")
    gone = world.fresh("chair")
    gone.is_active = False
    for user in (other.chair, other.manager, other.auditor, gone, AnonymousUser()):
        assert list(Matter.objects.visible_to(user)) == []
        assert list(Matter.objects.opened_to(user)) == []
        assert list(Vote.objects.visible_to(user)) == []


def test_conditions_are_seen_by_their_people_and_the_room(world: World, rename: RenameKind) -> None:
    rename.party_ids = {world.applicant.pk}
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    people = {"owner": world.applicant.pk, "verifier": world.steward.pk}
    decide(world, matter, "approve_with_conditions", conditions=[{**CONDITION, **people}])
    condition = Condition.objects.get()
    assert who(world, lambda u: condition in Condition.objects.visible_to(u)) == {
        *ROOM,
        *("board_legal", "board_policy", "applicant", "steward"),
    }


def test_an_alarm_of_a_service_is_not_everyone_s(world: World) -> None:
    from fellowship.kernel.journal import System

    escalation = services.raise_escalation(
        program=world.program,
        kind="out_of_scope_access",
        severity="high",
        summary="A read outside the agreement.",
        subject=world.cohort,
        fellow=world.applicant,
        by=System("access.check"),
    )
    seen = who(world, lambda u: escalation in Escalation.objects.visible_to(u))
    assert seen == {
        *ROOM,
        *("board_legal", "board_policy", "steward", "oncall", "applicant"),
    }
    assert list(Escalation.objects.visible_to(AnonymousUser())) == []


def test_the_sponsor_reads_the_alarms_that_nobody_answered_in_time(world: World) -> None:
    answered = raised_escalation(world, kind="out_of_scope_access")
    late = raised_escalation(world)
    services.acknowledge(escalation=answered, by=world.oncall)

    def seen() -> list[Escalation]:
        return list(Escalation.objects.visible_to(world.fresh("sponsor")))

    assert seen() == []
    with frozen(late.acknowledge_by):
        assert seen() == [late]
        services.acknowledge(escalation=late, by=world.oncall)
        assert seen() == [late]
        client = Client()
        client.force_login(world.fresh("sponsor"))
        assert client.get(late.get_absolute_url()).status_code == 200
        assert client.get(answered.get_absolute_url()).status_code == 404


def test_the_table_s_queries_do_not_grow_with_matters(
    world: World, django_assert_num_queries: Any
) -> None:
    chair = User.objects.get(pk=world.chair.pk)
    for subject in (world.cohort, *_more_cohorts(world)):
        services.refer(
            kind="tests.rename", subject=subject, program=world.program, by=world.manager
        )
        user = User.objects.get(pk=chair.pk)
        with django_assert_num_queries(2):
            docket = list(Matter.objects.opened_to(user).live().with_ballot())
            assert docket
            assert all(m.ballot.closes_at and m.program.name for m in docket)


def _more_cohorts(world: World) -> list[Any]:
    from fellowship.programs.services import open_cohort

    first = world.cohort
    return [
        open_cohort(
            program=world.program,
            name=f"Cohort {i}",
            starts_on=first.starts_on,
            ends_on=first.ends_on,
            by=world.manager,
        )
        for i in range(4)
    ]
