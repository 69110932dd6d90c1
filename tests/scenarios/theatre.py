"""A board of which one member approves everything unread, made as boards are: through services."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from fellowship.kernel.time import frozen, now
from governance import services
from governance.models import ExceptionRecord, Matter
from tests.scenarios.governance import requested_exception

if TYPE_CHECKING:
    from tests.scenarios.world import World

BEGUN = dt.timedelta(days=28)
"""How long ago the world must have been made."""
DECISIONS = 10
HASTE = dt.timedelta(seconds=5)
READING = dt.timedelta(minutes=10)
DENIES = {
    "board_security": (2, 4),
    "board_research": (0,),
    "board_policy": (2,),
    "board_legal": (4,),
}
"""Who votes no, on which of the decisions."""


def played(world: World) -> list[ExceptionRecord]:
    """Ten decisions within the last weeks, the first some days before the others.

    `board_product` approves each within seconds, without a reason. `board_policy` gives the same
    reason each time, `board_research` one of its own; the others give one only to deny, and
    `board_legal` never opens the first dossier. Ends with a run of five alike.
    """
    today = now()
    made = []
    for number in range(DECISIONS):
        day = BEGUN - dt.timedelta(days=1) if number == 0 else dt.timedelta(days=10)
        at = today - day + number * dt.timedelta(hours=2)
        with frozen(at):
            exception = requested_exception(world, title=f"Exception {number}")
        made.append(exception)
        matter = Matter.objects.live().get(subject_id=exception.pk)
        _vote(world, matter, number, at)
        with frozen(at + dt.timedelta(days=15 if number == 0 else 0, hours=1)):
            services.record_decision(matter=matter, by=world.chair)
    return made


def _vote(world: World, matter: Matter, number: int, at: dt.datetime) -> None:
    reasons = {"board_policy": "Fine.", "board_research": f"Question {number} is bounded."}
    for seat in ("research", "product", "security", "legal", "policy"):
        name = f"board_{seat}"
        if name == "board_legal" and number == 0:
            continue
        denies = number in DENIES.get(name, ())
        reason = reasons.get(name, f"{seat}: not tested in {number}." if denies else "")
        member = world.people[name]
        with frozen(at + READING):
            services.open_dossier(matter=matter, by=member)
        read = HASTE if name == "board_product" else READING
        with frozen(at + READING + read):
            services.cast_vote(
                matter=matter,
                by=member,
                position="deny" if denies else "approve",
                rationale=reason,
            )
