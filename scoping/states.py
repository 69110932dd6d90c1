"""The lifecycles of a fellowship, its scope of work, its milestones and its talent steps."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say
from fellowship.programs.states import TalentPath as TalentPath  # noqa: PLC0414 - our callers
from fellowship.programs.states import Tier as Tier  # noqa: PLC0414 - name them here


class FellowshipState(models.TextChoices):
    """The stage a fellowship is in: the programme's eight without recruiting, and the end."""

    SCOPE = "scope", say("Scope")
    ACCESS = "access", say("Access")
    RESEARCH = "research", say("Research")
    REVIEW = "review", say("Review")
    TRANSLATE = "translate", say("Translate")
    PUBLISH = "publish", say("Publish")
    CLOSE_OUT = "close_out", say("Close out")
    CLOSED = "closed", say("Closed")


ORDER: Final[tuple[str, ...]] = tuple(FellowshipState.values)
WORKING: Final[tuple[str, ...]] = ORDER[: ORDER.index(FellowshipState.CLOSE_OUT)]
"""Stages in which the fellow still works; access is possible in these alone."""

FELLOWSHIP_MOVES = MoveTable(
    name=say("fellowship"),
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
        **{s: say("at “{label}”", label=FellowshipState(s).label) for s in ORDER[:-1]},
        **{
            f"enter_{s}": say("moved to “{label}”", label=FellowshipState(s).label)
            for s in ORDER[:-1]
        },
        "enter_closed": say("closed"),
    },
)


class ScopeState(models.TextChoices):
    """Where one version of a scope of work stands."""

    DRAFT = "draft", say("Draft")
    WITH_BOARD = "with_board", say("With the board")
    OFFERED = "offered", say("Offered for signature")
    SIGNED = "signed", say("Signed")
    SUPERSEDED = "superseded", say("Superseded")
    LAPSED = "lapsed", say("Lapsed")
    WITHDRAWN = "withdrawn", say("Withdrawn")


class Route(models.TextChoices):
    """How a version comes into force: it follows from what it changes."""

    FIRST = "first", say("Both sides sign")
    AT_ONCE = "at_once", say("At once: it only allows less")
    SIGNATURES = "signatures", say("Both sides sign, the named approver for the company")
    BOARD = "board", say("The board decides, then both sides sign")


PENDING: Final = (ScopeState.DRAFT, ScopeState.WITH_BOARD, ScopeState.OFFERED)
"""States of a version on its way; a fellowship has at most one such."""

SCOPE_MOVES = MoveTable(
    name=say("scope of work"),
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
        "offer": say("offered for signature"),
        "return": say("returned for changes"),
        "lapse": say("left to lapse"),
        "narrow": say("put in force at once"),
    },
)


class MilestoneState(models.TextChoices):
    """Where a milestone stands. Whether it is late is derived from its date."""

    PLANNED = "planned", say("Planned")
    DELIVERED = "delivered", say("Delivered")
    ACCEPTED = "accepted", say("Accepted")
    EXCEPTED = "excepted", say("Excepted")


MILESTONE_MOVES = MoveTable(
    name=say("milestone"),
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
        "except": say("covered by an exception"),
    },
)


class CheckpointOutcome(models.TextChoices):
    """What a review checkpoint decided about the work."""

    CONTINUE = "continue", say("Continue")
    CHANGES = "changes", say("Continue with changes")
    STOP = "stop", say("Stop and escalate")


class TalentState(models.TextChoices):
    """Where a step on the talent path stands."""

    PROPOSED = "proposed", say("Proposed")
    OFFERED = "offered", say("Offered to the fellow")
    AGREED = "agreed", say("Agreed")
    DECLINED = "declined", say("Declined")


WAITING: Final = (TalentState.PROPOSED, TalentState.OFFERED)
"""States of a step that somebody has still to answer; a fellowship has at most one such."""


TALENT_MOVES = MoveTable(
    name=say("talent step"),
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
        "offer": say("offered to the fellow"),
        "agree": say("agreed to"),
    },
)


class Side(models.TextChoices):
    """The two sides of a scope of work."""

    COMPANY = "company", say("The company")
    FELLOW = "fellow", say("The fellow")


class Operation(models.TextChoices):
    """What may be done with a dataset. Everything not named in a signed scope is not allowed."""

    VIEW = "view", say("Look at records")
    QUERY = "query", say("Query")
    RUN_CODE = "run_code", say("Run code on it")
    NOTEBOOK = "notebook", say("Copy into notebooks")
    MODEL_CALL = "model_call", say("Send to a model")
    TRAIN = "train", say("Use in model weights")
    SHARE = "share", say("Share with named collaborators")
    EXPORT = "export", say("Export from the environment")
    DOWNLOAD = "download", say("Download outputs")
    PUBLISH = "publish", say("Publish its records")


class Environment(models.TextChoices):
    """Where the work is done, from the most to the least enclosed."""

    CONTROLLED = "controlled", say("The company's controlled environment only")
    COMPANY = "company", say("The company's research environment")
    OWN = "own", say("The fellow's own equipment")

    @property
    def rank(self) -> int:
        """0 for the most enclosed."""
        return list(Environment).index(self)


class Credit(models.TextChoices):
    """The fourteen contributor roles of CRediT (ANSI/NISO Z39.104-2022)."""

    CONCEPTUALIZATION = "conceptualization", say("Conceptualization")
    DATA_CURATION = "data-curation", say("Data curation")
    FORMAL_ANALYSIS = "formal-analysis", say("Formal analysis")
    FUNDING = "funding-acquisition", say("Funding acquisition")
    INVESTIGATION = "investigation", say("Investigation")
    METHODOLOGY = "methodology", say("Methodology")
    ADMINISTRATION = "project-administration", say("Project administration")
    RESOURCES = "resources", say("Resources")
    SOFTWARE = "software", say("Software")
    SUPERVISION = "supervision", say("Supervision")
    VALIDATION = "validation", say("Validation")
    VISUALIZATION = "visualization", say("Visualization")
    ORIGINAL_DRAFT = "writing-original-draft", say("Writing – original draft")
    EDITING = "writing-review-editing", say("Writing – review & editing")


class TrainingKind(models.TextChoices):
    """What a fellow must know before access."""

    SECURITY = "security", say("Security expectations")
    INCIDENTS = "incidents", say("Incidents, exceptions and publication requests")
