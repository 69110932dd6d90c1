"""The API of notices, and of the systems that are sent messages."""

from __future__ import annotations

from django.urls import path

from fellowship.notices.api.inbox import CalendarFeedView, NoticeViewSet
from fellowship.notices.api.webhooks import DeliveryViewSet, EndpointViewSet
from fellowship.web.api import Router

router = Router()
router.register("notices", NoticeViewSet, basename="notices")
router.register("webhook-endpoints", EndpointViewSet, basename="webhook-endpoints")
router.register("webhook-deliveries", DeliveryViewSet, basename="webhook-deliveries")
urlpatterns = [
    path("calendar-feed/", CalendarFeedView.as_view(), name="calendar-feed"),
    *router.urls,
]
