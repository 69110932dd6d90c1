"""What pages say that no catalogue translates: `WORDS=file pytest tests/project/test_words.py`.

Each page is fetched in a language that puts every translation in brackets. What stands outside of
them, in a text or in an attribute that people read, and in no text of the database, is not marked.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any, Final
from zoneinfo import available_timezones

from django.apps import apps
from django.db.models import CharField, JSONField, TextField
from django.test import override_settings

from fellowship.accounts.models import User
from fellowship.kernel import saying
from tests.support.house import House, addresses
from tests.support.pseudo import PSEUDO, Pseudo

READ: Final = {"title", "aria-label", "placeholder", "alt", "data-label", "data-key-label", "label"}
"""Attributes that people read or hear."""
PEOPLE: Final = ("admin", "manager", "applicant", "chair", "product_owner", "steward", "auditor")
_SKIP: Final = {"script", "style", "code", "textarea", "del", "ins"}
_ELSE: Final = ("/api/", "/scim/", "/demo", "/developers/", "/accounts/", "/components/")
"""The API is described in English; allauth has catalogues of its own; documents stay English."""
_VOID: Final = {"input", "meta", "link", "br", "hr", "img", "path", "rect", "circle", "line"}
_WORDS: Final = re.compile(r"[^\W\d_]{3,}(?:[ ’'-]+[^\W\d_]+)*")


class _Texts(HTMLParser):
    """The texts of a page, but for those that are what somebody wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._stack: list[tuple[str, bool]] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.found += [_outside(value) for name, value in attrs if name in READ and value]
        written = tag in _SKIP or "prose" in (said.get("class") or "").split()
        if tag not in _VOID:
            self._stack.append((tag, written))

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        outside = self._outside(data)
        if outside.strip() and not any(written for _, written in self._stack):
            self.found.append(outside)

    def _outside(self, text: str) -> str:
        """What of a text stands in no brackets, which may have opened before an element."""
        said, self._depth = _read_on(text, self._depth)
        return said


def unmarked(page: str, known: str) -> Iterator[str]:
    """The words of a page outside of brackets that stand in no text of the database."""
    texts = _Texts()
    texts.feed(page)
    for text in texts.found:
        if any(words.lower() not in known for words in _WORDS.findall(text)):
            yield " ".join(text.split())[:160]


def _outside(text: str) -> str:
    return _read_on(text, 0)[0]


def _read_on(text: str, depth: int) -> tuple[str, int]:
    out = ""
    for sign in text:
        if sign in "⟦⟧":
            depth += 1 if sign == "⟦" else -1
            out += "|"
        elif depth <= 0:
            out += sign
    return out, depth


def database_texts() -> str:
    """Every text in the database, what no language translates, and what Django itself does."""
    texts = {"utc", "fellowship", "sha", "json", "csv", "xlsx", "jsonl", "pdf", "api", "bytes"}
    texts.update(("english", "deutsch"))
    texts.update(name.lower() for name in (*saying.MONTHS, *saying.WEEKDAYS))
    texts.update(zone.lower().replace("_", " ") for zone in available_timezones())
    for model in apps.get_models():
        names = [
            field.name
            for field in model._meta.fields
            if isinstance(field, CharField | TextField) and not field.choices
        ]
        for row in model._base_manager.values_list(*names) if names else ():
            texts.update(str(value).lower() for value in row if value)
        kept = [field.name for field in model._meta.fields if isinstance(field, JSONField)]
        for row in model._base_manager.values_list(*kept) if kept else ():
            texts.add(json.dumps(row, ensure_ascii=False, default=str).lower())
    return "\n".join(texts)


def walk(house: House, paths: Iterable[str]) -> dict[str, set[str]]:
    """What is unmarked, and on which pages: each read by the first who may read it."""
    saying.install(Pseudo())
    known = database_texts()
    found: dict[str, set[str]] = defaultdict(set)
    User.objects.update(language=PSEUDO)
    with override_settings(LANGUAGES=[("en-gb", "English"), (PSEUDO, "Pseudo")]):
        for path in paths:
            page = _read(house, path)
            if page is not None and page["Content-Type"].startswith("text/html"):
                for text in unmarked(page.content.decode(), known):
                    found[text].add(path)
            _let_go(page)
    return dict(found)


def _let_go(page: Any) -> None:
    """Close its file; closing the page itself would close the database of the test as well."""
    for close in getattr(page, "_resource_closers", ()):
        close()


def _read(house: House, path: str) -> Any:
    for name in PEOPLE:
        page = house.client(name).get(path)
        if page.status_code == 200:
            return page
        _let_go(page)
    return None


def pages(house: House) -> list[str]:
    """Every page of the house, one of each kind."""
    seen: set[str] = set()
    kept = []
    for path in addresses(house):
        kind = re.sub(r"\d+", "0", path)
        if kind not in seen and not path.startswith(_ELSE) and not path.endswith("document.html"):
            seen.add(kind)
            kept.append(path)
    return kept
