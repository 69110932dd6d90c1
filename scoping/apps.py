"""The scoping application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class ScopingConfig(AppConfig):
    """Fellowships and their scopes of work."""

    name = "scoping"
    verbose_name = say("Fellowships")

    def ready(self) -> None:
        """Take over accepted proposals; register with the board, clocks, home and pages."""
        from fellowship.accounts import duties, roles
        from scoping import (  # noqa: F401
            board,
            calls,
            decision_log,
            founding,
            hints,
            holdings,
            home,
            obligations,
            places,
            queries,
            recusals,
            search,
            talent_home,
            tasks,
        )

        duties.register(roles.FELLOW, queries.has_live_fellowship)
        duties.register(roles.COLLABORATOR, queries.takes_part_in_one)
