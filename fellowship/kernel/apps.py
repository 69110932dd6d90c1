"""The kernel as a Django application: it has no models."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class KernelConfig(AppConfig):
    """Prepares the database for indexes of words."""

    name = "fellowship.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Before any table is made."""
        from celery.signals import worker_process_init

        from fellowship.kernel import garbage, reporting, taskwatch
        from fellowship.kernel.words import provide_operators

        taskwatch.watch()
        worker_process_init.connect(garbage.settled, dispatch_uid="fellowship.garbage.settled")
        reporting.begin()

        # Sent by the apps that have models; the first of them finds the work to do.
        pre_migrate.connect(provide_operators, dispatch_uid="fellowship.kernel.provide_operators")
