"""The foundation apps, and the Django project itself."""

from __future__ import annotations

from fellowship.celery import app as celery_app

__all__ = ["celery_app"]
