"""Addresses of oversight: lineage, closeout, the audit room, the programme office."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from oversight.views import export, health, lineage, office, risk
from oversight.views.audit import controls, past, populations, record, verification

app_name = "oversight"
urlpatterns: list[URLPattern | URLResolver] = [
    path("lineage/<str:ref>/", lineage.lineage, name="lineage"),
    path("lineage/<str:ref>/<slug:form>.json", lineage.download, name="lineage_file"),
    path("audit/", record.rooms, name="audit"),
    path("audit/<slug:slug>/", record.room, name="room"),
    path("audit/<slug:slug>/scopes/", record.save_scope, name="save_scope"),
    path("audit/<slug:slug>/scopes/<int:pk>/remove/", record.remove_scope, name="remove_scope"),
    path("audit/<slug:slug>/as-of/", past.as_of, name="as_of"),
    path("audit/<slug:slug>/as-of/<str:kind>/", past.records, name="records"),
    path("audit/<slug:slug>/record/<str:kind>/<int:pk>/", past.record, name="record"),
    path("audit/<slug:slug>/event/<uuid:uid>/", record.event, name="event"),
    path("audit/<slug:slug>/case/<str:ref>/", record.case, name="trace"),
    path("audit/<slug:slug>/populations/", populations.populations, name="populations"),
    path("audit/<slug:slug>/populations/<slug:key>/", populations.population, name="population"),
    path(
        "audit/<slug:slug>/populations/<slug:key>/<slug:file_format>/",
        populations.download,
        name="population_file",
    ),
    path("audit/<slug:slug>/samples/", populations.drawn, name="samples"),
    path("audit/<slug:slug>/samples/<int:pk>/", populations.sample, name="sample"),
    path(
        "audit/<slug:slug>/samples/<int:pk>/<slug:file_format>/",
        populations.sample_file,
        name="sample_file",
    ),
    path("audit/<slug:slug>/controls/", controls.controls, name="controls"),
    path("audit/<slug:slug>/controls/runs/<int:pk>/", controls.run, name="control_run"),
    path("audit/<slug:slug>/controls/<slug:test>/", controls.control, name="control"),
    path("audit/<slug:slug>/verification/", verification.verification, name="verification"),
    path("audit/<slug:slug>/verification/run/", verification.run_verification, name="verify"),
    path("audit/<slug:slug>/export/", export.export, name="export"),
    path("audit/<slug:slug>/export/<int:pk>/", export.extract, name="extract"),
    path("audit/<slug:slug>/export/<int:pk>/export.zip", export.download, name="extract_file"),
    path("risks/", risk.register, name="risks"),
    path("risks/risks.csv", risk.register_csv, name="risk_csv"),
    path("office/", office.offices, name="office"),
    path("office/<slug:slug>/", office.office, name="program"),
    path("office/<slug:slug>/stalls/", office.stall_map, name="stalls"),
    path("office/<slug:slug>/calendar/", office.calendar, name="calendar"),
    path("office/<slug:slug>/workload/", office.load, name="workload"),
    path("office/<slug:slug>/launch/", office.launch, name="launch"),
    path("office/<slug:slug>/health/", health.health, name="health"),
    path("office/<slug:slug>/health/<slug:figure>/", health.cases, name="health_cases"),
    path("office/<slug:slug>/health/<slug:figure>/answer/", health.answer, name="health_answer"),
    path("governance-health/", health.programs, name="healths"),
    path("office/<slug:slug>/cases/<slug:key>/", office.cases, name="cases"),
    path("office/<slug:slug>/waiting/", office.waiting, name="waiting"),
    path("", include("oversight.urls_endings")),
    path("", include("oversight.urls_persons")),
]
if settings.DEMO and find_spec("oversight.demo.urls"):
    urlpatterns.append(path("demo/", include("oversight.demo.urls")))
