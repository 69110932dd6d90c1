"""The proposals application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class ProposalsConfig(AppConfig):
    """Proposals, their versions, panel assignment and reviews."""

    name = "proposals"
    verbose_name = say("Proposals")

    def ready(self) -> None:
        """Bring proposals before the board, to the sweep, and to everybody's desk."""
        from fellowship.accounts import duties, roles
        from proposals import (  # noqa: F401
            agenda,
            board,
            decision_log,
            desk,
            hints,
            holdings,
            queries,
            recusals,
            search,
            tasks,
            whatif,
        )

        duties.register(roles.APPLICANT, queries.has_live_proposal)
        desk.register()
