"""Addresses of oversight: lineage, closeout, the audit room, the programme office."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from oversight.views import audit, closeout, cohorts, export, lineage, office

app_name = "oversight"
urlpatterns: list[URLPattern | URLResolver] = [
    path("lineage/<str:ref>/", lineage.lineage, name="lineage"),
    path("lineage/<str:ref>/<slug:form>.json", lineage.download, name="lineage_file"),
    path("closeout/<str:ref>/", closeout.closing, name="closeout"),
    path("closeout/<str:ref>/package.zip", closeout.download, name="package"),
    path("audit/", audit.rooms, name="audit"),
    path("audit/<slug:slug>/", audit.room, name="room"),
    path("audit/<slug:slug>/as-of/", audit.as_of, name="as_of"),
    path("audit/<slug:slug>/record/<str:kind>/<int:pk>/", audit.record, name="record"),
    path("audit/<slug:slug>/event/<uuid:uid>/", audit.event, name="event"),
    path("audit/<slug:slug>/case/<str:ref>/", audit.case, name="trace"),
    path("audit/<slug:slug>/populations/", audit.populations, name="populations"),
    path("audit/<slug:slug>/populations/<slug:key>/", audit.population, name="population"),
    path("audit/<slug:slug>/samples/", audit.drawn, name="samples"),
    path("audit/<slug:slug>/samples/<int:pk>/", audit.sample, name="sample"),
    path("audit/<slug:slug>/verification/", audit.verification, name="verification"),
    path("audit/<slug:slug>/verification/run/", audit.run_verification, name="verify"),
    path("audit/<slug:slug>/export/", export.export, name="export"),
    path("audit/<slug:slug>/export/<int:pk>/", export.extract, name="extract"),
    path("audit/<slug:slug>/export/<int:pk>/export.zip", export.download, name="extract_file"),
    path("office/", office.offices, name="office"),
    path("office/<slug:slug>/", office.office, name="program"),
    path("office/<slug:slug>/cohorts/<int:pk>/", cohorts.cohort, name="cohort"),
    path("office/<slug:slug>/cases/<slug:key>/", office.cases, name="cases"),
    path("office/<slug:slug>/waiting/", office.waiting, name="waiting"),
    path("office/<slug:slug>/sponsor/", cohorts.sponsor, name="sponsor"),
]
if settings.DEMO and find_spec("oversight.demo.urls"):
    urlpatterns.append(path("demo/", include("oversight.demo.urls")))
