"""The Celery application: on Redis in production, eager in beat's own process when embedded."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fellowship.settings")

app = Celery("fellowship", task_cls="fellowship.kernel.tasks:Roomy")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _as_django_does(**_: object) -> None:
    """Workers and beat log as the settings say: Celery sets nothing up of its own."""
