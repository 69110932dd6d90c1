"""The API of the board, its decisions, exceptions, escalations and rules."""

from __future__ import annotations

from fellowship.web.api import Router
from governance.api.access_reviews import AccessReviewItemViewSet, AccessReviewViewSet
from governance.api.decision_log import DecisionLogViewSet
from governance.api.decisions import ConditionViewSet, DecisionViewSet
from governance.api.escalations import EscalationViewSet
from governance.api.exceptions import ExceptionViewSet
from governance.api.matters import MatterViewSet
from governance.api.meetings import CadenceViewSet, DeputyViewSet, MeetingViewSet
from governance.api.oncall import (
    OncallAbsenceViewSet,
    OncallOverrideViewSet,
    RotaViewSet,
    WatchViewSet,
)
from governance.api.recusals import RecusalViewSet
from governance.api.reviews import ReplyViewSet, ReviewViewSet
from governance.api.rules import (
    RuleAcknowledgementViewSet,
    RuleAmendmentViewSet,
    RuleCommentViewSet,
    RuleViewSet,
)

router = Router()
router.register("matters", MatterViewSet, basename="matters")
router.register("decisions", DecisionViewSet, basename="decisions")
router.register("decision-log", DecisionLogViewSet, basename="decision-log")
router.register("conditions", ConditionViewSet, basename="conditions")
router.register("replies", ReplyViewSet, basename="replies")
router.register("decision-reviews", ReviewViewSet, basename="decision-reviews")
router.register("exceptions", ExceptionViewSet, basename="exceptions")
router.register("escalations", EscalationViewSet, basename="escalations")
router.register("oncall-rotas", RotaViewSet, basename="oncall-rotas")
router.register("oncall-absences", OncallAbsenceViewSet, basename="oncall-absences")
router.register("oncall-overrides", OncallOverrideViewSet, basename="oncall-overrides")
router.register("oncall-watches", WatchViewSet, basename="oncall-watches")
router.register("meetings", MeetingViewSet, basename="meetings")
router.register("meeting-cadences", CadenceViewSet, basename="meeting-cadences")
router.register("deputies", DeputyViewSet, basename="deputies")
router.register("access-reviews", AccessReviewViewSet, basename="access-reviews")
router.register("access-review-items", AccessReviewItemViewSet, basename="access-review-items")
router.register("recusals", RecusalViewSet, basename="recusals")
router.register("rules", RuleViewSet, basename="rules")
router.register("rule-amendments", RuleAmendmentViewSet, basename="rule-amendments")
router.register("rule-comments", RuleCommentViewSet, basename="rule-comments")
router.register(
    "rule-acknowledgements", RuleAcknowledgementViewSet, basename="rule-acknowledgements"
)
urlpatterns = router.urls
