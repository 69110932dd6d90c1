"""Nonsense at every address, form and endpoint: an answer of its own, never a server error."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from fellowship.accounts.services import create_token
from tests.scenarios.world import World
from tests.support import kept
from tests.support.described import Callers, ask_everything
from tests.support.house import LEFT_OUT, House, absent, addresses, build_house

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(1200)]


def _once(*names: str) -> list[Any]:
    """People to whom nearly all is closed before a database is asked anything of theirs."""
    return [pytest.param(name, marks=pytest.mark.once) for name in names]


SCRIPT = "<script>alert(9)</script>"
HOSTILE = {
    "empty": "",
    "script": f"{SCRIPT}'\"--&{{{{7*7}}}}",
    "long": "x" * 100_000,
    "strange": "\u202e\x00😀\ufffe",
    "number": "-99999999999999999999999999",
    "date": "2026-02-31T25:61",
}
QUERIES = (
    "?page=abc&sort=%27%3B--&q=%3Cscript%3Ealert(9)%3C/script%3E&state=zzz&pick=%F0%9F%98%80",
    "?page=-1&at=yesterday&from=9999-99-99&to=0&as_of=1&severity=x&kind=a&next=//evil.example",
    "?page=99999999999999999999&q=" + "a+" * 200,
)
"""Without any, each page is opened for its forms below, and each operation of the API is asked."""
KINDS = {k: v for k, v in HOSTILE.items() if not (settings.POSTGRESQL and k in ("script", "date"))}
"""What forms are sent. To PostgreSQL these two are texts as any: SQLite's pass sends them."""
READERS = ("manager", "auditor", "applicant", *_once("stranger", ""))
WRITERS = ("applicant", "manager", "product_owner", "steward", "board_legal", "oncall", "admin")


kept_house = kept.fixture(build_house)


@pytest.fixture
def house(kept_house: House, db: None) -> House:
    """The house, with nobody signed in."""
    return dataclasses.replace(kept_house, clients={})


class Complaints(list[str]):
    """What went wrong, all of it told at the end."""

    def hear(self, answer: Any, what: str) -> None:
        """No server error, and no script that was sent comes back as one; files are read whole."""
        if answer.streaming:
            b"".join(answer.streaming_content)  # and closed
        if answer.status_code >= 500:
            self.append(f"{answer.status_code} {what}")
        elif (
            not answer.streaming
            and "html" in answer.get("Content-Type", "")
            and SCRIPT in answer.content.decode(errors="replace")
        ):
            self.append(f"runs what was sent: {what}")

    def tell(self) -> None:
        """Fail where there is anything."""
        assert not self, f"{len(self)}:\n" + "\n".join(self[:40])


@pytest.mark.parametrize("name", READERS, ids=lambda name: name or "anonymous")
def test_every_address_answers(house: House, name: str) -> None:
    """With a query of nonsense; where a page reads its query at all, with the other ones too.

    What a page says back is looked at on SQLite. How PostgreSQL takes what is sent does not depend
    on who sends it: there, a page that somebody was shown before is not asked for again.
    """
    client, wrong = house.client(name), Complaints()
    for path in addresses(house):
        if settings.POSTGRESQL and path in house.opened:
            continue
        for query in QUERIES:
            with transaction.atomic():
                answer = client.get(path + query)
                wrong.hear(answer, f"GET {path}{query}")
                transaction.set_rollback(True)
            if name and answer.status_code == 200:
                house.opened.add(path)
            if name not in ("manager", "") or "GET" not in vars(answer.wsgi_request):
                break
    for path in absent(house) if name in ("manager", "") else ():
        wrong.hear(client.get(path + QUERIES[0]), f"GET {path}")
    wrong.tell()


class _Forms(HTMLParser):
    """The forms of a page: how and where they send, and the names of what they send."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self.here = here
        self.forms: list[tuple[str, str, set[str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._open = True
            where = (given.get("action") or self.here).partition("#")[0] or self.here
            self.forms.append(((given.get("method") or "get").lower(), where, set()))
        elif tag in ("input", "select", "textarea", "button") and self._open and given.get("name"):
            self.forms[-1][2].add(str(given["name"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


TOKENS = {"csrfmiddlewaretoken", "_once"}
NOTICE = re.compile(r"^/inbox/\d+/read/$")
"""Where one notice is said to be read: one form, of which people are shown dozens."""


@pytest.mark.parametrize("name", WRITERS)
def test_every_form_refuses_nonsense(house: House, name: str) -> None:
    """Each form a person is shown, filled with each kind of nonsense in every field; a button
    alone, which sends the same whatever the kind, is pressed once.

    A form that somebody before was shown, with the same fields and to the same address, is the
    same form, and so is that of another notice. A file has none, whoever reads it: it is made once.
    Where one only sends, there is none either, whoever of those signed in asks.
    """
    client, wrong = house.client(name), Complaints()
    seen: set[tuple[str, str, frozenset[str]]] = set()
    for path in addresses(house):
        if path.startswith("/api/") or path in house.formless:
            continue
        page = client.get(path)
        wrong.hear(page, f"GET {path}")
        given = page.status_code == 200
        if page.status_code == 405 or (given and "html" not in page["Content-Type"]):
            house.formless.add(path)
        if not given or path in house.formless:
            continue
        parser = _Forms(path)
        parser.feed(page.content.decode())
        for method, action, fields in parser.forms:
            known = (method, NOTICE.sub("/inbox/<pk>/read/", action), frozenset(fields))
            if known in seen or LEFT_OUT.match(action.lstrip("/")):
                continue
            seen.add(known)
            if known in house.fed:
                continue
            kinds = KINDS if fields - TOKENS else {"empty": ""}
            for kind, value in kinds.items():
                sent = dict.fromkeys(fields - TOKENS, value)
                with transaction.atomic():
                    answer = getattr(client, method)(action, sent)
                    wrong.hear(answer, f"{method} {kind} {action} {sorted(sent)}")
                    transaction.set_rollback(True)
    assert seen
    wrong.tell()
    house.fed.update(seen)


@pytest.mark.parametrize("name", ["manager", "applicant", *_once("")])
def test_no_verb_breaks_on_nothing(house: House, name: str) -> None:
    """Each address posted to with an empty body, by those who may and those who may not."""
    client, wrong = house.client(name), Complaints()
    for path in [*addresses(house), *(absent(house) if name == "manager" else ())]:
        with transaction.atomic():
            answer = (
                client.post(path, {}, content_type="application/json")
                if (path.startswith("/api/"))
                else client.post(path, {})
            )
            wrong.hear(answer, f"POST {path}")
            transaction.set_rollback(True)
    wrong.tell()


# --- the API by its own description ---------------------------------------------------------

SENDERS = (*WRITERS, "auditor", "")


def test_the_api_keeps_to_its_description(house: House) -> None:
    """Each operation, sent what its description allows and what it does not, by each in turn."""
    tokens = {name: _token(house.world, name) if name else "" for name in SENDERS}
    wrong = ask_everything(Callers(tokens, house.world.program.slug))
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


def _token(world: World, name: str) -> str:
    person = world.fresh(name)
    scopes = ["read", "write", "decide", "access:decide", "events:write"]
    return create_token(user=person, scopes=scopes, by=person)[1]
