"""What the keys of the board's events are called on pages."""

from __future__ import annotations

from typing import Final

from fellowship.accounts.roles import Seat
from fellowship.accounts.states import OverrideState
from fellowship.kernel.saying import say
from fellowship.web import verbs
from governance import kinds
from governance.review_states import ReviewGround, ReviewState
from governance.states import (
    ConditionState,
    EscalationKind,
    EscalationState,
    ExceptionKind,
    ExceptionState,
    MatterState,
    Outcome,
    Position,
    RuleKind,
    RuleStatus,
    Severity,
    Standing,
)

Pairs = tuple[tuple[str, str], ...]

_STATES: Final[Pairs] = (
    *ConditionState.choices,
    *EscalationState.choices,
    *ExceptionState.choices,
    *MatterState.choices,
    *ReviewState.choices,
    *OverrideState.choices,
)
VALUES: Final[dict[str, Pairs]] = {
    "governance.ground": tuple(ReviewGround.choices),
    "governance.kind": (*ExceptionKind.choices, *EscalationKind.choices),
    "governance.positions": tuple(Position.choices),
    "governance.rules": tuple(RuleKind.choices),
    "governance.seats": (*Seat.choices, *Standing.choices),
    "governance.severity": tuple(Severity.choices),
    "governance.state": _STATES,
    "governance.status": tuple(RuleStatus.choices),
    "outcome": tuple(Outcome.choices),
}


def register() -> None:
    """Name them; the kinds of matter as they are registered, by then or later."""
    verbs.register_values(VALUES)
    verbs.register_words("governance.kind", _matter)
    verbs.register_fields(
        {
            "governance.amend_exception.after": say("text after (SHA-256)"),
            "governance.amend_exception.before": say("text before (SHA-256)"),
            "governance.dossier": say("dossier (SHA-256)"),
            "governance.text": say("text (SHA-256)"),
            "governance.positions": say("votes"),
            "governance.revision": say("revision (SHA-256)"),
            "governance.rules": say("versions of the rules"),
        }
    )


def _matter(key: str) -> str | None:
    found = kinds.registered().get(key)
    return found.label if found else None
