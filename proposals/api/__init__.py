"""The API of proposals, their panels and their reviewers."""

from __future__ import annotations

from fellowship.web.api import Router
from proposals.api.panel import AssignmentViewSet, DiscussionViewSet, ReviewViewSet
from proposals.api.proposals import EvaluationViewSet, ProposalViewSet
from proposals.api.reviewers import ReviewAbsenceViewSet, ReviewerViewSet, ReviewingViewSet
from proposals.api.suggesting import SuggestionRunViewSet

router = Router()
router.register("proposals", ProposalViewSet, basename="proposals")
router.register("evaluations", EvaluationViewSet, basename="evaluations")
router.register("review-assignments", AssignmentViewSet, basename="review-assignments")
router.register("reviews", ReviewViewSet, basename="reviews")
router.register("discussions", DiscussionViewSet, basename="discussions")
router.register("reviewing", ReviewingViewSet, basename="reviewing")
router.register("review-absences", ReviewAbsenceViewSet, basename="review-absences")
router.register("reviewers", ReviewerViewSet, basename="reviewers")
router.register("review-suggestions", SuggestionRunViewSet, basename="review-suggestions")
urlpatterns = router.urls
