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
        from django.db.models import Q

        from fellowship.accounts import duties, roles
        from fellowship.accounts.queries import read_along
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
            whatif,
        )
        from scoping.models import Fellowship
        from scoping.models.fellowship import CASES

        read_along(
            CASES, lambda key: Fellowship.objects.filter(Q(fellow_id=key) | Q(mentor_id=key))
        )
        duties.register(roles.FELLOW, queries.has_live_fellowship)
        duties.register(roles.COLLABORATOR, queries.takes_part_in_one)
