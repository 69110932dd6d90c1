"""Addresses of one's own details and of the roles page, below `/accounts/`."""

from __future__ import annotations

from django.urls import path

from fellowship.accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
    path("roles/", views.people, name="people"),
    path("roles/grant/", views.grant, name="grant"),
    path("roles/<int:pk>/end/", views.end, name="end"),
]
