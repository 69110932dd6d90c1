"""The inbox, below /inbox/."""

from __future__ import annotations

from django.urls import path

from fellowship.notices.views import inbox as views

app_name = "notices"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("read/", views.mark_all_read, name="mark_all_read"),
    path("calendar/", views.calendar_page, name="calendar"),
    path("calendar/open/", views.open_calendar, name="open_calendar"),
    path("calendar/close/", views.close_calendar, name="close_calendar"),
    path("calendar/<str:token>.ics", views.feed, name="feed"),
    path("<int:pk>/", views.open_notice, name="open"),
    path("<int:pk>/read/", views.mark_read, name="mark_read"),
]
