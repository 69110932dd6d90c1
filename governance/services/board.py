"""The verbs of the board: refer, open, vote, record, withdraw, return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model

from fellowship.accounts.models import Actor, Conflict, User
from fellowship.accounts.services import declare_conflict
from fellowship.clocks import queries as clocks
from fellowship.clocks import services as clock_services
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, Refused, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import ballot_box, ballots, kinds, rules, typed
from governance.models import (
    Ballot,
    BallotSeat,
    Decision,
    DossierOpening,
    Matter,
    Vote,
)
from governance.policy import board as policy
from governance.policy.common import text_given
from governance.services import conditions as conditions_of
from governance.services import enactment, replies, sealing, telling
from governance.services.sealing import BALLOT_CLOCK
from governance.states import MATTER_MOVES, MatterState, RuleKind, Standing


@journal.verb("governance.refer")
def refer(*, kind: str, subject: Model, program: Program, by: Actor, reason: str = "") -> Matter:
    """Put a record before the board: seal its dossier and open the ballot under the rule in force.

    A record already before the board in this kind gives the matter it has. Raises Refused where the
    rule in force says nothing about the kind.
    """
    handler = kinds.get(kind)
    subject = type(subject)._default_manager.select_for_update(of=("self",)).get(pk=subject.pk)
    live = Matter.objects.live().filter(kind=kind, subject_id=subject.pk).first()
    if live:
        return unchanged(live, policy.may_refer(handler, subject, program, by))
    refuse(policy.may_refer(handler, subject, program, by))
    refuse(policy.has_ballot_rule(rules.in_force(program, RuleKind.BALLOT_RULES), kind))
    body = sealing.sealed(kind, subject)
    matter = Matter.objects.create(
        program=program,
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        ref=next_reference("MAT"),
        **sealing.asked(handler, subject),
        dossier_hash=digest(body),
        subject_revision=handler.revision(subject),
        referred_by=by if isinstance(by, User) else None,
        referred_at=now(),
    )
    sealing.seal(matter, subject, body, by=by)
    change = {"kind": kind, "dossier": matter.dossier_hash, "revision": matter.subject_revision}
    journal.record(subject=matter, change=change)
    open_ballot(matter=matter, by=by, reason=reason)
    matter.refresh_from_db()
    return matter


@journal.verb("governance.open_ballot")
def open_ballot(*, matter: Matter, by: Actor, reason: str = "") -> Ballot:
    """Open the vote: freeze the rule and the roll of seats, start the clock, tell the seats.

    A ballot already open is returned.
    """
    matter = Matter.objects.locked().select_related("program").get(pk=matter.pk)
    opened = Ballot.objects.filter(matter=matter).first()
    if opened:
        return opened
    target = MATTER_MOVES.target(matter.state, "open_ballot")
    version = rules.in_force(matter.program_id, RuleKind.BALLOT_RULES)
    refuse(policy.has_ballot_rule(version, matter.kind))
    rule = version.params.matters[matter.kind]
    clock = sealing.start_window(matter, rule, str(version), by=by)
    ballot = Ballot.objects.create(
        matter=matter,
        rule=typed.write(rule),
        rule_version=version,
        opened_at=clock.starts_at,
        closes_at=clock.due_at,
    )
    seats = _enrol(ballot, rule)
    matter.state, matter.due_at = target, clock.due_at
    matter.save()
    change = {
        "rule": str(version),
        "closes_at": ballot.closes_at,
        "seats": {seat.seat: seat.standing for seat in seats},
    }
    journal.record(subject=matter, change=change)
    telling.seats(matter, ballot)
    return ballot


def _enrol(ballot: Ballot, rule: ballots.BallotRule) -> list[BallotSeat]:
    """Write the roll: who holds each seat now, and whether they may vote."""
    matter = ballot.matter
    recused = ballot_box.recused_ids(matter)
    parties = set(matter.parties.values_list("user_id", flat=True))

    def standing(user_id: int | None) -> str:
        checks = (
            (user_id is None, Standing.VACANT),
            (user_id in parties, Standing.PARTY),
            (user_id == matter.referred_by_id, Standing.REFERRER),
            (user_id in recused, Standing.RECUSED),
        )
        return next((word for holds, word in checks if holds), Standing.ELIGIBLE)

    seats = ballot_box.roll(matter.program_id, rule.seats, ballot.opened_at)
    return [
        BallotSeat.objects.create(
            ballot=ballot, seat=seat, user_id=user_id, standing=standing(user_id)
        )
        for seat, user_id in seats.items()
    ]


@journal.verb("governance.open_dossier")
def open_dossier(*, matter: Matter, by: User) -> DossierOpening:
    """Note that the person opened the dossier. Only the first time of each version is an act."""
    opening = ballot_box.openings(matter, by).first()
    if opening:
        return unchanged(opening, policy.may_enter(matter, by))
    matter = Matter.objects.locked().get(pk=matter.pk)
    refuse(policy.may_enter(matter, by))
    opening, created = DossierOpening.objects.get_or_create(
        matter=matter,
        number=ballot_box.dossier_number(matter),
        user=by,
        defaults={"opened_at": now()},
    )
    if created:
        journal.record(subject=matter, change={"dossier": matter.dossier_hash})
    return opening


@journal.verb("governance.cast_vote")
def cast_vote(
    *,
    matter: Matter,
    by: User,
    position: str,
    rationale: str = "",
    conditions: Sequence[Mapping[str, Any]] = (),
) -> Vote:
    """Cast or change one's seat's vote. It is sealed until the ballot closes, in the ledger too.

    `conditions` (for “approve with conditions”): mappings with `text` and optionally `days`,
    `owner`, `verifier` (user ids) and `consequence`; see `ProposedCondition`. The same vote again
    changes nothing.
    """
    matter = Matter.objects.locked().get(pk=matter.pk)
    refuse(policy.may_vote(matter, by))
    rationale = rationale.strip()
    refuse(policy.vote_is_whole(position, rationale, conditions))
    refuse(policy.may_set_conditions(matter.kind, position))
    proposed = [typed.write(c) for c in conditions_of.proposals(matter, conditions)]
    ballot = Ballot.objects.get(matter=matter)
    seat = ballot_box.seat_for(ballot, by)
    vote = Vote.objects.filter(ballot_seat=seat).first() or Vote(ballot_seat=seat)
    revision = kinds.get(matter.kind).revision(kinds.subject_of(matter))
    cast = (position, rationale, proposed, revision)
    same = (vote.position, vote.rationale, vote.conditions, vote.subject_revision)
    if vote.pk and cast == same and not ballot_box.is_stale(vote, ballot):
        return vote
    vote.position, vote.rationale, vote.conditions, vote.subject_revision = cast
    return _keep(vote, matter, ballot, by)


@journal.verb("governance.reaffirm_vote")
def reaffirm_vote(*, matter: Matter, by: User) -> Vote:
    """Say that the vote cast on an earlier text holds for the dossier as it stands now.

    A vote cast or reaffirmed on this text already stays as it is.
    """
    matter = Matter.objects.locked().get(pk=matter.pk)
    refuse(policy.may_vote(matter, by))
    ballot = Ballot.objects.get(matter=matter)
    vote = Vote.objects.filter(ballot_seat=ballot_box.seat_for(ballot, by)).first()
    if vote is None:
        raise Refused(Refusal("no_vote", say("You have cast no vote yet: cast it on this text.")))
    if not ballot_box.is_stale(vote, ballot):
        return vote
    vote.subject_revision = kinds.get(matter.kind).revision(kinds.subject_of(matter))
    return _keep(vote, matter, ballot, by)


def _keep(vote: Vote, matter: Matter, ballot: Ballot, by: User) -> Vote:
    """Write the vote down as cast now, on the dossier as it stands."""
    vote.cast_by, vote.cast_at = by, now()
    vote.opened_dossier_at = ballot_box.openings(matter, by).get().opened_at
    vote.dossier_number = ballot.dossier_number
    vote.save()
    change = {"seat": vote.ballot_seat.seat, "dossier": matter.dossier_hash}
    journal.record(subject=matter, change=change)
    if vote.ballot_seat.user_id != by.pk:
        _stand_in(matter, vote.ballot_seat, by)
    telling.chair_when_all_voted(matter, ballot)
    return vote


def _stand_in(matter: Matter, seat: BallotSeat, by: User) -> None:
    """Record that a deputy voted for a member: an act of its own in the decision log."""
    with journal.acting("governance.stand_in", by=by):
        journal.record(subject=matter, change={"seat": seat.seat, "member": seat.user_id})


@journal.verb("governance.record_decision")
def record_decision(*, matter: Matter, by: User, note: str = "", reason: str = "") -> Decision:
    """Close the ballot, record the outcome and perform it, all or nothing.

    Refused with the rule's reasons while the ballot cannot be closed, and where what it is about
    has changed since the dossier was sealed: seal it anew, or return it. Where the kind's `enact`
    fails, nothing is recorded and the refusal says why. A matter already decided gives its
    decision. `note` is the chair's sentence in the letter.
    """
    matter = Matter.objects.locked().select_related("program").get(pk=matter.pk)
    decided = Decision.objects.filter(matter=matter).first()
    if decided:
        return unchanged(decided, policy.may_record(matter, by))
    refuse(policy.may_record(matter, by))
    refuse(policy.unchanged(matter, sealing.revision_held(matter)))
    ballot = Ballot.objects.locked().get(matter=matter)
    tally = ballot_box.count(ballot, chair_seat=ballot_box.own_seat(matter.program_id, by))
    refuse(policy.uncounted(ballot, tally))
    _close(matter, ballot)
    decision, made = enactment.decide(matter, ballot, tally, by=by, note=note)
    enactment.enact(matter, decision, by=by)
    change = {
        "outcome": decision.outcome,
        "positions": tally.positions,
        "rule": str(decision.rule_version),
        "dossier": decision.dossier_hash,
        "conditions": len(made),
    }
    journal.record(subject=matter, change=change)
    _stop_clock(matter, by)
    conditions_of.start_clocks(made, by=by)
    replies.open_times(decision, by=by)
    telling.decided(matter, decision)
    return decision


def _close(matter: Matter, ballot: Ballot) -> None:
    """End the ballot and write down the standings as counted."""
    for line in ballot_box.lines(ballot):
        if line.standing != line.row.standing:
            line.row.standing = line.standing
            line.row.save()
        if line.vote and line.stale:
            _set_aside(line.vote, ballot)
    ballot.closed_at = now()
    ballot.save()
    matter.state = MATTER_MOVES.target(matter.state, "record_decision")
    matter.ended_at = now()
    matter.save()


@journal.verb("governance.recuse")
def recuse(
    *, matter: Matter, by: User, kind: str, statement: str = "", reason: str = ""
) -> Conflict:
    """Declare a conflict in what the matter is about (`accounts.declare_conflict`).

    The person sees the matter no more and a vote already cast no longer counts; the roll says so at
    once. Declaring `none` says there is no conflict.
    """
    matter = Matter.objects.locked().get(pk=matter.pk)
    conflict = declare_conflict(
        user=by,
        subject=kinds.subject_of(matter),
        realm=matter.program_id,
        kind=kind,
        statement=statement,
        by=by,
    )
    seat = BallotSeat.objects.filter(
        ballot__matter=matter, ballot__closed_at=None, user=by, standing=Standing.ELIGIBLE
    ).first()
    if seat and ballot_box.is_recused(matter, by):
        seat.standing = Standing.RECUSED
        seat.save()
        journal.record(subject=matter, change={"seat": seat.seat})
    elif ballot_box.is_recused(matter, by):
        _recuse_deputy(matter, by)
    return conflict


def _recuse_deputy(matter: Matter, by: User) -> None:
    """A vote cast for another's seat by who is recused now is set aside: the seat may vote anew."""
    votes = Vote.objects.filter(ballot_seat__ballot__matter=matter, cast_by=by)
    votes = votes.exclude(ballot_seat__user=by)
    vote = votes.filter(ballot_seat__ballot__closed_at=None, dossier_number__gte=1).first()
    if vote:
        _set_aside(vote, vote.ballot_seat.ballot)
        journal.record(subject=matter, change={"set_aside": vote.ballot_seat.seat})


