"""The description of the API, at one address."""

from __future__ import annotations

from django.urls import path

from fellowship.web.reference import schema

urlpatterns = [path("", schema, name="schema")]
