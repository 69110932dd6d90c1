"""A refusal: why something may not be done now, said once for button, page and API alike."""

from __future__ import annotations

from dataclasses import dataclass


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


def first(*refusals: Refusal | None) -> Refusal | None:
    """The first refusal among several checks, in the order a person should hear them."""
    return next((refusal for refusal in refusals if refusal is not None), None)
