"""The publications application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class PublicationsConfig(AppConfig):
    """Publications and their reviews."""

    name = "publications"
    verbose_name = say("Publications")

    def ready(self) -> None:
        """Register the board's kinds, the clocks' handlers and the pages' places."""
        from publications import (  # noqa: F401
            agreeing,
            authorship_board,
            board,
            calls,
            containment,
            decision_log,
            excepted,
            hints,
            holdings,
            places,
            recusals,
            search,
            tasks,
            waiting,
            whatif,
        )
