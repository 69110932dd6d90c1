"""The notices application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class NoticesConfig(AppConfig):
    """Outbox, inbox and mail."""

    name = "fellowship.notices"
    label = "notices"
    verbose_name = say("Notices")

    def ready(self) -> None:
        """Tell people what happens to their account, and monitoring what waits to be sent."""
        from fellowship.notices import account, figures  # noqa: F401
        from fellowship.notices.webhooks import signing  # noqa: F401
