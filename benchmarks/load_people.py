"""The people of a load: each one kept connection, timed, and what the site said it took."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

SIGN_IN: Final = "/accounts/"
PATIENCE: Final = 60
"""Seconds after which an answer is not waited for any more, as proxies do."""


@dataclass
class Person:
    """One who works: a role, a session, a token for the API, and what of the record is theirs."""

    role: str
    session: str
    token: str
    theirs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    content: bytes = b""
    location: str = ""
    retry_after: str = ""

    @property
    def value(self) -> Any:
        """The JSON of it."""
        return json.loads(self.content)


@dataclass
class Seen:
    """What came of it all: seconds by kind of act, errors, and what the site said it took."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    taken: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def failed(self, what: str) -> None:
        """Count an error."""
        with self.lock:
            self.errors[what] += 1

    def took(self, kind: str, what: Any) -> None:
        """Keep what the site said it took, to be counted again."""
        with self.lock:
            self.taken[kind].append(what)


class Browser:
    """One kept connection of one person."""

    def __init__(self, url: str, person: Person, seen: Seen) -> None:
        self.person, self.seen = person, seen
        self._address = urlsplit(url)
        self._connection: http.client.HTTPConnection | None = None
        self._cookies = {"sessionid": person.session}

    def get(self, kind: str, path: str) -> Answer:
        """A page."""
        return self._act(kind, "GET", path, None, self._cookie())

    def post(self, kind: str, path: str, body: bytes, content_type: str) -> Answer:
        """A form; the way on after it is not followed."""
        return self._act(kind, "POST", path, body, self._cookie() | {"Content-Type": content_type})

    def api(self, kind: str, path: str, value: Any = None, key: str = "") -> Answer:
        """A call of the API: a reading, or with `value` a writing, known again by its `key`."""
        sent = {"Authorization": f"Bearer {self.person.token}"}
        if value is None:
            return self._act(kind, "GET", path, None, sent)
        sent |= {"Content-Type": "application/json", "Idempotency-Key": key or uuid.uuid4().hex}
        return self._act(kind, "POST", path, json.dumps(value).encode(), sent)

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    def _act(
        self, kind: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        """One request, timed. Whatever is not the answer that was asked for is an error."""
        began = time.perf_counter()
        try:
            answer = self._sent(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            self.seen.failed(f"{kind}: {type(error).__name__}")
            return Answer(0)
        spent = time.perf_counter() - began
        with self.seen.lock:
            self.seen.seconds[kind].append(spent)
        moved = answer.status in (301, 302)
        if answer.status >= 400 or (
            moved and (method == "GET" or answer.location.startswith(SIGN_IN))
        ):
            said = (
                answer.content[:200].decode(errors="replace") if b"code" in answer.content else ""
            )
            self.seen.failed(f"{kind}: {answer.status} {path.partition('?')[0]} {said}".strip())
        return answer

    def _sent(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Sent, once more where the kept connection had ended meanwhile, as browsers do."""
        kept = self._connection is not None
        try:
            return self._exchanged(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.hang_up()
            if not kept:
                raise
            return self._exchanged(method, path, body, headers)

    def _exchanged(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                str(self._address.hostname), self._address.port, timeout=PATIENCE
            )
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and value.startswith("csrftoken="):
                self._cookies["csrftoken"] = value.partition("=")[2].partition(";")[0]
        if answer.getheader("Connection", "").lower() == "close":
            self.hang_up()
        told = (answer.getheader(name, "") for name in ("Location", "Retry-After"))
        return Answer(answer.status, content, *told)

    def hang_up(self) -> None:
        """End the kept connection; the next request makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
