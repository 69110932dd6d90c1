"""Where an agreement on authorship stands: everybody's consent; silence changes nothing."""

from __future__ import annotations

from typing import Final

from fellowship.web.standing import Plan, Step
from publications.authorship_states import AGREEMENT_MOVES, AgreementState

S = AgreementState
POLICY: Final = "Publication policy"
STAYS: Final = "The agreement stays as it is."
EVERYBODY: Final = "Everybody named"
ANY: Final = ("Any ground, with a reason that everybody named reads",)
_DECIDES = Step(
    "The board",
    "decides whether the version holds",
    ("Authorship in this case alone",),
    POLICY,
    STAYS,
)

AGREEMENT = Plan(
    AGREEMENT_MOVES,
    holders={
        S.PROPOSED: EVERYBODY,
        S.WITH_MEDIATOR: "The mediator",
        S.WITH_BOARD: "The board",
        S.IN_FORCE: "Nobody: it is in force",
        S.REFUSED: EVERYBODY,
        S.LAPSED: "Nobody: it lapsed unanswered",
        S.WITHDRAWN: "Nobody: it was withdrawn",
        S.SUPERSEDED: "Nobody: a later version is in force",
    },
    silence={
        S.PROPOSED: STAYS,
        S.WITH_MEDIATOR: "It goes to the board.",
        S.WITH_BOARD: STAYS,
        S.IN_FORCE: "It stays in force.",
        S.REFUSED: STAYS,
    },
    steps={
        "agree": Step(EVERYBODY, "consents; with the last consent it is in force"),
        "refuse": Step("Anybody named", "may refuse, with a reason", ANY, POLICY, STAYS),
        "lapse": Step("The clock", "lets it lapse where not everybody has answered"),
        "withdraw": Step("Whoever proposed it", "may take it back"),
        "mediate": Step("Anybody named", "may ask the mediator"),
        "return": Step("The mediator", "gives it back with advice"),
        "refer": Step("The mediator, or the clock,", "takes it to the board"),
        "adopt": _DECIDES,
        "turn_down": _DECIDES,
        "supersede": Step(EVERYBODY, "may consent to a later version"),
    },
)
