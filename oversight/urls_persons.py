"""Addresses of a person's own data, and of those who answer what is asked about it."""

from __future__ import annotations

from django.urls import path

from oversight.views import persons, retention

urlpatterns = [
    path("your-data/", persons.your_data, name="your_data"),
    path("your-data/copies/", persons.ask_copy, name="ask_copy"),
    path("your-data/copies/<int:pk>/your-data.zip", persons.take_copy, name="take_copy"),
    path("your-data/forget/", persons.forget_me, name="forget_me"),
    path("erasures/", persons.erasures, name="erasures"),
    path("erasures/due/", retention.due_erasures, name="due_erasures"),
    path("erasures/due/<int:pk>/", retention.due_erasure, name="due_erasure"),
    path("erasures/due/<int:pk>/ask/", retention.ask_due, name="ask_due"),
    path("erasures/holds/", retention.holds, name="holds"),
    path("erasures/holds/<int:pk>/", retention.lift, name="hold"),
    path("erasures/people/<int:pk>/hold/", retention.hold, name="hold_data"),
    path("erasures/<int:pk>/", persons.erasure, name="erasure"),
    path("erasures/<int:pk>/approve/", persons.approve, name="approve_erasure"),
    path("erasures/people/<int:pk>/", persons.forget, name="forget"),
]
