"""The API of data access, below `/api/v1/access/`."""

from __future__ import annotations

from django.urls import path

from access.api.activity import CaseActivityViewSet, DatasetActivityViewSet
from access.api.catalogue import ClassificationViewSet, DatasetViewSet
from access.api.decisions import DecisionView, WhyView
from access.api.endings import (
    CaseEndingViewSet,
    DeletionViewSet,
    EscrowOpeningViewSet,
    EscrowViewSet,
)
from access.api.events import EventViewSet
from access.api.records import AgreementViewSet, GrantViewSet, RequestViewSet
from access.api.releases import ReleaseViewSet
from access.api.sources import EventBatchViewSet, SourceIdentityViewSet
from access.api.suspensions import SuspensionViewSet
from access.api.targets import TargetViewSet
from fellowship.web.api import Router

router = Router()
router.register("access/datasets", DatasetViewSet, basename="datasets")
router.register("access/classifications", ClassificationViewSet, basename="classifications")
router.register("access/requests", RequestViewSet, basename="access-requests")
router.register("access/releases", ReleaseViewSet, basename="releases")
router.register("access/targets", TargetViewSet, basename="targets")
router.register("access/agreements", AgreementViewSet, basename="access-agreements")
router.register("access/grants", GrantViewSet, basename="grants")
router.register("access/deletions", DeletionViewSet, basename="access-deletions")
router.register("access/escrow", EscrowViewSet, basename="access-escrow")
router.register("access/escrow-openings", EscrowOpeningViewSet, basename="access-escrow-openings")
router.register("access/endings", CaseEndingViewSet, basename="access-endings")
router.register("access/batches", EventBatchViewSet, basename="access-batches")
router.register("access/names", SourceIdentityViewSet, basename="access-names")
router.register("access/case-activity", CaseActivityViewSet, basename="access-case-activity")
router.register(
    "access/dataset-activity", DatasetActivityViewSet, basename="access-dataset-activity"
)
router.register("access/suspensions", SuspensionViewSet, basename="access-suspensions")

_events = EventViewSet.as_view({"get": "list", "post": "create"})
urlpatterns = [
    path("access/decision", DecisionView.as_view(), name="access-decision"),
    path("access/decision/", DecisionView.as_view()),
    path("access/why", WhyView.as_view(), name="access-why"),
    path("access/why/", WhyView.as_view()),
    path("access/events", _events, name="access-events"),
    path("access/events/", _events),
    path("access/events/<int:pk>/", EventViewSet.as_view({"get": "retrieve"})),
    *router.urls,
]
