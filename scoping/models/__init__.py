"""Fellowships and what belongs to them."""

from __future__ import annotations

from scoping.models.collaborators import Collaborator
from scoping.models.contributions import Contribution
from scoping.models.fellowship import Fellowship, FellowshipQuerySet, Suspension
from scoping.models.mentoring import Mentorship
from scoping.models.scope import ScopeOfWork, Signature
from scoping.models.talent import TalentStep, Training
from scoping.models.work import CheckIn, Milestone

__all__ = [
    "CheckIn",
    "Collaborator",
    "Contribution",
    "Fellowship",
    "FellowshipQuerySet",
    "Mentorship",
    "Milestone",
    "ScopeOfWork",
    "Signature",
    "Suspension",
    "TalentStep",
    "Training",
]
