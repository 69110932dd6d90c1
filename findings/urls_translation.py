"""Addresses of translation: the matrix, contests, change requests, acceptance tests, exceptions."""

from __future__ import annotations

from django.urls import path

from findings.views import changes, translation

urlpatterns = [
    path("matrix/", translation.matrices, name="matrices"),
    path("matrix/<slug:slug>/", translation.matrix_page, name="matrix"),
    path("matrix/<slug:slug>/<slug:about>/", translation.matrix_class, name="matrix_class"),
    path(
        "matrix/<slug:slug>/<slug:about>/<slug:family>/<slug:control_type>/contest/",
        translation.matrix_contest,
        name="matrix_contest",
    ),
    path(
        "matrix/<slug:slug>/<slug:about>/<slug:family>/<slug:control_type>/drop/",
        translation.matrix_drop,
        name="matrix_drop",
    ),
    path("contests/<str:ref>/", translation.contest, name="contest"),
    path("contests/<str:ref>/take-back/", translation.contest_take_back, name="take_back"),
    path("changes/<str:ref>/", changes.change, name="change"),
    path("changes/<str:ref>/link/", changes.change_link, name="change_link"),
    path("changes/<str:ref>/withdraw/", changes.change_withdraw, name="change_withdraw"),
    path("tests/<str:ref>/", changes.test, name="test"),
    path("tests/<str:ref>/withdraw/", changes.test_withdraw, name="test_withdraw"),
    path("<str:ref>/class/", translation.classify, name="classify"),
    path("<str:ref>/change/", changes.change_new, name="change_new"),
    path("<str:ref>/test/", changes.test_new, name="test_new"),
    path("<str:ref>/exception/", changes.exception_new, name="exception_new"),
    path(
        "<str:ref>/contest/<slug:family>/<slug:control_type>/",
        translation.finding_contest,
        name="finding_contest",
    ),
]
"""They stand before the routes of a finding: the first step of these is a fixed word."""
