"""Addresses of one's own details and of the roles page, below `/accounts/`."""

from __future__ import annotations

from django.urls import path

from fellowship.accounts import oidc
from fellowship.accounts.views import leaving, security
from fellowship.accounts.views import people as views

app_name = "accounts"
urlpatterns = [
    # Before allauth's own, which stand at the same addresses.
    path("oidc/<str:provider_id>/login/", oidc.login, name="company_login"),
    path("oidc/<str:provider_id>/login/callback/", oidc.callback, name="company_callback"),
    path("profile/", views.profile, name="profile"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
    path("second-factor/", security.second_factor, name="second_factor"),
    path("confirm/company/", security.company_again, name="company_again"),
    path("confirm/go-on/", security.go_on, name="go_on"),
    path("sessions/", security.sessions, name="sessions"),
    path("sessions/<int:pk>/end/", security.end_session, name="end_session"),
    path("sessions/end-others/", security.end_others, name="end_others"),
    path("roles/<int:pk>/factors/", security.reset_factors, name="reset_factors"),
    path("people/<int:pk>/leave/", leaving.leave, name="leave"),
    path("handed-over/", leaving.hand_overs, name="hand_overs"),
    path("handed-over/<int:pk>/", leaving.settle, name="settle"),
    path("roles/", views.people, name="people"),
    path("roles/grant/", views.grant, name="grant"),
    path("roles/<int:pk>/end/", views.end, name="end"),
]
