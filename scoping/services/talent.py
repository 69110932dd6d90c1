"""Steps on the talent path: proposed, decided by somebody else, agreed to by the fellow."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import PathStep
from scoping import policy
from scoping.models import Fellowship, TalentStep
from scoping.services.common import locked, managers, signers, tell
from scoping.states import TALENT_MOVES, TalentPath, TalentState


@journal.verb("scoping.propose_talent_step")
def propose_talent_step(
    *, fellowship: Fellowship, step: str, expectations: str, by: User, reason: str = ""
) -> TalentStep:
    """Propose a step with what each side expects. The same proposal again is returned as it is.

    It pins the version of the step's published terms that is in force.
    """
    case = locked(fellowship)
    same = case.talent_steps.filter(
        state=TalentState.PROPOSED, step=step, expectations=expectations.strip()
    ).first()
    if same:
        return unchanged(same, policy.may_propose_talent(case, by))
    refuse(policy.may_propose_talent(case, by))
    refuse(_step(step, expectations))
    terms = PathStep.of(case.program, step)
    refuse(_offered(terms))
    row = TalentStep.objects.create(
        fellowship=case,
        step=step,
        expectations=expectations.strip(),
        terms_version=terms.version if terms else None,
        proposed_by=by,
    )
    tell(
        case,
        "talent_proposed",
        signers(case),
        say("a step to decide: {row}", row=row),
        page="talent",
    )
    journal.record(subject=row, change={"step": step, "terms": row.terms_version})
    return row


@journal.verb("scoping.decide_talent_step")
def decide_talent_step(*, step: TalentStep, agree: bool, by: User, reason: str) -> TalentStep:
    """Offer a step to the fellow, or decline it. Decided so already: returned unchanged."""
    row = _locked(step)
    case, verb = row.fellowship, "offer" if agree else "decline"
    if row.decided_at and row.state == TALENT_MOVES.target(TalentState.PROPOSED, verb):
        return unchanged(row, policy.may_decide_talent(row, by, verb))
    refuse(policy.may_decide_talent(row, by, verb))
    refuse(
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why: both read it."), field="reason")
    )
    row.state = TALENT_MOVES.target(row.state, verb)
    row.decided_at, row.decided_by, row.decided_because = now(), by, reason.strip()
    row.save()
    to_fellow = say("is offered to you: agree or decline") if agree else say("is not taken")
    to_us = say("is offered to the fellow") if agree else say("is not taken")
    for people, words in (([case.fellow], to_fellow), (managers(case), to_us)):
        text = say("the step “{row}” {words}", row=row, words=words)
        tell(case, "talent_decided", people, text, body=reason, page="talent")
    journal.record(subject=row, change={"state": row.state})
    return row


@journal.verb("scoping.answer_talent_step")
def answer_talent_step(*, step: TalentStep, agree: bool, by: User, reason: str = "") -> TalentStep:
    """The fellow agrees to the step offered, or declines it. Answered so already: unchanged."""
    row = _locked(step)
    case, verb = row.fellowship, "agree" if agree else "decline"
    if row.answered_at and row.state == TALENT_MOVES.target(TalentState.OFFERED, verb):
        return unchanged(row, policy.may_answer_talent(row, by, verb))
    refuse(policy.may_answer_talent(row, by, verb))
    row.state = TALENT_MOVES.target(row.state, verb)
    row.answered_at, row.answer = now(), reason.strip()
    row.save()
    people = {person.pk: person for person in (*signers(case), *managers(case))}
    text = (
        say("{fellow} agreed to the step “{row}”", fellow=case.fellow, row=row)
        if agree
        else say("{fellow} declined the step “{row}”", fellow=case.fellow, row=row)
    )
    tell(case, "talent_answered", people.values(), text, body=row.answer, page="talent")
    journal.record(subject=row, change={"state": row.state})
    return row


def _locked(step: TalentStep) -> TalentStep:
    case = locked(Fellowship(pk=step.fellowship_id))
    row = TalentStep.objects.locked().get(pk=step.pk)
    row.fellowship = case
    return row


def _step(step: str, expectations: str) -> Refusal | None:
    if step not in TalentPath.values:
        return Refusal("unknown_step", say("Choose one of the listed steps."), field="step")
    if not expectations.strip():
        return Refusal(
            "no_expectations", say("Write what each side expects."), field="expectations"
        )
    return None


def _offered(terms: PathStep | None) -> Refusal | None:
    if terms is None or terms.retired_at is None:
        return None
    return Refusal("retired", say("The programme offers this step no more."), field="step")
