"""What somebody gets to read: every address, each link on what they are shown, files, mails."""

from __future__ import annotations

import html
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final
from urllib.parse import urljoin, urlsplit
from zipfile import BadZipFile, ZipFile

from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from tests.support.house import House
from tests.support.walked import LEFT_OUT, path_of, rows

_LINK: Final = re.compile(r'(?:href|action|hx-get|src)="([^"]+)"')
EACH: Final = 3
"""So many addresses of one route are opened: they differ in what they name."""


def crawl(
    house: House, who: str, share: int = 1, *, links: bool = True
) -> Iterator[tuple[str, str]]:
    """Each address opened, with all that was read there: about one in `share` of those known
    beforehand, always the same ones, and what they link to.
    """
    client = house.client("" if who == "visitor" else who)
    ahead = [
        path_of(house, row)
        for row in rows()
        if row.method == "GET" and zlib.crc32(f"{who} {row}".encode()) % share == 0
    ]
    seen, opened = set(ahead), Counter[str]()
    while ahead:
        path = ahead.pop(0)
        route = _route(path)
        if not route or LEFT_OUT.match(path.lstrip("/")) or opened[route] >= EACH:
            continue
        answer = get(client, path)
        if answer is None:
            continue
        opened[route] += 1
        text = _text(answer)
        yield path, text
        for link in _links(path, text) if links else ():
            if link not in seen:
                seen.add(link)
                ahead.append(link)


def get(client: Client, path: str) -> Any:
    """The answer where there is one to read; nothing of asking stays."""
    known = client.cookies.copy()
    with transaction.atomic():
        answer = client.get(path)
        if answer.streaming:
            answer.read = b"".join(answer.streaming_content)  # and closed
        else:
            answer.read = answer.content
        transaction.set_rollback(True)
    client.cookies = known
    assert answer.status_code < 500, f"{answer.status_code} {path}"
    return answer if answer.status_code == 200 else None


def _text(answer: Any) -> str:
    """What is in it, whatever packs it."""
    if answer.read[:2] == b"PK":
        try:
            with ZipFile(BytesIO(answer.read)) as packed:
                return "\n".join(packed.read(n).decode(errors="replace") for n in packed.namelist())
        except BadZipFile:
            pass
    text: str = answer.read.decode(errors="replace")
    return text


def _route(path: str) -> str:
    try:
        return resolve(urlsplit(path).path).route
    except Resolver404:
        return ""


def _links(path: str, text: str) -> Iterator[str]:
    """Those into the site, each route and query once."""
    for link in _LINK.findall(text):
        full = urlsplit(urljoin(path, html.unescape(link)))
        if not full.netloc and full.path.startswith("/") and full.path != path:
            yield full.path + (f"?{full.query}" if full.query else "")
