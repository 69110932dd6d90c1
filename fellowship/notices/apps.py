"""The notices application."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Outbox, inbox and mail."""

    name = "fellowship.notices"
    label = "notices"
    verbose_name = "Notices"
