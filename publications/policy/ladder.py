"""Who may answer, settle, mediate and take a proposal, and why not."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, recused
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import terms
from publications.models import Mediation, Objection
from publications.states import OBJECTION_MOVES, ObjectionState, Proposal

REASON_MAX = 2_000
"""Characters of what an author says against an objection: mediator and board read it in full."""
MEDIATING = (
    roles.REVIEWER,
    roles.MENTOR,
    roles.POLICY_REVIEWER,
    roles.LEGAL_REVIEWER,
    roles.BOARD_MEMBER,
)
"""Roles from which a mediator comes, unless they have a part in the case."""


def may_answer(objection: Objection, verb: str, by: User) -> Refusal | None:
    """Why `by` may not accept, reword or contest: the author answers, in time."""
    return first(
        None
        if by == objection.publication.fellowship.fellow
        else Refusal("not_yours", say("The author answers an objection.")),
        step_runs(objection),
        OBJECTION_MOVES.refusal(objection.state, verb),
        _proposal_first(objection, verb),
    )


def contest_said(reason: str) -> Refusal | None:
    """Why a contest may not go on with these words: none, or too many."""
    return first(
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why the objection is wrong."), field="reason"),
        None
        if len(reason) <= REASON_MAX
        else Refusal(
            "too_long",
            say(
                "Say it in at most {REASON_MAX:,} characters; these are {n:,}.",
                REASON_MAX=REASON_MAX,
                n=len(reason),
            ),
            field="reason",
        ),
    )


def may_settle(objection: Objection, verb: str, by: User) -> Refusal | None:
    """Why `by` may not agree to other wording, decline it or withdraw: its raiser or owner does."""
    return first(
        None
        if by in (objection.raised_by, objection.owner)
        else Refusal(
            "not_yours",
            say(
                "Only {raised_by}, who raised it, or {owner}, who owns it, may do this.",
                raised_by=objection.raised_by,
                owner=objection.owner,
            ),
        ),
        step_runs(objection),
        OBJECTION_MOVES.refusal(objection.state, verb),
        _proposal_first(objection, verb) if verb != "withdraw" else None,
    )


def step_runs(objection: Objection) -> Refusal | None:
    """Why the step is over: silence has decided it, whether it is recorded or not."""
    if not objection.step_over():
        return None
    became = ObjectionState(objection.if_silent).label.lower()
    return Refusal(
        "time_over",
        say(
            "The time for this step ended on {step_due_at:%-d %B %Y at %H:%M} UTC. By "
            "silence the objection is now: {became}.",
            step_due_at=objection.step_due_at,
            became=became,
        ),
        rule=str(terms.policy_of(objection.publication.fellowship)),
    )


def may_name_mediator(objection: Objection, by: Actor) -> Refusal | None:
    """Why `by` may not name a mediator: the manager names one, once, while it is contested."""
    return first(
        None
        if isinstance(by, System) or has_role(by, objection.program_id, roles.MANAGER)
        else Refusal("wrong_role", say("The programme manager names the mediator.")),
        Refusal("not_contested", say("Only a contested objection has a mediator."))
        if objection.state != ObjectionState.CONTESTED
        else None,
        step_runs(objection),
        Refusal("separation", say("Whoever named or made this objection names no mediator for it."))
        if isinstance(by, User) and by.pk in (objection.raised_by_id, objection.owner_id)
        else None,
    )


def may_mediate(objection: Objection, person: User) -> Refusal | None:
    """Why `person` is no mediator here: a reviewer of the work, or in the fellow's chain."""
    work = objection.publication
    case = work.fellowship
    reviewers = set(work.reviewers.values_list("reviewer_id", flat=True))
    authors = set(work.authors.exclude(user=None).values_list("user_id", flat=True))
    return first(
        None
        if has_role(person, objection.program_id, *MEDIATING)
        else Refusal(
            "wrong_mediator", say("{person} holds no role here.", person=person), field="mediator"
        ),
        _apart(say("{person} reviews this work.", person=person))
        if person.pk in {*reviewers, objection.raised_by_id, objection.owner_id}
        else None,
        _apart(
            say("{person} is the fellow, their mentor, or an author of this work.", person=person)
        )
        if person.pk in {*authors, case.fellow_id, case.mentor_id}
        else None,
        _apart(say("{person} declared a conflict.", person=person))
        if recused(person, case)
        else None,
    )


def may_propose(objection: Objection, mediation: Mediation, by: User) -> Refusal | None:
    """Why `by` may not propose: its mediator does, while it is contested."""
    return first(
        None
        if mediation.mediator_id == by.pk
        else Refusal("not_yours", say("Only the mediator proposes.")),
        step_runs(objection),
        OBJECTION_MOVES.refusal(objection.state, "propose"),
    )


def sound_proposal(
    objection: Objection, *, proposal: str, reasons: str, wording: str, until: dt.datetime | None
) -> Refusal | None:
    """Why this is no proposal: it names one way, its reasons, and what that way needs."""
    work = objection.publication
    longest = terms.latest_stage(work.fellowship, objection.raised_at)
    later = proposal == Proposal.LATER
    return first(
        None
        if proposal in Proposal.values
        else Refusal("no_proposal", say("Choose what you propose."), field="proposal"),
        None
        if reasons.strip()
        else Refusal("no_reason", say("Say why. Both sides read it."), field="reasons"),
        Refusal("no_wording", say("Write the wording you propose."), field="wording")
        if proposal == Proposal.WORDING and not wording.strip()
        else None,
        Refusal("wording_alone", say("Wording goes with that proposal alone."), field="wording")
        if proposal != Proposal.WORDING and wording.strip()
        else None,
        Refusal("no_date", say("Say from which date."), field="until")
        if later and until is None
        else None,
        Refusal("date_alone", say("A date goes with that proposal alone."), field="until")
        if not later and until is not None
        else None,
        Refusal("past", say("The date must lie ahead."), field="until")
        if until is not None and until <= now()
        else None,
        Refusal(
            "too_long",
            say(
                "A passage may be put off until {longest:%-d %B %Y} at the latest.",
                longest=work.program.last_day(longest),
            ),
            rule=str(terms.policy_of(work.fellowship)),
            field="until",
        )
        if until is not None and until > longest
        else None,
    )


def may_say(objection: Objection, mediation: Mediation, by: User) -> Refusal | None:
    """Why `by` may not say whether they take the proposal: each of the two sides does, once."""
    side = side_of(objection, by)
    said = getattr(mediation, f"{side}_takes", None) if side else None
    return first(
        None
        if side
        else Refusal("not_yours", say("The author and whoever objected answer a proposal.")),
        step_runs(objection),
        None
        if objection.state == ObjectionState.PROPOSED
        else Refusal("no_proposal", say("There is no proposal to answer.")),
        Refusal("said_already", say("You have answered this proposal."))
        if said is not None
        else None,
    )


def side_of(objection: Objection, person: User) -> str:
    """`author` or `reviewer`, the side on which the person stands; empty for others."""
    if person.pk == objection.publication.fellowship.fellow_id:
        return "author"
    return "reviewer" if person.pk in (objection.raised_by_id, objection.owner_id) else ""


def _proposal_first(objection: Objection, verb: str) -> Refusal | None:
    """On a proposal both sides answer; the other verbs rest until then."""
    if objection.state != ObjectionState.PROPOSED:
        return None
    said = say("A mediator has made a proposal: say whether you take it.")
    return Refusal("proposal_first", said)


def _apart(said: str) -> Refusal:
    return Refusal(
        "separation",
        said,
        rule=say("a mediator has no part in the case"),
        field="mediator",
    )
