"""Home, health, and the switches of the layout."""

from __future__ import annotations

from django.urls import path

from fellowship.web import guides, metrics, reference, searching, showcase, views

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("healthz/", views.healthz),
    path("readyz", views.readyz, name="readyz"),
    path("readyz/", views.readyz),
    path("metrics", metrics.metrics, name="metrics"),
    path("theme/", views.theme, name="theme"),
    path("language/", views.language, name="language"),
    path("keys/", views.keys, name="keys"),
    path("help/", guides.guides, name="guides"),
    path("help/<slug:slug>/", guides.one_guide, name="guide"),
    path("search/", searching.search, name="search"),
    path("developers/", reference.index, name="reference"),
    path("developers/<slug:tag>/", reference.group, name="reference_group"),
    path("components/", showcase.components, name="components"),
    path("components/draft/", showcase.draft, name="components_draft"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon),
]
