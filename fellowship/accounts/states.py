"""The moves of an override: how a recusal is set aside, and how it counts again."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class OverrideState(models.TextChoices):
    """Where an override of a recusal stands."""

    REQUESTED = "requested", say("Asked for")
    IN_FORCE = "in_force", say("In force")
    DECLINED = "declined", say("Declined")
    REVOKED = "revoked", say("Revoked")


S = OverrideState
OVERRIDE_MOVES: Final = MoveTable(
    name=say("override of a recusal"),
    initial=S.REQUESTED,
    moves=(
        Move("approve", S.REQUESTED, S.IN_FORCE),
        Move("decline", S.REQUESTED, S.DECLINED),
        Move("revoke", S.IN_FORCE, S.REVOKED),
    ),
    holders={
        S.REQUESTED: Holder.US,
        S.IN_FORCE: Holder.NOBODY,
        S.DECLINED: Holder.NOBODY,
        S.REVOKED: Holder.NOBODY,
    },
    labels=dict(S.choices),
)
