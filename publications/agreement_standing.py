"""Where an agreement on authorship stands: everybody's consent; silence changes nothing."""

from __future__ import annotations

from typing import Final

from fellowship.kernel.saying import say
from fellowship.web.standing import Plan, Step
from publications.authorship_states import AGREEMENT_MOVES, AgreementState

S = AgreementState
POLICY: Final = say("Publication policy")
STAYS: Final = say("The agreement stays as it is.")
EVERYBODY: Final = say("Everybody named")
ANY: Final = (say("Any ground, with a reason that everybody named reads"),)
_DECIDES = Step(
    say("The board"),
    say("decides whether the version holds"),
    (say("Authorship in this case alone"),),
    POLICY,
    STAYS,
)

AGREEMENT = Plan(
    AGREEMENT_MOVES,
    holders={
        S.PROPOSED: EVERYBODY,
        S.WITH_MEDIATOR: say("The mediator"),
        S.WITH_BOARD: say("The board"),
        S.IN_FORCE: say("Nobody: it is in force"),
        S.REFUSED: EVERYBODY,
        S.LAPSED: say("Nobody: it lapsed unanswered"),
        S.WITHDRAWN: say("Nobody: it was withdrawn"),
        S.SUPERSEDED: say("Nobody: a later version is in force"),
    },
    silence={
        S.PROPOSED: STAYS,
        S.WITH_MEDIATOR: say("It goes to the board."),
        S.WITH_BOARD: STAYS,
        S.IN_FORCE: say("It stays in force."),
        S.REFUSED: STAYS,
    },
    steps={
        "agree": Step(EVERYBODY, say("consents; with the last consent it is in force")),
        "refuse": Step(say("Anybody named"), say("may refuse, with a reason"), ANY, POLICY, STAYS),
        "lapse": Step(say("The clock"), say("lets it lapse where not everybody has answered")),
        "withdraw": Step(say("Whoever proposed it"), say("may take it back")),
        "mediate": Step(say("Anybody named"), say("may ask the mediator")),
        "return": Step(say("The mediator"), say("gives it back with advice")),
        "refer": Step(say("The mediator, or the clock,"), say("takes it to the board")),
        "adopt": _DECIDES,
        "turn_down": _DECIDES,
        "supersede": Step(EVERYBODY, say("may consent to a later version")),
    },
)
