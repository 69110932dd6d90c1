"""The API of programmes, of what they offer, and of their calls."""

from __future__ import annotations

from django.urls import path

from fellowship.programs.api.calls import CallViewSet
from fellowship.programs.api.offers import (
    FellowshipModelViewSet,
    OutputTypeViewSet,
    PathStepViewSet,
    StageStandardViewSet,
    TrackViewSet,
)
from fellowship.programs.api.people import PeopleView
from fellowship.programs.api.programs import CohortViewSet, ProgramViewSet
from fellowship.web.api import Router

router = Router()
router.register("calls", CallViewSet, basename="calls")
router.register("programmes", ProgramViewSet, basename="programmes")
router.register("cohorts", CohortViewSet, basename="cohorts")
router.register("tracks", TrackViewSet, basename="tracks")
router.register("fellowship-models", FellowshipModelViewSet, basename="fellowship-models")
router.register("output-types", OutputTypeViewSet, basename="output-types")
router.register("path-steps", PathStepViewSet, basename="path-steps")
router.register("stage-standards", StageStandardViewSet, basename="stage-standards")
urlpatterns = [
    path("programmes/<slug:slug>/people/", PeopleView.as_view(), name="programme_people"),
    *router.urls,
]
