"""Addresses of endings: what a case closes with, the review of a cohort and its survey."""

from __future__ import annotations

from django.urls import path

from oversight.views import closeout, closing, cohorts, surveys

urlpatterns = [
    path("closeout/<str:ref>/", closeout.closing, name="closeout"),
    path("closeout/<str:ref>/package.zip", closeout.download, name="package"),
    path("closeout/<str:ref>/texts/<slug:kind>/", closing.closing_text, name="closing_text"),
    path("closeout/<str:ref>/property/", closing.handbacks, name="handbacks"),
    path("closeout/property/<int:pk>/back/", closing.settle_handback, name="settle_handback"),
    path(
        "closeout/<str:ref>/except/<str:key>/", closing.except_obligation, name="except_obligation"
    ),
    path("office/<slug:slug>/cohorts/", cohorts.compare, name="cohorts"),
    path("office/<slug:slug>/cohorts/<int:pk>/", cohorts.cohort, name="cohort"),
    path("office/<slug:slug>/cohorts/<int:pk>/survey/", surveys.open_survey, name="open_survey"),
    path("office/<slug:slug>/cohorts/<int:pk>/recommend/", surveys.recommend, name="recommend"),
    path("office/<slug:slug>/outcomes/<slug:key>/", cohorts.outcomes, name="outcomes"),
    path("sponsor/", cohorts.sponsored, name="sponsors"),
    path("office/<slug:slug>/sponsor/", cohorts.sponsor, name="sponsor"),
    path("surveys/<int:pk>/", surveys.survey, name="survey"),
    path("recommendations/<int:pk>/", surveys.recommendation, name="recommendation"),
]
