"""Endpoints of other systems, below /webhooks/."""

from __future__ import annotations

from django.urls import path

from fellowship.notices.views import webhooks

app_name = "webhooks"
urlpatterns = [
    path("", webhooks.endpoints, name="endpoints"),
    path("new/", webhooks.new, name="new"),
    path("deliveries/<int:pk>/", webhooks.delivery, name="delivery"),
    path("deliveries/<int:pk>/again/", webhooks.send_again, name="send_again"),
    path("<str:ref>/", webhooks.endpoint, name="endpoint"),
    path("<str:ref>/edit/", webhooks.edit, name="edit"),
    path("<str:ref>/test/", webhooks.send_test, name="test"),
    path("<str:ref>/rotate/", webhooks.rotate, name="rotate"),
    path("<str:ref>/replay/", webhooks.replay, name="replay"),
    path("<str:ref>/switch/", webhooks.switch, name="switch"),
]
