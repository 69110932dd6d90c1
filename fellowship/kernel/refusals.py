"""A refusal: why something may not be done now, said once for button, page and API alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")

FORBIDDEN: Final = ("not_allowed", "wrong_role", "not_yours", "separation")
"""How codes begin that refuse the person, whatever the state of the case."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a verb is refused.

    `code` is stable and machine-readable, `reason` a sentence a person can act on, `rule` the
    policy it rests on, `clause` the part of an agreement that decided, `field` the input it
    concerns.
    """

    code: str
    reason: str
    rule: str = ""
    field: str = ""
    clause: str = ""

    def __str__(self) -> str:
        return self.reason

    @property
    def personal(self) -> bool:
        """Whether it is the person who may not; else it is the state of things that forbids it."""
        return self.code.startswith(FORBIDDEN)


class Refused(Exception):
    """Raised by a service when its policy refuses; carries the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class Missing(Exception):
    """The object does not exist for this person. Pages and API answer 404 and say nothing more."""


def refuse(refusal: Refusal | None) -> None:
    """Raise `Refused` where there is a refusal."""
    if refusal is not None:
        raise Refused(refusal)


def said_by(error: Exception) -> str:
    """The text of an error, to be said in the language of who reads it: `str` says it at once."""
    text = error.args[0] if error.args else ""
    return text if isinstance(text, str) else str(error)


def unchanged(value: T, refusal: Refusal | None) -> T:
    """`value`, of which what a verb is for is done already.

    Raises `Refused` for a person who might not have done it: authority comes before state.
    """
    if refusal is not None and refusal.personal:
        raise Refused(refusal)
    return value


def first(*refusals: Refusal | None) -> Refusal | None:
    """The first refusal among several checks, in the order a person should hear them."""
    return next((refusal for refusal in refusals if refusal is not None), None)
