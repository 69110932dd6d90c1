"""Who may refer, read, vote, record, withdraw and return; who may meet and verify conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Conflict, User
from fellowship.accounts.queries import has_role, roles_of
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import ballot_box, kinds
from governance.ballots import BallotRule, Tally, quorum_reasons
from governance.kinds import MatterKind
from governance.models import Ballot, BallotSeat, Condition, DossierOpening, Matter, RuleVersion
from governance.models.visibility import ROOM
from governance.policy.common import needs_role, text_given
from governance.states import (
    CONDITION_MOVES,
    LIVE_MATTER,
    MATTER_MOVES,
    NEEDS_RATIONALE,
    MatterState,
    Position,
    Standing,
)

_STANDINGS = {
    Standing.RECUSED: say("You declared a conflict, so you do not vote on this matter."),
    Standing.PARTY: say("You are a party to this matter, so you do not vote on it."),
    Standing.REFERRER: say("You referred this matter, so you do not vote on it."),
    Standing.VACANT: say("This seat is vacant."),
}
DUTIES = say("separation of duties")


def may_refer(handler: MatterKind, subject: Any, program: Program, by: Actor) -> Refusal | None:
    """Why the subject may not be put before the board by `by`."""
    belongs = subject._meta.label_lower == handler.subject_model.lower()
    known = isinstance(by, System) or not isinstance(by, User) or roles_of(by, program.pk)
    mine = isinstance(by, User) and by.pk in handler.parties(subject)
    return first(
        None
        if belongs
        else Refusal(
            "wrong_subject", say("{label} matters are about something else.", label=handler.label)
        ),
        None
        if known or mine
        else Refusal(
            "wrong_role", say("Only participants of the programme may refer to its board.")
        ),
        handler.may_refer(subject, by),
    )


def has_ballot_rule(rule: RuleVersion, kind: str) -> Refusal | None:
    """Why a kind cannot be voted on: the rule in force says nothing about it."""
    if kind in rule.params.matters:
        return None
    return Refusal(
        "no_ballot_rule",
        say("{rule} says nothing about matters {kind}.", rule=rule, kind=kind),
        rule=str(rule),
    )


def may_enter(matter: Matter, user: User) -> Refusal | None:
    """Why the person may not know the matter from inside."""
    inside = has_role(user, matter.program_id, *ROOM) or _deputises(matter, user)
    return first(
        None if inside else Refusal("wrong_role", say("Only the board room reads dossiers.")),
        Refusal("separation_party", say("You are a party to this matter."), rule=DUTIES)
        if ballot_box.is_party(matter, user)
        else None,
        Refusal("separation_recused", _STANDINGS[Standing.RECUSED], rule=DUTIES)
        if ballot_box.is_recused(matter, user)
        else None,
    )


def _deputises(matter: Matter, user: User) -> bool:
    ballot = _ballot(matter)
    return ballot is not None and ballot_box.seat_for(ballot, user) is not None


def must_declare(
    matter: Matter, user: User, seat: BallotSeat | None, said: Conflict | None
) -> bool:
    """Whether a member or the chair says first if they have a conflict, before any content.

    Those who only look need not.
    """
    takes_part = seat is not None or has_role(user, matter.program_id, roles.CHAIR)
    return takes_part and matter.state in LIVE_MATTER and said is None


def may_vote(matter: Matter, user: User, at: dt.datetime | None = None) -> Refusal | None:
    """Why the person may not vote on the matter now; for the vote panel as much as for the verb."""
    ballot = _ballot(matter)
    seat = ballot_box.seat_for(ballot, user, at) if ballot else None
    if ballot is None or seat is None:
        return Refusal("wrong_role", say("You hold no seat in this ballot."))
    return first(
        _seat_votes(matter, seat, user),
        None
        if matter.state == MatterState.VOTING
        else Refusal("ballot_closed", say("This ballot is closed.")),
        Refusal("ballot_over", say("The ballot's time has ended."), rule=str(ballot.rule_version))
        if ballot.over(at)
        else None,
        _has_opened(matter, user),
    )


def _seat_votes(matter: Matter, seat: BallotSeat, user: User) -> Refusal | None:
    recused = ballot_box.recused_ids(matter)
    standing = ballot_box.standing_now(seat.standing, seat.user_id, recused)
    if standing == Standing.ELIGIBLE and user.pk in recused:
        standing = Standing.RECUSED
    if standing != Standing.ELIGIBLE:
        return Refusal(f"separation_{standing}", _STANDINGS[Standing(standing)], rule=DUTIES)
    if user.pk != seat.user_id and ballot_box.is_party(matter, user):
        return Refusal("separation_party", _STANDINGS[Standing.PARTY], rule=DUTIES)
    if not ballot_box.holds_seat(seat, matter.program_id):
        return Refusal(
            "wrong_role_seat", say("This seat is not held any more by who held it then.")
        )
    return None


def _has_opened(matter: Matter, user: User) -> Refusal | None:
    if ballot_box.openings(matter, user).exists():
        return None
    if DossierOpening.objects.filter(matter=matter, user=user).exists():
        text = say("The dossier was sealed anew since you read it: read what changed, then vote.")
        return Refusal("dossier_unopened", text)
    return Refusal("dossier_unopened", say("Open the dossier before you vote."))


def vote_is_whole(position: str, rationale: str, conditions: Sequence[Any]) -> Refusal | None:
    """Why a vote is refused as written."""
    with_conditions = position == Position.CONDITIONS
    return first(
        None
        if position in Position.values
        else Refusal("unknown_position", say("Choose a position."), field="position"),
        vote_says_why(position, rationale),
        Refusal("no_conditions", say("Name at least one condition."), field="conditions")
        if with_conditions and not conditions
        else None,
        Refusal(
            "conditions_elsewhere",
            say("Conditions go with “approve with conditions” alone."),
            field="conditions",
        )
        if conditions and not with_conditions
        else None,
    )


def vote_says_why(position: str, rationale: str) -> Refusal | None:
    """Why a position is refused without its reasons."""
    if position not in NEEDS_RATIONALE:
        return None
    return text_given(rationale, "rationale", say("Say why: this position needs a rationale."))


def may_set_conditions(kind: str, position: str) -> Refusal | None:
    """Why a matter of this kind is not approved with conditions: nothing would wait for them."""
    if position != Position.CONDITIONS or kinds.get(kind).takes_conditions:
        return None
    return Refusal(
        "takes_no_conditions",
        say(
            "This decision has effect at once, so nothing would wait for conditions. "
            "Approve it, deny it, or defer it with what you ask for."
        ),
        rule=say("conditions hold a gate"),
        field="position",
    )


def may_record(matter: Matter, by: User, at: dt.datetime | None = None) -> Refusal | None:
    """Why the decision may not be recorded now. It never tells how anyone voted."""
    return first(
        _chairs(matter, by, to=say("record the decision")),
        MATTER_MOVES.refusal(matter.state, "record_decision"),
        _countable(matter, at),
    )


def _chairs(matter: Matter, by: User, to: str) -> Refusal | None:
    return first(
        needs_role(by, matter.program_id, roles.CHAIR, to=to)
        if isinstance(by, User)
        else Refusal("wrong_role", say("Only a person may {to}.", to=to)),
        may_enter(matter, by),
    )


def _countable(matter: Matter, at: dt.datetime | None) -> Refusal | None:
    ballot = _ballot(matter)
    return None if ballot is None else uncounted(ballot, ballot_box.count(ballot, at))


def uncounted(ballot: Ballot, tally: Tally) -> Refusal | None:
    """Why the tally is no outcome, in the rule's own words."""
    if not tally.reasons:
        return None
    text = " ".join(reason.text for reason in tally.reasons)
    return Refusal(tally.reasons[0].code, text, rule=str(ballot.rule_version))


