"""The access application."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models import Q

from fellowship.kernel.saying import say


class AccessConfig(AppConfig):
    """Datasets, grants and the access trail."""

    name = "access"
    verbose_name = say("Data access")

    def ready(self) -> None:
        """Register the board's kind, obligations, checks, work items, timers and places."""
        from access import (  # noqa: F401
            attestable,
            blobs,
            board,
            calls,
            changes,
            collaborators,
            containment,
            decision_log,
            ending_tasks,
            excepted,
            forgetting,
            holdings,
            home,
            integrity,
            obligations,
            paper,
            places,
            reach,
            recusals,
            release_tasks,
            request_tasks,
            search,
            setting_up,
            tasks,
            whatif,
        )
        from access.states import UNREAD
        from fellowship.history.withheld import withhold

        withhold("access.historicalclassificationanswers", Q(classification__state__in=UNREAD))
