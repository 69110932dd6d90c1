"""Every route of the site: the apps by their dotted names, the pages first, then the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

_PAGES = [
    ("", "fellowship.web.urls"),
    ("accounts/", "fellowship.accounts.urls"),
    ("accounts/", "allauth.urls"),
    ("scim/v2/", "fellowship.accounts.urls_scim"),
    ("inbox/", "fellowship.notices.urls"),
    ("webhooks/", "fellowship.notices.urls_webhooks"),
    ("calls/", "fellowship.programs.urls"),
    ("", "governance.urls"),
    ("proposals/", "proposals.urls"),
    ("fellowships/", "scoping.urls"),
    ("access/", "access.urls"),
    ("triage/", "findings.urls"),
    ("publications/", "publications.urls"),
    ("", "oversight.urls"),
]
_API = [
    "fellowship.accounts.api",
    "fellowship.clocks.api",
    "fellowship.notices.api",
    "fellowship.programs.api",
    "fellowship.web.search_api",
    "governance.api",
    "proposals.api",
    "scoping.api",
    "access.api",
    "findings.api.urls",
    "publications.api.urls",
    "oversight.api",
]


_api: list[URLPattern | URLResolver] = [path("", include(name)) for name in _API]
urlpatterns: list[URLPattern | URLResolver] = [
    *(path(prefix, include(name)) for prefix, name in _PAGES),
    path("api/v1/schema/", include("fellowship.web.urls_schema")),
    path("api/v1/", include((_api, "api"))),
]

handler400 = "fellowship.web.errors.bad_request"
handler429 = "fellowship.web.errors.too_many"
handler404 = "fellowship.web.errors.not_found"
handler500 = "fellowship.web.errors.server_error"
