"""Two members vote while the chair closes, all at the same instant: one consistent decision."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.programs.models import Cohort
from governance import services
from governance.models import BallotSeat, Decision, Matter, Vote
from governance.states import Standing
from tests.governance.conftest import RenameKind
from tests.scenarios.governance import vote
from tests.scenarios.world import make_world
from tests.support.workers import PATIENCE, until


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of the calls (or what they raised), started together in their own connections."""
    start, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            start.wait(PATIENCE)
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return results


def somebody_waits_for_us() -> bool:
    """Whether another connection is held up by a lock of this one's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks "
            "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_votes_and_the_close_at_the_same_instant(rename: RenameKind, turn: int) -> None:
    world = make_world(f"-{turn}")
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    ballot = matter.ballot
    ballot.rule["early_close"] = "quorum"
    with journal.acting("tests.early", by=world.admin):
        ballot.save()
        journal.record(subject=matter)
    for member in world.board[:3]:
        vote(matter, member)
    for member in world.board[3:]:
        services.open_dossier(matter=matter, by=member)

    def deny(member: Any) -> Callable[[], Vote]:
        return lambda: services.cast_vote(
            matter=matter, by=member, position="deny", rationale="No."
        )

    def close() -> Decision:
        return services.record_decision(matter=matter, by=world.chair)

    results = at_once(deny(world.board[3]), close, deny(world.board[4]), close)

    decision = Decision.objects.get(matter=matter)
    counted = Counter(Vote.objects.values_list("position", flat=True))
    tally = {p: n for p, n in decision.tally["positions"].items() if n}
    assert tally == dict(counted)
    assert [results[1], results[3]] == [decision, decision]
    late = [r for r in (results[0], results[2]) if isinstance(r, Refused)]
    assert {r.refusal.code for r in late} <= {"ballot_closed"}
    assert len(late) + counted["deny"] == 2
    assert [e.verb for e in timeline(matter)].count("governance.record_decision") == 1
    assert Matter.objects.get(pk=matter.pk).state == "decided"
    world.cohort.refresh_from_db()
    assert world.cohort.name == "Renamed: approve"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_referrals_are_one_matter_and_a_new_seal_a_vote_and_the_close_agree(
    rename: RenameKind,
) -> None:
    world = make_world("-refer")

    def refer() -> Matter:
        return services.refer(
            kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
        )

    first, second = at_once(refer, refer)
    assert first == second == Matter.objects.get()
    matter = Matter.objects.get()
    for member in world.board[:4]:
        vote(matter, member)
    services.open_dossier(matter=matter, by=world.board[4])

    def rename_and_seal() -> Any:
        with journal.acting("tests.rename", by=world.admin):
            cohort = Cohort.objects.get(pk=world.cohort.pk)
            cohort.name = "Changed"
            cohort.save()
            journal.record(subject=cohort)
        return services.reseal_dossier(matter=matter, by=world.manager, reason="It was renamed.")

    def last_vote() -> Vote:
        return services.cast_vote(matter=matter, by=world.board[4], position="approve")

    def close() -> Decision:
        return services.record_decision(matter=matter, by=world.chair)

    results = at_once(rename_and_seal, last_vote, close)

    assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)]
    matter.refresh_from_db()
    sealed = matter.dossiers.count()
    decision = Decision.objects.filter(matter=matter).first()
    if decision is None:
        assert matter.state == "voting"
    else:
        numbers = {v.dossier_number for v in Vote.objects.all()}
        assert (numbers, decision.dossier_hash) == ({sealed}, matter.dossier.sha256)
        assert decision.tally["positions"]["approve"] == 5


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_same_alarm_at_the_same_instant_is_one_escalation_with_two_occurrences() -> None:
    from tests.scenarios.governance import raised_escalation

    world = make_world("-alarm")
    first, second = at_once(
        lambda: raised_escalation(world), lambda: raised_escalation(world, by=world.steward)
    )
    assert first == second
    first.refresh_from_db()
    assert first.occurrences == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["approve_override", "revoke_override"])
def test_a_recusal_set_aside_while_the_chair_closes_leaves_the_roll_as_counted(
    rename: RenameKind, verb: str
) -> None:
    world = make_world(f"-{verb[:6]}")
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    member = world.board_legal
    conflict = services.recuse(matter=matter, by=member, kind="coauthor", statement="A paper.")
    override = services.request_override(
        conflict=conflict, by=world.manager, reason="Nobody else knows the field."
    )
    if verb == "revoke_override":
        services.approve_override(override=override, by=world.chair)
        vote(matter, member)
    for other in world.board:
        if other != member:
            vote(matter, other)
    counted, closed = threading.Event(), threading.Event()

    def close() -> Decision:
        with transaction.atomic():
            Matter.objects.locked().get(pk=matter.pk)
            counted.set()
            until(lambda: closed.is_set() or somebody_waits_for_us(), what="the other")
            return services.record_decision(matter=matter, by=world.chair)

    def set_aside() -> Any:
        assert counted.wait(PATIENCE)
        asked = {"override": override, "by": world.chair, "reason": "New facts."}
        try:
            return getattr(services, verb)(**asked)
        finally:
            closed.set()

    decision, done = at_once(close, set_aside)

    assert isinstance(decision, Decision), decision
    assert not isinstance(done, Exception), done
    seat = BallotSeat.objects.get(ballot__matter=matter, user=member)
    was = Standing.RECUSED if verb == "approve_override" else Standing.ELIGIBLE
    assert seat.standing == was
    assert decision.tally["positions"]["approve"] == 4 + (was == Standing.ELIGIBLE)
