"""Deployment checks that Django itself does not make."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

STRICT = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1"}


def _found(*ids: str) -> list[str]:
    messages = run_checks(include_deployment_checks=True)
    return [str(message.id) for message in messages if message.id in ids]


@pytest.mark.parametrize(
    ("directives", "found"),
    [
        (STRICT, []),
        ({**STRICT, "script-src": ["'self'", "'unsafe-inline'"]}, ["web.E003"]),
        ({**STRICT, "style-src": ["'unsafe-eval'", "https:"]}, ["web.E003", "web.E003"]),
        ({"img-src": ["'self'"]}, ["web.E002"]),
    ],
)
def test_a_weak_policy_is_found(
    settings: Settings, directives: dict[str, Any], found: list[str]
) -> None:
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    assert _found("web.E001", "web.E002", "web.E003") == found


def test_a_policy_that_is_not_sent_is_found(settings: Settings) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("csp.")]
    assert _found("web.E001", "web.E002", "web.E003") == ["web.E001"]


def test_a_cache_of_each_process_its_own_is_found(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert _found("web.W002") == ["web.W002"]
    settings.CACHES = {"default": REDIS}
    assert _found("web.W002") == []
