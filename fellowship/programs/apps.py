"""The programmes application."""

from __future__ import annotations

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """Programmes and calls."""

    name = "fellowship.programs"
    label = "programs"
    verbose_name = "Programmes"

    def ready(self) -> None:
        """Offer the open calls to the front page, and each programme's days to its clocks."""
        from fellowship.clocks.registry import use_calendars
        from fellowship.programs import deadlines, places, reminders  # noqa: F401
        from fellowship.programs.queries import calendar_of

        use_calendars(calendar_of)
