"""Turning a count into a decision, its conditions and what follows; parts of `record_decision`."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

from fellowship.accounts.models import User
from fellowship.accounts.roles import Seat
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance import ballot_box, kinds, letters, recourse, recused
from governance.ballots import Tally
from governance.models import Ballot, Condition, Decision, Matter, Vote
from governance.services import conditions
from governance.states import Outcome, Standing

_log = logging.getLogger(__name__)


def decide(
    matter: Matter, ballot: Ballot, tally: Tally, *, by: User, note: str
) -> tuple[Decision, list[Condition]]:
    """Write the decision with its letter and dissent, and the conditions it sets."""
    votes = [line.vote for line in ballot_box.lines(ballot) if line.voted and line.vote]
    outcome = str(tally.outcome)
    decision = Decision.objects.create(
        matter=matter,
        outcome=outcome,
        tally=_tally(ballot, tally),
        rule_version=ballot.rule_version,
        dossier_hash=matter.dossier_hash,
        decided_at=now(),
        decided_by=by,
        letter="",
        reply_rule=recourse.rule_for(matter, outcome),
        dissent=letters.dissent(outcome, [_vote(vote) for vote in votes]),
    )
    made = conditions.impose(decision, votes) if outcome == Outcome.CONDITIONS else []
    decision.letter = _letter(decision, ballot, tally, votes=votes, made=made, note=note)
    decision.save()
    return decision, made


def enact(matter: Matter, decision: Decision, *, by: User) -> None:
    """Perform what was decided. Whatever goes wrong becomes a refusal: nothing is recorded."""
    try:
        subject = kinds.subject_of(matter)
        kinds.get(matter.kind).enact(matter=matter, decision=decision, subject=subject, by=by)
    except Refused as refused:
        reason = say("The decision cannot be performed: {reason}", reason=refused.refusal.reason)
        raise Refused(dataclasses.replace(refused.refusal, reason=reason, field="")) from refused
    except Exception as error:
        _log.exception("Enacting %s failed", matter.ref)
        text = say(
            "The decision cannot be performed because of a fault in the system. It is logged."
        )
        raise Refused(Refusal("enactment_failed", text)) from error


def _tally(ballot: Ballot, tally: Tally) -> dict[str, Any]:
    lines = ballot_box.lines(ballot)
    return {
        "positions": tally.positions,
        "taking_part": tally.taking_part,
        "quorum_needed": tally.quorum_needed,
        "seats": {line.row.seat: line.standing for line in lines},
        "absent": sorted(
            line.row.seat
            for line in lines
            if line.standing == Standing.ELIGIBLE and line.vote is None
        ),
        "stale": sorted(
            line.row.seat for line in lines if line.standing == Standing.ELIGIBLE and line.stale
        ),
        "under_override": [v.ballot_seat.seat for v, _ in recused.votes_under_override(ballot)],
    }


def _roll(ballot: Ballot, tally: Tally) -> letters.Roll:
    lines = ballot_box.lines(ballot)
    recused_ones = [line.row for line in lines if line.standing == Standing.RECUSED]
    return letters.Roll(
        voted=tally.taking_part,
        seats=len(lines),
        needed=tally.quorum_needed,
        recused=[str(Seat(row.seat).label) for row in recused_ones],
    )


def _vote(vote: Vote) -> dict[str, Any]:
    return {
        "seat": vote.ballot_seat.seat,
        "user": vote.cast_by_id,
        "position": vote.position,
        "rationale": vote.rationale,
    }


def _letter(
    decision: Decision,
    ballot: Ballot,
    tally: Tally,
    *,
    votes: list[Vote],
    made: list[Condition],
    note: str,
) -> str:
    matter = decision.matter
    calendar = matter.program.calendar()
    return letters.compose(
        title=f"{matter.title} ({matter.ref})",
        question=matter.question,
        outcome=str(tally.outcome),
        positions=tally.positions,
        roll=_roll(ballot, tally),
        reasons=letters.reasons_of(str(tally.outcome), [_vote(vote) for vote in votes]),
        weighed=kinds.get(matter.kind).scores_in_summary(kinds.subject_of(matter)),
        conditions=[
            letters.LetterCondition(
                c.text,
                str(c.owner),
                letters.instant(c.due_at, calendar),
                str(c.verifier),
                c.consequence,
            )
            for c in made
        ],
        record=letters.Record(
            rule=str(ballot.rule_version),
            dossier=matter.dossier_hash,
            read=[s["heading"] for s in matter.dossier.body.get("sections", ())],
        ),
        recourse=recourse.of(decision),
        under_override=len(recused.votes_under_override(ballot)),
        note=note,
    )