def _set_aside(vote: Vote, ballot: Ballot) -> None:
    """Let a vote that counts on the text as it stands count no more."""
    if not ballot_box.is_stale(vote, ballot):
        vote.dossier_number = 0
        vote.save()


@journal.verb("governance.withdraw_matter")
def withdraw_matter(*, matter: Matter, by: Actor, reason: str) -> Matter:
    """Take a matter back before it is decided. Votes cast stay sealed for ever. Once is enough."""
    matter = Matter.objects.locked().get(pk=matter.pk)
    if matter.state == MatterState.WITHDRAWN:
        return unchanged(matter, policy.may_withdraw(matter, by))
    refuse(policy.may_withdraw(matter, by))
    refuse(text_given(reason, "reason", say("Say why it is withdrawn.")))
    return _end(matter, "withdraw", by)


@journal.verb("governance.return_matter")
def return_matter(*, matter: Matter, by: User, reason: str) -> Matter:
    """Give back a matter that cannot be decided: quorum missed, or its subject changed."""
    matter = Matter.objects.locked().get(pk=matter.pk)
    revision = kinds.get(matter.kind).revision(kinds.subject_of(matter))
    if matter.state == MatterState.RETURNED:
        return unchanged(matter, policy.may_return(matter, by, revision))
    refuse(policy.may_return(matter, by, revision))
    refuse(text_given(reason, "reason", say("Say why it cannot be decided.")))
    return _end(matter, "return", by)


def _end(matter: Matter, verb: str, by: Actor) -> Matter:
    matter.state, matter.ended_at = MATTER_MOVES.target(matter.state, verb), now()
    matter.save()
    subject = kinds.subject_of(matter)
    kinds.get(matter.kind).taken_back(matter=matter, subject=subject, by=by)
    journal.record(subject=matter, change={"state": matter.state})
    _stop_clock(matter, by)
    return matter


def _stop_clock(matter: Matter, by: Actor) -> None:
    clock = clocks.latest(matter, BALLOT_CLOCK)
    if clock:
        clock_services.stop(clock=clock, by=by)
