"""The oversight application."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class OversightConfig(AppConfig):
    """Lineage, closeout, the audit room, exports and the programme office."""

    name = "oversight"
    verbose_name = say("Oversight")

    def ready(self) -> None:
        """Register what must be done before closing, and where oversight appears."""
        from oversight import (  # noqa: F401
            agenda,
            cohort_home,
            cohort_tasks,
            holdings,
            launching,
            obligations,
            places,
            recusals,
            tasks,
            whatif,
        )
        from oversight.export import making  # noqa: F401
        from oversight.persons import copying  # noqa: F401
