"""The verbs of a contest: a mediator who has no part in the case, and then the board."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance import services as governance
from publications import policy, terms
from publications.models import Mediation, Objection
from publications.services.objections import (
    MEDIATION_CLOCK,
    PROPOSAL_CLOCK,
    end_step,
    locked_objection,
    objection_url,
    settle,
    step,
    tell_both,
)
from publications.services.works import tell
from publications.states import (
    OBJECTION_MOVES,
    PROPOSED_STATES,
    Ask,
    ObjectionState,
    Proposal,
)

SETTLING = {Proposal.KEEP: "withdraw", Proposal.WORDING: "agree"}


@journal.verb("publications.contest")
def contest_objection(*, objection: Objection, by: User, reason: str) -> Objection:
    """The author contests: somebody with no part in the case mediates; the rest goes on.

    The time of the mediation runs from here, also while nobody is named; at its end the passage
    goes to the board.
    """
    objection = locked_objection(objection)
    if objection.state == ObjectionState.CONTESTED:
        return unchanged(objection, policy.may_answer(objection, "contest", by))
    refuse(policy.may_answer(objection, "contest", by))
    refuse(policy.contest_said(reason))
    objection.answer = reason
    step(
        objection,
        "contest",
        by,
        kind=MEDIATION_CLOCK,
        window=terms.mediation_window(objection.publication.fellowship),
        becomes=ObjectionState.WITH_BOARD,
        holder="us",
        holder_user=None,
        silence=say("The passage goes to the board."),
    )
    Mediation.objects.create(objection=objection, begun_at=now())
    tell_both(
        objection, say("{ref}: contested; a mediator is named", ref=objection.ref), by, body=reason
    )
    tell(
        objection.publication,
        holders(objection.program_id, roles.MANAGER),
        say("{ref} is contested: name a mediator", ref=objection.ref),
        url=objection_url(objection),
    )
    journal.record(subject=objection, change={"state": objection.state})
    return objection


@journal.verb("publications.name_mediator")
def name_mediator(*, objection: Objection, mediator: User, by: User) -> Objection:
    """Name who mediates. The same person again changes nothing; another one replaces them."""
    objection = locked_objection(objection)
    mediation = _mediation(objection)
    if mediation.mediator_id == mediator.pk:
        return unchanged(objection, policy.may_name_mediator(objection, by))
    refuse(policy.may_name_mediator(objection, by))
    refuse(policy.may_mediate(objection, mediator))
    mediation.mediator, mediation.named_at, mediation.named_by = mediator, now(), by
    mediation.save()
    tell(
        objection.publication,
        [mediator],
        say("You mediate {ref}: one contested passage", ref=objection.ref),
        body=say(
            "Read what both sides say and propose one way. Both then say whether they take it."
        ),
        url=objection_url(objection),
    )
    tell_both(
        objection, say("{ref}: {mediator} mediates", ref=objection.ref, mediator=mediator), by
    )
    journal.record(subject=objection, change={"mediator": mediator.pk})
    return objection


@journal.verb("publications.propose")
def propose(
    *,
    objection: Objection,
    proposal: str,
    reasons: str,
    by: User,
    wording: str = "",
    until: dt.datetime | None = None,
) -> Objection:
    """The mediator proposes one way. A side that stays silent takes it.

    Where a side says no, the board decides.
    """
    objection = locked_objection(objection)
    mediation = _mediation(objection)
    if mediation.mediator_id == by.pk and (mediation.proposal, mediation.reasons) == (
        proposal,
        reasons,
    ):
        return objection
    refuse(policy.may_propose(objection, mediation, by))
    refuse(
        policy.sound_proposal(
            objection, proposal=proposal, reasons=reasons, wording=wording, until=until
        )
    )
    mediation.proposal, mediation.reasons = proposal, reasons
    mediation.wording, mediation.until, mediation.proposed_at = wording, until, now()
    mediation.save()
    step(
        objection,
        "propose",
        by,
        kind=PROPOSAL_CLOCK,
        window=terms.answer_window(objection.publication.fellowship),
        becomes=PROPOSED_STATES[Proposal(proposal)],
        holder="you",
        holder_user=objection.publication.fellowship.fellow,
        silence=say("Who stays silent takes the proposal."),
    )
    said = mediation.get_proposal_display()
    tell_both(
        objection,
        say("{ref}: the mediator proposes: {said}", ref=objection.ref, said=said),
        by,
        body=reasons,
    )
    journal.record(subject=objection, change={"state": objection.state, "proposal": proposal})
    return objection


@journal.verb("publications.answer_proposal")
def answer_proposal(*, objection: Objection, takes: bool, by: User, reason: str = "") -> Objection:
    """One side says whether it takes the proposal. A no brings the passage before the board."""
    objection = locked_objection(objection)
    mediation = _mediation(objection)
    side = policy.side_of(objection, by)
    if side and getattr(mediation, f"{side}_takes") == takes:
        return unchanged(objection, policy.may_say(objection, mediation, by))
    refuse(policy.may_say(objection, mediation, by))
    if not takes:
        refuse(policy.contest_said(reason))
    setattr(mediation, f"{side}_takes", takes)
    setattr(mediation, f"{side}_said", reason)
    mediation.save()
    journal.record(subject=objection, change={"takes": takes, "side": side})
    if not takes:
        return refer_dispute(objection=objection, by=by, reason=reason)
    if mediation.author_takes and mediation.reviewer_takes:
        return _take(objection, mediation, by)
    tell_both(
        objection, say("{ref}: one side takes the proposal", ref=objection.ref), by, body=reason
    )
    return objection


@journal.verb("publications.take_proposal")
def take_proposal(*, objection: Objection, by: Actor, at: dt.datetime, reason: str) -> Objection:
    """The time to answer a proposal passed at `at`: who stayed silent takes it."""
    objection = locked_objection(objection)
    mediation = _mediation(objection)
    if objection.state != ObjectionState.PROPOSED:
        return objection
    return _take(objection, mediation, by, at=at)


@journal.verb("publications.refer_dispute")
def refer_dispute(
    *, objection: Objection, by: Actor, reason: str, at: dt.datetime | None = None
) -> Objection:
    """Bring it before the board: no proposal came in time, or a side declined it."""
    objection = locked_objection(objection)
    if objection.state == ObjectionState.WITH_BOARD:
        return objection
    objection.state = OBJECTION_MOVES.target(objection.state, "refer")
    objection.step_due_at, objection.if_silent = None, ""
    objection.save()
    mediation = _mediation(objection)
    mediation.ended_at = at or now()
    mediation.save()
    end_step(objection, by)
    tell_both(objection, say("{ref}: with the board", ref=objection.ref), by, body=reason)
    journal.record(subject=objection, change={"state": objection.state})
    governance.refer(
        kind="publications.dispute",
        subject=objection,
        program=objection.program,
        by=by,
        reason=reason,
    )
    return objection


@journal.verb("publications.decide_dispute")
def decide_dispute(*, objection: Objection, upheld: bool, by: Actor, reason: str) -> Objection:
    """The board's decision on a contested passage. Called by the board alone."""
    objection = locked_objection(objection)
    done = ObjectionState.UPHELD if upheld else ObjectionState.OVERRULED
    if objection.state == done:
        return objection
    return settle(objection, "uphold" if upheld else "overrule", by)


def _take(
    objection: Objection, mediation: Mediation, by: Actor, *, at: dt.datetime | None = None
) -> Objection:
    """Do what the mediator proposed."""
    mediation.ended_at = at or now()
    mediation.save()
    changed: dict[str, Any] = {}
    if mediation.proposal == Proposal.WORDING:
        changed["wording"] = mediation.wording
    if mediation.proposal == Proposal.LATER:
        changed |= {"ask": Ask.STAGE, "until": mediation.until}
    verb = SETTLING.get(Proposal(mediation.proposal), "accept")
    return settle(objection, verb, by, at=at, **changed)


def _mediation(objection: Objection) -> Mediation:
    """Its mediation, locked; an empty one where it was never contested."""
    found = Mediation.objects.locked().select_related("mediator").filter(objection=objection)
    return found.first() or Mediation(objection=objection)
