"""The lifecycles of a fellowship, its scope of work, its milestones and its talent steps."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.programs.states import TalentPath as TalentPath  # noqa: PLC0414 - our callers
from fellowship.programs.states import Tier as Tier  # noqa: PLC0414 - name them here


class FellowshipState(models.TextChoices):
    """The stage a fellowship is in: the programme's eight without recruiting, and the end."""

    SCOPE = "scope", "Scope"
    ACCESS = "access", "Access"
    RESEARCH = "research", "Research"
    REVIEW = "review", "Review"
    TRANSLATE = "translate", "Translate"
    PUBLISH = "publish", "Publish"
    CLOSE_OUT = "close_out", "Close out"
    CLOSED = "closed", "Closed"


ORDER: Final[tuple[str, ...]] = tuple(FellowshipState.values)
WORKING: Final[tuple[str, ...]] = ORDER[: ORDER.index(FellowshipState.CLOSE_OUT)]
"""Stages in which the fellow still works; access is possible in these alone."""

FELLOWSHIP_MOVES = MoveTable(
    name="fellowship",
    initial=FellowshipState.SCOPE,
    moves=(
        # Forward only. A stage may be skipped, save that closing follows close-out.
        *(
            Move(f"enter_{target}", source, target)
            for i, source in enumerate(ORDER[:-1])
            for target in ORDER[i + 1 : -1]
        ),
        Move("enter_closed", FellowshipState.CLOSE_OUT, FellowshipState.CLOSED),
    ),
    holders={
        FellowshipState.SCOPE: Holder.US,
        FellowshipState.ACCESS: Holder.US,
        FellowshipState.RESEARCH: Holder.YOU,
        FellowshipState.REVIEW: Holder.US,
        FellowshipState.TRANSLATE: Holder.US,
        FellowshipState.PUBLISH: Holder.YOU,
        FellowshipState.CLOSE_OUT: Holder.US,
        FellowshipState.CLOSED: Holder.NOBODY,
    },
    labels=dict(FellowshipState.choices),
    said={
        **{s: f"at “{FellowshipState(s).label}”" for s in ORDER[:-1]},
        **{f"enter_{s}": f"moved to “{FellowshipState(s).label}”" for s in ORDER[:-1]},
        "enter_closed": "closed",
    },
)


class ScopeState(models.TextChoices):
    """Where one version of a scope of work stands."""

    DRAFT = "draft", "Draft"
    WITH_BOARD = "with_board", "With the board"
    OFFERED = "offered", "Offered for signature"
    SIGNED = "signed", "Signed"
    SUPERSEDED = "superseded", "Superseded"
    LAPSED = "lapsed", "Lapsed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Route(models.TextChoices):
    """How a version comes into force: it follows from what it changes."""

    FIRST = "first", "Both sides sign"
    AT_ONCE = "at_once", "At once: it only allows less"
    SIGNATURES = "signatures", "Both sides sign, the named approver for the company"
    BOARD = "board", "The board decides, then both sides sign"


PENDING: Final = (ScopeState.DRAFT, ScopeState.WITH_BOARD, ScopeState.OFFERED)
"""States of a version on its way; a fellowship has at most one such."""

