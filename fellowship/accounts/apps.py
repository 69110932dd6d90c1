"""The accounts application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class AccountsConfig(AppConfig):
    """People and roles."""

    name = "fellowship.accounts"
    label = "accounts"
    verbose_name = say("People")

    def ready(self) -> None:
        """Hear what the sign-in library says."""
        from fellowship.accounts.signin import hears, sealing  # noqa: F401
