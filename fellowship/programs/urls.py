"""Addresses of calls and programmes, below `/calls/`."""

from __future__ import annotations

from django.urls import path

from fellowship.programs.views import programs as views
from fellowship.programs.views import setup

app_name = "programs"
urlpatterns = [
    path("", views.calls, name="calls"),
    path("programmes/", views.programs, name="programs"),
    path("programmes/found/", setup.found, name="found"),
    path("programmes/<slug:slug>/", views.program, name="program"),
    path("programmes/<slug:slug>/call/", views.draft_call, name="draft_call"),
    path("programmes/<slug:slug>/checklist/<slug:item>/", views.checklist_item, name="item"),
    path("programmes/<slug:slug>/sponsor/", setup.sponsor, name="sponsor"),
    path("programmes/<slug:slug>/cohort/", setup.cohort, name="cohort"),
    path("programmes/<slug:slug>/add/<slug:part>/", setup.furnish, name="furnish"),
    path("<slug:ref>/", views.call, name="call"),
    path("<slug:ref>/edit/", views.edit_call, name="edit_call"),
    path("<slug:ref>/publish/", views.publish, name="publish"),
    path("<slug:ref>/extend/", views.extend, name="extend"),
    path("<slug:ref>/close/", views.close, name="close"),
]