def unchanged(matter: Matter, revision: str) -> Refusal | None:
    """Why a matter cannot be decided as sealed: what it is about has changed."""
    if revision == matter.subject_revision:
        return None
    text = say(
        "What this is about has changed since the dossier was sealed. "
        "Seal it anew so that members vote on what stands, or return the matter."
    )
    return Refusal("subject_changed", text, rule=say("what is decided is what was sealed"))


def may_reseal(matter: Matter, by: Actor) -> Refusal | None:
    """Why `by` may not seal the dossier anew: who answers for the matter may, while it is voted on.

    That is its referrer, a manager, the chair, or the app whose service changed the subject.
    """
    return first(
        None
        if not isinstance(by, User) or by.pk == matter.referred_by_id
        else _reseals(matter, by),
        MATTER_MOVES.refusal(matter.state, "record_decision"),
    )


def _reseals(matter: Matter, by: User) -> Refusal | None:
    needed = (roles.CHAIR, roles.MANAGER)
    return first(
        needs_role(by, matter.program_id, *needed, to=say("seal the dossier anew")),
        may_enter(matter, by),
    )


def may_withdraw(matter: Matter, by: Actor) -> Refusal | None:
    """Why the matter may not be withdrawn: its referrer or a manager may, before a decision."""
    referrer = isinstance(by, User) and by.pk == matter.referred_by_id
    return first(
        None
        if referrer
        else needs_role(by, matter.program_id, roles.MANAGER, to=say("withdraw another's matter")),
        MATTER_MOVES.refusal(matter.state, "withdraw"),
    )


