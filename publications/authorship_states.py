"""The lifecycle of an agreement on authorship, and its closed lists."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class AgreementState(models.TextChoices):
    """Where a version stands. A proposal whose time is over has lapsed, recorded or not."""

    PROPOSED = "proposed", say("Proposed")
    WITH_MEDIATOR = "with_mediator", say("With the mediator")
    WITH_BOARD = "with_board", say("With the board")
    IN_FORCE = "in_force", say("In force")
    REFUSED = "refused", say("Refused")
    LAPSED = "lapsed", say("Lapsed")
    WITHDRAWN = "withdrawn", say("Withdrawn")
    SUPERSEDED = "superseded", say("Superseded")


S = AgreementState
AGREEMENT_MOVES = MoveTable(
    name=say("authorship agreement"),
    initial=S.PROPOSED,
    moves=(
        Move("agree", S.PROPOSED, S.IN_FORCE),
        Move("refuse", S.PROPOSED, S.REFUSED),
        Move("lapse", S.PROPOSED, S.LAPSED),
        Move("withdraw", S.PROPOSED, S.WITHDRAWN),
        Move("mediate", S.REFUSED, S.WITH_MEDIATOR),
        Move("return", S.WITH_MEDIATOR, S.PROPOSED),
        Move("refer", S.WITH_MEDIATOR, S.WITH_BOARD),
        Move("adopt", S.WITH_BOARD, S.IN_FORCE),
        Move("turn_down", S.WITH_BOARD, S.REFUSED),
        Move("supersede", S.IN_FORCE, S.SUPERSEDED),
    ),
    holders={
        S.PROPOSED: Holder.YOU,
        S.WITH_MEDIATOR: Holder.US,
        S.WITH_BOARD: Holder.BOARD,
        S.IN_FORCE: Holder.NOBODY,
        S.REFUSED: Holder.YOU,
        S.LAPSED: Holder.NOBODY,
        S.WITHDRAWN: Holder.NOBODY,
        S.SUPERSEDED: Holder.NOBODY,
    },
    labels=dict(AgreementState.choices),
    said={
        "agree": say("agreed to by all"),
        "lapse": say("left to lapse"),
        "mediate": say("given to the mediator"),
        "return": say("given back to those named"),
        "refer": say("referred to the board"),
        "turn_down": say("turned down"),
        "supersede": say("superseded"),
    },
)
OPEN = (S.PROPOSED, S.WITH_MEDIATOR, S.WITH_BOARD)
"""Versions on their way: a fellowship has one at most."""


class Side(models.TextChoices):
    """On whose side a person named works."""

    FELLOW = "fellow", say("Fellow")
    COLLABORATOR = "collaborator", say("Collaborator")
    COMPANY = "company", say("Company")


class Answer(models.TextChoices):
    """What a person named said to a version."""

    CONSENTED = "consented", say("Consents")
    REFUSED = "refused", say("Refuses")
