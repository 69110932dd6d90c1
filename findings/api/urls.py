"""The routes of findings and controls in the API."""

from __future__ import annotations

from django.urls import path

from fellowship.web.api import Router
from findings.api.artifacts import ArtifactViewSet
from findings.api.changes import AcceptanceTestViewSet, ChangeRequestViewSet
from findings.api.controls import ControlViewSet
from findings.api.findings import FindingViewSet
from findings.api.imports import FindingImportViewSet
from findings.api.portfolio import LessonViewSet, PlanView
from findings.api.translation import ContestViewSet, MatrixViewSet
from findings.api.triage import AbsenceViewSet, BatchViewSet, SavedFilterViewSet

router = Router()

router.register("findings", FindingViewSet, basename="findings")

router.register("finding-imports", FindingImportViewSet, basename="finding-imports")

router.register("finding-batches", BatchViewSet, basename="finding-batches")

router.register("finding-filters", SavedFilterViewSet, basename="finding-filters")

router.register("finding-absences", AbsenceViewSet, basename="finding-absences")

router.register("controls", ControlViewSet, basename="controls")

router.register("artifacts", ArtifactViewSet, basename="artifacts")

router.register("lessons", LessonViewSet, basename="lessons")

router.register("change-requests", ChangeRequestViewSet, basename="change-requests")

router.register("acceptance-tests", AcceptanceTestViewSet, basename="acceptance-tests")

router.register("contests", ContestViewSet, basename="contests")


urlpatterns = [
    path("plans-of-action/<slug:slug>/", PlanView.as_view(), name="plan-of-action"),
    path(
        "translation-matrix/",
        MatrixViewSet.as_view({"get": "list"}),
        name="translation-matrix-list",
    ),
    path(
        "translation-matrix/change/",
        MatrixViewSet.as_view({"post": "change"}),
        name="translation-matrix-change",
    ),
    *router.urls,
]
