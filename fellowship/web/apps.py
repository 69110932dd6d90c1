"""Pages and API as a Django application; it registers what stands above it."""

from __future__ import annotations

from django.apps import AppConfig

from fellowship.kernel.saying import say


class WebConfig(AppConfig):
    """Registers the navigation of the foundation and the system checks."""

    name = "fellowship.web"
    verbose_name = say("Pages")
    label = "web"

    def ready(self) -> None:
        """The foundation's navigation, the public calls, the count of unread notices."""
        from django.template import base

        from fellowship.kernel.saying import literal
        from fellowship.web import checks, landing, nav, searched, sources, tasks  # noqa: F401

        sources.register_navigation()
        nav.register_unread(sources.unread)
        landing.register(sources.open_calls)
        checks.load()
        # `_("…")` in a template is then a text like any other, not a proxy that is none.
        base.gettext_lazy = literal  # type: ignore[attr-defined]
