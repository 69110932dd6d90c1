"""The accounts application."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and roles."""

    name = "fellowship.accounts"
    label = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        """Name the token's way of signing in to the API's description."""
        from fellowship.accounts import schema  # noqa: F401
