"""Addresses of the demonstration's people page; included only where DEMO is on."""

from __future__ import annotations

from django.urls import path

from oversight.demo import views

urlpatterns = [
    path("", views.people, name="demo"),
    path("<slug:username>/", views.sign_in, name="demo_sign_in"),
]
