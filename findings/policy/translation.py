"""Who may classify a finding, contest a suggestion, answer a contest, and change the matrix."""

from __future__ import annotations

from collections.abc import Collection

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from findings.change_states import CONTEST_MOVES, CONTEST_VERBS, ContestState
from findings.models import Contest, Finding
from findings.policy.findings import RULE, _not_recused, may_triage
from findings.states import ControlType, Family, FindingClass

MATRIX = say("translation matrix")


def may_classify(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not say what the finding is about: who disposes of it does, while it is open."""
    return first(
        may_triage(finding, by),
        Refusal("closed", say("This finding is closed; what it is about stays as it is."))
        if finding.state == "closed"
        else None,
    )


def may_contest(program: int, finding: Finding | None, by: Actor) -> Refusal | None:
    """Why `by` may not contest a suggestion: product teams do."""
    return first(
        None
        if isinstance(by, System) or has_role(by, program, roles.PRODUCT_OWNER)
        else Refusal("wrong_role", say("A product owner contests a suggestion."), rule=MATRIX),
        _not_recused(finding, by) if finding else None,
    )


def may_answer(contest: Contest, by: Actor) -> Refusal | None:
    """Why `by` may not answer: the programme manager does, never who contested it."""
    return first(
        None
        if isinstance(by, System) or has_role(by, contest.program_id, roles.MANAGER)
        else Refusal("wrong_role", say("The programme manager answers a contest."), rule=MATRIX),
        Refusal("separation", say("Who contested a suggestion does not answer it."), rule=RULE)
        if by == contest.raised_by
        else None,
        _not_recused(contest.finding, by) if contest.finding else None,
        None
        if contest.state == ContestState.OPEN
        else Refusal(
            "answered", say("It was answered: {state}.", state=contest.get_state_display().lower())
        ),
    )


def may_take_back(contest: Contest, by: Actor) -> Refusal | None:
    """Why `by` may not take the contest back: only who raised it may, until it is answered."""
    return first(
        None
        if by == contest.raised_by
        else Refusal("not_yours", say("Only who contested the suggestion takes that back.")),
        CONTEST_MOVES.refusal(contest.state, "take_back"),
    )


def may_change_matrix(program: int, by: Actor) -> Refusal | None:
    """Why `by` may not change what is suggested."""
    if isinstance(by, System) or has_role(by, program, roles.MANAGER):
        return None
    return Refusal("wrong_role", say("The programme manager changes the matrix."), rule=MATRIX)


def names_a_class(finding_class: str) -> Refusal | None:
    """Why the class is refused: it is one of a closed list."""
    if finding_class in FindingClass.values:
        return None
    return Refusal("unknown_class", say("Choose one of the listed classes."), field="finding_class")


def names_a_cell(family: str, control_type: str, prefix: str = "") -> Refusal | None:
    """Why the cell is refused: family and kind are of closed lists."""
    if family not in Family.values:
        return Refusal("unknown_family", say("Choose a family."), field=f"{prefix}family")
    if control_type not in ControlType.values:
        field = f"{prefix}type" if prefix else "control_type"
        return Refusal("unknown_type", say("Choose a kind of control."), field=field)
    return None


def is_suggested(
    suggested: Collection[tuple[str, str]], family: str, control_type: str
) -> Refusal | None:
    """Why the cell cannot be contested: nobody suggests it."""
    if (family, control_type) in suggested:
        return None
    return Refusal("not_suggested", say("This is not suggested, so there is nothing to contest."))


def answers(
    contest: Contest, outcome: str, answer: str, instead: tuple[str, str]
) -> Refusal | None:
    """Why an answer is refused: an outcome, its reason, and what is suggested instead, if so."""
    if outcome not in CONTEST_VERBS:
        return Refusal("no_outcome", say("Say what becomes of the suggestion."), field="outcome")
    if not answer.strip():
        return Refusal("no_answer", say("Say why: both sides read it."), field="answer")
    if outcome != ContestState.REPLACED:
        return None
    if instead == (contest.family, contest.control_type):
        return Refusal("same_cell", say("That is what was contested."), field="instead_type")
    return names_a_cell(*instead, prefix="instead_")
