"""Fellowships, their scopes of work, their work and their people over the API."""

from __future__ import annotations

from fellowship.web.api import Router
from scoping.api.collaborators import CollaboratorViewSet
from scoping.api.people import (
    ContributionViewSet,
    MentorshipViewSet,
    TalentStepViewSet,
    TrainingViewSet,
)
from scoping.api.scopes import FellowshipViewSet, ScopeViewSet
from scoping.api.work import CheckInViewSet, MilestoneViewSet

router = Router()
router.register("fellowships", FellowshipViewSet, basename="fellowships")
router.register("scopes", ScopeViewSet, basename="scopes")
router.register("collaborators", CollaboratorViewSet, basename="collaborators")
router.register("milestones", MilestoneViewSet, basename="milestones")
router.register("check-ins", CheckInViewSet, basename="check-ins")
router.register("mentorships", MentorshipViewSet, basename="mentorships")
router.register("trainings", TrainingViewSet, basename="trainings")
router.register("talent-steps", TalentStepViewSet, basename="talent-steps")
router.register("contributions", ContributionViewSet, basename="contributions")
urlpatterns = router.urls
