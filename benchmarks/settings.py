"""The site's settings; its routes with the floors beside them; no time lost on passwords."""

from __future__ import annotations

from fellowship.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody signs in by one
