"""The findings application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class FindingsConfig(AppConfig):
    """Findings, controls and measurements."""

    name = "findings"
    verbose_name = say("Findings")

    def ready(self) -> None:
        """Register the board's kind, the clock's handler and the pages' places."""
        from findings import (  # noqa: F401
            blobs,
            board,
            containment,
            decision_log,
            excepted,
            holdings,
            home,
            places,
            recusals,
            search,
            tasks,
            translation_places,
            translation_tasks,
            whatif,
        )
