"""Programmes and what they offer: cohorts, tracks, fellowship models, output types and calls."""

from fellowship.programs.models.call import Call, CallQuerySet
from fellowship.programs.models.offers import (
    FellowshipModel,
    Offer,
    OutputType,
    PathStep,
    StageStandard,
    Track,
    Versioned,
)
from fellowship.programs.models.program import (
    ChecklistItem,
    Cohort,
    Program,
    ProgramQuerySet,
)

__all__ = [
    "Call",
    "CallQuerySet",
    "ChecklistItem",
    "Cohort",
    "FellowshipModel",
    "Offer",
    "OutputType",
    "PathStep",
    "Program",
    "ProgramQuerySet",
    "StageStandard",
    "Track",
    "Versioned",
]
