"""The clocks application."""

from __future__ import annotations

from django.apps import AppConfig


class ClocksConfig(AppConfig):
    """Deadlines, and the sweep that records and announces what their passing means."""

    name = "fellowship.clocks"
    label = "clocks"
    verbose_name = "Clocks"
