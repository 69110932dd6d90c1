"""The clocks application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class ClocksConfig(AppConfig):
    """Deadlines, and the sweep that records and announces what their passing means."""

    name = "fellowship.clocks"
    label = "clocks"
    verbose_name = say("Clocks")

    def ready(self) -> None:
        """Let the clocks of somebody who leaves go on with somebody else."""
        from fellowship.clocks import figures, holdings, runs  # noqa: F401
