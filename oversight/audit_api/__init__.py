"""The API of the audit room: everything its pages show, by the same questions and verbs.

Each answer is a look of the auditor and recorded as one, as the pages' are.
"""

from __future__ import annotations

from django.urls import path

from oversight.audit_api import controls, populations, record, scopes, verification

_ROOM = "audit/<slug:slug>"
urlpatterns = [
    path(f"{_ROOM}/events/", record.EventsView.as_view(), name="audit-events"),
    path(f"{_ROOM}/as-of/", record.AsOfView.as_view(), name="audit-as-of"),
    path(f"{_ROOM}/records/<str:kind>/", record.RecordsView.as_view(), name="audit-records"),
    path(f"{_ROOM}/records/<str:kind>/<int:pk>/", record.RecordView.as_view(), name="audit-record"),
    path(f"{_ROOM}/populations/", populations.PopulationsView.as_view(), name="audit-populations"),
    path(
        f"{_ROOM}/populations/<slug:key>/",
        populations.PopulationView.as_view(),
        name="audit-population",
    ),
    path(
        f"{_ROOM}/populations/<slug:key>/samples/",
        populations.DrawView.as_view(),
        name="audit-draw",
    ),
    path(f"{_ROOM}/samples/", populations.SamplesView.as_view(), name="audit-samples"),
    path(f"{_ROOM}/samples/<int:pk>/", populations.SampleView.as_view(), name="audit-sample"),
    path(f"{_ROOM}/controls/", controls.ControlsView.as_view(), name="audit-controls"),
    path(f"{_ROOM}/controls/<slug:test>/runs/", controls.RunsView.as_view(), name="audit-runs"),
    path(
        f"{_ROOM}/verification/",
        verification.VerificationsView.as_view(),
        name="audit-verification",
    ),
    path(f"{_ROOM}/scopes/", scopes.ScopesView.as_view(), name="audit-scopes"),
    path(f"{_ROOM}/scopes/<int:pk>/", scopes.SavedScopeView.as_view(), name="audit-scope"),
]
