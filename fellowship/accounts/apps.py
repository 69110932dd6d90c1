"""The accounts application."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and roles."""

    name = "fellowship.accounts"
    label = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        """Describe how tokens sign in to the API, and hear what the sign-in library says."""
        from fellowship.accounts import schema  # noqa: F401
        from fellowship.accounts.signin import hears, sealing  # noqa: F401
