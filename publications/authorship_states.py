"""The lifecycle of an agreement on authorship, and its closed lists."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable


class AgreementState(models.TextChoices):
    """Where a version stands. A proposal whose time is over has lapsed, recorded or not."""

    PROPOSED = "proposed", "Proposed"
    WITH_MEDIATOR = "with_mediator", "With the mediator"
    WITH_BOARD = "with_board", "With the board"
    IN_FORCE = "in_force", "In force"
    REFUSED = "refused", "Refused"
    LAPSED = "lapsed", "Lapsed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SUPERSEDED = "superseded", "Superseded"


S = AgreementState
AGREEMENT_MOVES = MoveTable(
    name="authorship agreement",
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
        "agree": "agreed to by all",
        "lapse": "left to lapse",
        "mediate": "given to the mediator",
        "return": "given back to those named",
        "refer": "referred to the board",
        "turn_down": "turned down",
        "supersede": "superseded",
    },
)
OPEN = (S.PROPOSED, S.WITH_MEDIATOR, S.WITH_BOARD)
"""Versions on their way: a fellowship has one at most."""


class Side(models.TextChoices):
    """On whose side a person named works."""

    FELLOW = "fellow", "Fellow"
    COLLABORATOR = "collaborator", "Collaborator"
    COMPANY = "company", "Company"


class Answer(models.TextChoices):
    """What a person named said to a version."""

    CONSENTED = "consented", "Consents"
    REFUSED = "refused", "Refuses"
