"""The settings as each kind of host sees them, read in a process of their own."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "FELLOWSHIP_BASE_URL": "https://fellowship.example",
    "SECRET_KEY": "x" * 50,
    "DATABASE_URL": "postgresql://app:secret@127.0.0.1:5432/fellowship",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}
READ = """
import json, sys
from fellowship import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def _process(env: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", READ, *names],
        env=path | env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _settings(env: dict[str, str], *names: str) -> dict[str, Any]:
    done = _process(env, *names)
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return values


def test_embedded_needs_no_variable_but_a_place(tmp_path: Path) -> None:
    got = _settings(
        {"FELLOWSHIP_VAR": str(tmp_path)},
        "DATABASES",
        "CACHES",
        "CELERY_BROKER_URL",
        "CELERY_TASK_ALWAYS_EAGER",
        "DEBUG",
        "DEMO",
        "PRODUCTION",
        "SESSION_COOKIE_SECURE",
        "ACCOUNT_EMAIL_VERIFICATION",
    )
    database = got.pop("DATABASES")["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(tmp_path / "fellowship.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert got == {
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "CELERY_BROKER_URL": "memory://",
        "CELERY_TASK_ALWAYS_EAGER": True,
        "DEBUG": False,
        "DEMO": False,
        "PRODUCTION": False,
        "SESSION_COOKIE_SECURE": False,
        "ACCOUNT_EMAIL_VERIFICATION": "optional",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {},
            "-c random_page_cost=1.1 -c join_collapse_limit=5"
            " -c plan_cache_mode=force_generic_plan",
        ),
        ({"PGOPTIONS": ""}, ""),
    ],
)
def test_sessions_of_postgresql_say_what_an_index_costs(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    got = _settings(PRODUCTION | {"FELLOWSHIP_VAR": str(tmp_path)} | given, "DATABASES")
    assert got["DATABASES"]["default"]["OPTIONS"] == {"options": said}


def test_embedded_keeps_its_own_key(tmp_path: Path) -> None:
    env = {"FELLOWSHIP_VAR": str(tmp_path)}
    first = _settings(env, "SECRET_KEY")
    assert len(first["SECRET_KEY"]) >= 50
    assert _settings(env, "SECRET_KEY") == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_https_address_turns_the_protections_on(tmp_path: Path) -> None:
    got = _settings(
        PRODUCTION | {"FELLOWSHIP_VAR": str(tmp_path), "TRUSTED_PROXIES": "1"},
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_NAME",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_HSTS_SECONDS",
        "SECURE_PROXY_SSL_HEADER",
        "ACCOUNT_EMAIL_VERIFICATION",
        "CELERY_TASK_ALWAYS_EAGER",
        "CELERY_BROKER_URL",
    )
    assert got == {
        "ALLOWED_HOSTS": ["fellowship.example", "127.0.0.1", "localhost", "[::1]"],
        "CSRF_TRUSTED_ORIGINS": ["https://fellowship.example"],
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "CELERY_TASK_ALWAYS_EAGER": False,
        "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY must be set in production."),
        (
            {**PRODUCTION, "FELLOWSHIP_DEMO": "1"},
            "The demonstration never runs on an https address.",
        ),
    ],
)
def test_a_dangerous_mixture_does_not_start(env: dict[str, str], why: str, tmp_path: Path) -> None:
    done = _process({**env, "FELLOWSHIP_VAR": str(tmp_path)}, "DEBUG")
    assert done.returncode == 1
    assert done.stderr.strip().endswith(why)


def test_the_content_security_policy_allows_nothing_inline() -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert {source for sources in directives.values() for source in sources} == {
        "'self'",
        "'none'",
        "data:",
    }
    assert directives["frame-ancestors"] == ["'none'"]


def test_every_variable_that_is_read_is_documented_and_no_other() -> None:
    read = set()
    for name in ("fellowship/settings.py", "gunicorn.conf.py"):
        source = (ROOT / name).read_text()
        read |= set(re.findall(r'(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)"', source))
    table = (ROOT / "docs/deployment.md").read_text().split("## Variables")[1].split("\n## ")[0]
    names = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for cell in names for name in re.findall(r"`([A-Z_]+)`", cell)} == read