def may_return(
    matter: Matter, by: User, revision: str, at: dt.datetime | None = None
) -> Refusal | None:
    """Why the chair may not return the matter: only what cannot be decided as it stands."""
    return first(
        _chairs(matter, by, to=say("return a matter")),
        MATTER_MOVES.refusal(matter.state, "return"),
        _decidable(matter, revision, at),
    )


def _decidable(matter: Matter, revision: str, at: dt.datetime | None) -> Refusal | None:
    ballot = _ballot(matter)
    if ballot is None or revision != matter.subject_revision:
        return None
    seats = [line.counted() for line in ballot_box.lines(ballot)]
    missed = bool(quorum_reasons(ballot.params, seats))
    if missed and (ballot.over(at) or unreachable(ballot.params, seats)):
        return None
    return Refusal(
        "decidable",
        say(
            "A matter is returned only where its quorum is missed or what it is about has changed."
        ),
        rule=str(ballot.rule_version),
    )


def unreachable(rule: BallotRule, seats: Sequence[Any]) -> bool:
    """Whether even all votes still possible would miss the quorum."""
    full = [
        type(seat)(seat.seat, seat.standing, seat.position or Position.ABSTAIN) for seat in seats
    ]
    return bool(quorum_reasons(rule, full))


def may_meet(condition: Condition, by: User) -> Refusal | None:
    """Why `by` may not report the condition as met."""
    return first(
        None
        if by.pk == condition.owner_id
        else Refusal(
            "not_yours", say("The condition is for {owner} to meet.", owner=condition.owner)
        ),
        CONDITION_MOVES.refusal(condition.state, "meet"),
    )


def may_verify(condition: Condition, by: User, verb: str = "verify") -> Refusal | None:
    """Why `by` may not verify the condition, or find that it failed."""
    return first(
        Refusal("separation", say("Nobody verifies a condition of their own."), rule=DUTIES)
        if by.pk == condition.owner_id
        else None,
        None
        if by.pk == condition.verifier_id
        else Refusal(
            "not_yours",
            say("The condition is for {verifier} to verify.", verifier=condition.verifier),
        ),
        CONDITION_MOVES.refusal(condition.state, verb),
    )


def may_waive(condition: Condition, by: User) -> Refusal | None:
    """Why `by` may not waive the condition."""
    return first(
        needs_role(by, condition.program_id, roles.CHAIR, to=say("waive a condition")),
        may_enter(condition.decision.matter, by),
        Refusal("separation", say("Nobody waives a condition of their own."), rule=DUTIES)
        if by.pk == condition.owner_id
        else None,
        CONDITION_MOVES.refusal(condition.state, "waive"),
    )


def conditions_met(condition: Condition | None, at: dt.datetime | None = None) -> Refusal | None:
    """What an unsettled condition says to the gate it holds shut."""
    if condition is None:
        return None
    late = say(" and overdue") if condition.due_at < (at or now()) else ""
    text = say(
        "Condition {ref} is not verified{late}: {text}",
        ref=condition.ref,
        late=late,
        text=condition.text,
    )
    return Refusal("condition_open", text, rule=condition.ref)


def _ballot(matter: Matter) -> Ballot | None:
    return Ballot.objects.select_related("rule_version", "matter").filter(matter=matter).first()