SCOPE_MOVES = MoveTable(
    name="scope of work",
    initial=ScopeState.DRAFT,
    moves=(
        Move("offer", ScopeState.DRAFT, ScopeState.OFFERED),
        Move("refer", ScopeState.DRAFT, ScopeState.WITH_BOARD),
        Move("narrow", ScopeState.DRAFT, ScopeState.SIGNED),
        Move("withdraw", ScopeState.DRAFT, ScopeState.WITHDRAWN),
        Move("approve", ScopeState.WITH_BOARD, ScopeState.OFFERED),
        Move("return", ScopeState.WITH_BOARD, ScopeState.DRAFT),
        Move("deny", ScopeState.WITH_BOARD, ScopeState.WITHDRAWN),
        Move("sign", ScopeState.OFFERED, ScopeState.SIGNED),
        Move("lapse", ScopeState.OFFERED, ScopeState.LAPSED),
        Move("withdraw", ScopeState.OFFERED, ScopeState.WITHDRAWN),
        Move("supersede", ScopeState.SIGNED, ScopeState.SUPERSEDED),
    ),
    holders={
        ScopeState.DRAFT: Holder.US,
        ScopeState.WITH_BOARD: Holder.BOARD,
        ScopeState.OFFERED: Holder.YOU,
        ScopeState.SIGNED: Holder.NOBODY,
        ScopeState.SUPERSEDED: Holder.NOBODY,
        ScopeState.LAPSED: Holder.NOBODY,
        ScopeState.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(ScopeState.choices),
    said={
        "offer": "offered for signature",
        "return": "returned for changes",
        "lapse": "left to lapse",
        "narrow": "put in force at once",
    },
)


class MilestoneState(models.TextChoices):
    """Where a milestone stands. Whether it is late is derived from its date."""

    PLANNED = "planned", "Planned"
    DELIVERED = "delivered", "Delivered"
    ACCEPTED = "accepted", "Accepted"
    EXCEPTED = "excepted", "Excepted"


MILESTONE_MOVES = MoveTable(
    name="milestone",
    initial=MilestoneState.PLANNED,
    moves=(
        Move("deliver", MilestoneState.PLANNED, MilestoneState.DELIVERED),
        Move("except", MilestoneState.PLANNED, MilestoneState.EXCEPTED),
        Move("accept", MilestoneState.DELIVERED, MilestoneState.ACCEPTED),
        Move("return", MilestoneState.DELIVERED, MilestoneState.PLANNED),
    ),
    holders={
        MilestoneState.PLANNED: Holder.YOU,
        MilestoneState.DELIVERED: Holder.US,
        MilestoneState.ACCEPTED: Holder.NOBODY,
        MilestoneState.EXCEPTED: Holder.NOBODY,
    },
    labels=dict(MilestoneState.choices),
    said={
        "except": "covered by an exception",
    },
)


class CheckpointOutcome(models.TextChoices):
    """What a review checkpoint decided about the work."""

    CONTINUE = "continue", "Continue"
    CHANGES = "changes", "Continue with changes"
    STOP = "stop", "Stop and escalate"


class TalentState(models.TextChoices):
    """Where a step on the talent path stands."""

    PROPOSED = "proposed", "Proposed"
    OFFERED = "offered", "Offered to the fellow"
    AGREED = "agreed", "Agreed"
    DECLINED = "declined", "Declined"


WAITING: Final = (TalentState.PROPOSED, TalentState.OFFERED)
"""States of a step that somebody has still to answer; a fellowship has at most one such."""


TALENT_MOVES = MoveTable(
    name="talent step",
    initial=TalentState.PROPOSED,
    moves=(
        Move("offer", TalentState.PROPOSED, TalentState.OFFERED),
        Move("decline", TalentState.PROPOSED, TalentState.DECLINED),
        Move("agree", TalentState.OFFERED, TalentState.AGREED),
        Move("decline", TalentState.OFFERED, TalentState.DECLINED),
    ),
    holders={
        TalentState.PROPOSED: Holder.US,
        TalentState.OFFERED: Holder.YOU,
        TalentState.AGREED: Holder.NOBODY,
        TalentState.DECLINED: Holder.NOBODY,
    },
    labels=dict(TalentState.choices),
    said={
        "offer": "offered to the fellow",
        "agree": "agreed to",
    },
)


class Side(models.TextChoices):
    """The two sides of a scope of work."""

    COMPANY = "company", "The company"
    FELLOW = "fellow", "The fellow"


class Operation(models.TextChoices):
    """What may be done with a dataset. Everything not named in a signed scope is not allowed."""

    VIEW = "view", "Look at records"
    QUERY = "query", "Query"
    RUN_CODE = "run_code", "Run code on it"
    NOTEBOOK = "notebook", "Copy into notebooks"
    MODEL_CALL = "model_call", "Send to a model"
    TRAIN = "train", "Use in model weights"
    SHARE = "share", "Share with named collaborators"
    EXPORT = "export", "Export from the environment"
    DOWNLOAD = "download", "Download outputs"
    PUBLISH = "publish", "Publish its records"


class Environment(models.TextChoices):
    """Where the work is done, from the most to the least enclosed."""

    CONTROLLED = "controlled", "The company's controlled environment only"
    COMPANY = "company", "The company's research environment"
    OWN = "own", "The fellow's own equipment"

    @property
    def rank(self) -> int:
        """0 for the most enclosed."""
        return list(Environment).index(self)


class Credit(models.TextChoices):
    """The fourteen contributor roles of CRediT (ANSI/NISO Z39.104-2022)."""

    CONCEPTUALIZATION = "conceptualization", "Conceptualization"
    DATA_CURATION = "data-curation", "Data curation"
    FORMAL_ANALYSIS = "formal-analysis", "Formal analysis"
    FUNDING = "funding-acquisition", "Funding acquisition"
    INVESTIGATION = "investigation", "Investigation"
    METHODOLOGY = "methodology", "Methodology"
    ADMINISTRATION = "project-administration", "Project administration"
    RESOURCES = "resources", "Resources"
    SOFTWARE = "software", "Software"
    SUPERVISION = "supervision", "Supervision"
    VALIDATION = "validation", "Validation"
    VISUALIZATION = "visualization", "Visualization"
    ORIGINAL_DRAFT = "writing-original-draft", "Writing – original draft"
    EDITING = "writing-review-editing", "Writing – review & editing"


class TrainingKind(models.TextChoices):
    """What a fellow must know before access."""

    SECURITY = "security", "Security expectations"
    INCIDENTS = "incidents", "Incidents, exceptions and publication requests"
