"""The programmes application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class ProgramsConfig(AppConfig):
    """Programmes and calls."""

    name = "fellowship.programs"
    label = "programs"
    verbose_name = say("Programmes")

    def ready(self) -> None:
        """Offer each programme's days to its clocks, and running clocks to calendars."""
        from fellowship.clocks.registry import use_calendars
        from fellowship.programs import deadlines, holdings, reminders  # noqa: F401
        from fellowship.programs.queries import calendar_of

        use_calendars(calendar_of)
