"""The step an objection is on, in words: with whom it is, until when, and what silence means."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fellowship.kernel.saying import joined, say
from publications.models import Mediation, Objection
from publications.states import ObjectionState

SILENCE = {
    ObjectionState.OPEN: say("the passage is treated as the objection asks"),
    ObjectionState.REWORDED: say("the author’s wording stands"),
    ObjectionState.CONTESTED: say("the passage goes to the board"),
    ObjectionState.PROPOSED: say("who stays silent takes the proposal"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder as it stands."""

    holder: str
    due: dt.datetime | None
    silence: str
    over: bool = False


def step_of(objection: Objection, mediation: Mediation | None, at: dt.datetime) -> Step | None:
    """The step it is on; None once it is settled."""
    state = ObjectionState(objection.effective_state(at))
    case = objection.publication.fellowship
    if state == ObjectionState.WITH_BOARD:
        return Step(say("the board"), None, say("The board’s own clock runs"))
    if state not in SILENCE:
        return None
    named = mediation.mediator if mediation else None
    holder = {
        ObjectionState.OPEN: str(case.fellow),
        ObjectionState.REWORDED: str(objection.owner),
        ObjectionState.CONTESTED: say("{named}, who mediates", named=named)
        if named
        else say("the programme manager, who names a mediator"),
        ObjectionState.PROPOSED: _unsaid(objection, mediation),
    }[state]
    return Step(holder, objection.step_due_at, SILENCE[state])


def _unsaid(objection: Objection, mediation: Mediation | None) -> str:
    """The sides that have not answered the proposal."""
    sides = []
    if mediation is None or mediation.author_takes is None:
        sides.append(str(objection.publication.fellowship.fellow))
    if mediation is None or mediation.reviewer_takes is None:
        sides.append(str(objection.owner))
    return joined(say(" and "), sides)
