"""Addresses of SCIM 2.0, below `/scim/v2/`; they end without a slash, as it asks."""

from __future__ import annotations

from django.urls import path

from fellowship.accounts.views import scim

app_name = "scim"
urlpatterns = [
    path("Users", scim.Users.as_view(), name="users"),
    path("Users/<int:pk>", scim.OneUser.as_view(), name="user"),
    path("ServiceProviderConfig", scim.Describes.as_view(), name="config"),
    path("ResourceTypes", scim.Describes.as_view(what="types"), name="types"),
    path("ResourceTypes/<str:key>", scim.Describes.as_view(what="types"), name="type"),
    path("Schemas", scim.Describes.as_view(what="schemas"), name="schemas"),
    path("Schemas/<str:key>", scim.Describes.as_view(what="schemas"), name="schema"),
]
