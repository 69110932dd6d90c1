"""Where a notice may lead: a path of this site, nowhere else."""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme

MAX_LENGTH: Final = 500
# Browsers drop tabs and line ends in addresses and read \ as /.
_ODD = re.compile(r"[\x00-\x20\x7f\\]")


def is_local(url: str) -> bool:
    """Whether `url` is a path of this site such as `/inbox/`, with or without a query."""
    return (
        url.startswith("/")
        and not url.startswith("//")
        and len(url) <= MAX_LENGTH
        and not _ODD.search(url)
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )


def absolute(path: str) -> str:
    """The whole address of a local path, for mail."""
    return f"{settings.BASE_URL}{path}"
