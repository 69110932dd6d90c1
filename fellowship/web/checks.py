"""System checks of the layout, and of what a production host must set for it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from fellowship.web import nav


def load() -> None:
    """Add the checks; they run with `manage.py check`."""
    register(navigation, "web")
    register(content_security_policy, Tags.security, deploy=True)
    register(shared_cache, Tags.caches, deploy=True)


def navigation(**options: Any) -> list[CheckMessage]:
    """Every navigation entry must lead somewhere."""
    return [
        Warning(f"The navigation entry “{e.label}” names no URL: {e.url_name}", id="web.W001")
        for e in nav.unresolved()
    ]


def content_security_policy(**options: Any) -> list[CheckMessage]:
    """The policy is sent and allows nothing inline; Django's own deployment checks do not look."""
    if "csp.middleware.CSPMiddleware" not in settings.MIDDLEWARE:
        return [Error("No Content-Security-Policy is sent.", id="web.E001")]
    policy = getattr(settings, "CONTENT_SECURITY_POLICY", None) or {}
    directives = policy.get("DIRECTIVES", {})
    if "default-src" not in directives:
        return [Error("The Content-Security-Policy has no default-src.", id="web.E002")]
    allowed = {source for sources in directives.values() for source in sources}
    weak = sorted(allowed & {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"})
    return [
        Error(f"The Content-Security-Policy allows {source}.", id="web.E003") for source in weak
    ]


def shared_cache(**options: Any) -> list[CheckMessage]:
    """Sign-in limits and once-only forms live in the cache: every process must see the same one."""
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.rsplit(".", 1)[-1] == "LocMemCache":
        return [
            Warning(
                "The cache is not shared between processes: sign-in limits count in each apart.",
                hint="Set REDIS_URL.",
                id="web.W002",
            )
        ]
    return []
