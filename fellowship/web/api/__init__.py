"""The base of the API: what is visible, in pages, by verbs, with refusals as problem details."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from fellowship.web.api.endpoints import Endpoint, EndpointView, RecordEndpoint, replaces
from fellowship.web.api.forms import Named, Person, from_form, service_create
from fellowship.web.api.paging import Cursor
from fellowship.web.api.problems import problem_details
from fellowship.web.api.viewsets import (
    Input,
    NoInput,
    ReasonInput,
    VisibleViewSet,
    service_action,
)

__all__ = [
    "Cursor",
    "Endpoint",
    "EndpointView",
    "Input",
    "Named",
    "NoInput",
    "Person",
    "ReasonInput",
    "RecordEndpoint",
    "Router",
    "VisibleViewSet",
    "from_form",
    "problem_details",
    "replaces",
    "service_action",
    "service_create",
]


class Router(SimpleRouter):
    """Routes with a trailing slash."""
