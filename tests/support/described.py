"""The API asked by its own description: generated requests, sent by several people in turn.

How many for each operation says `FUZZ_EXAMPLES` (a few unless told), which `FUZZ_ONLY`, a part of
their addresses.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fellowship.web.reference import schema as served
from fellowship.wsgi import application

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
ONLY = os.environ.get("FUZZ_ONLY", "")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = {
    GenerationMode.POSITIVE: EXAMPLES,
    GenerationMode.NEGATIVE: max(EXAMPLES // 2, 1),
}


def few(count: int) -> hypothesis_settings:
    """So many, the same ones in every run."""
    return hypothesis_settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Callers:
    """Several people with a token each, who send in turn; and what there is for them to name."""

    tokens: Mapping[str, str]
    slug: str
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turns = itertools.cycle(self.tokens)
        self.odd = itertools.cycle((True, False))

    def named(self, path: str) -> dict[str, Any]:
        """Something that is there, for the first argument of an address: its list shows it."""
        begin, _, rest = path.partition("{")
        name = rest.partition("}")[0]
        if name == "slug":
            return {name: self.slug}
        if name and begin not in self.seen:
            self.seen[begin] = self._first(begin)
        found = self.seen.get(begin, {}).get(name)
        return {} if found is None else {name: found}

    def _first(self, begin: str) -> dict[str, Any]:
        for token in filter(None, self.tokens.values()):
            answer = Client(headers={"Authorization": f"Bearer {token}"}).get(begin)
            rows = answer.json().get("results") if answer.status_code == 200 else None
            if rows:
                return dict(rows[0])
        return {}

    def send(self, case: Any) -> None:
        """Send it, and take back what it did; raises for an answer that is not described."""
        token = self.tokens[next(self.turns)]
        if "428" in case.operation.definition.raw["responses"] and next(self.odd):
            case.headers["If-Match"] = "*"
        if token:
            case.headers["Authorization"] = f"Bearer {token}"
        with transaction.atomic():
            answer = case.call()
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)


def ask_everything(callers: Callers) -> list[str]:
    """Each operation, sent what its description allows and what it does not; what went wrong."""
    wrong: list[str] = []
    document = _bare(json.loads(served(_request()).content))
    schema = schemathesis.openapi.from_dict(document)
    schema.app = _read_and_closed
    operations = [result.ok() for result in schema.get_all_operations()]
    asked = [(one, callers.named(one.path)) for one in operations if ONLY in one.path]
    with _one_connection():
        for operation, known in asked:
            wrong += _ask(operation, callers, known)
    return wrong


def _ask(operation: Any, callers: Callers, known: Mapping[str, Any]) -> Iterator[str]:
    for mode, count in MODES.items():
        strategy = operation.as_strategy(mode, path_parameters=dict(known) or None)

        @few(count)
        @given(case=strategy)
        def ask(case: Any) -> None:
            callers.send(case)

        try:
            ask()
        except Unsatisfiable:
            continue  # there is nothing that it does not allow
        except (FailureGroup, ExceptionGroup) as failures:
            said = "; ".join(_said(failure) for failure in failures.exceptions)
            yield f"{operation.label}: {said}"


def _bare(document: dict[str, Any]) -> dict[str, Any]:
    """Without the headers that every operation takes: they have tests of their own."""
    for operations in document["paths"].values():
        for operation in operations.values():
            given = operation["parameters"]
            operation["parameters"] = [one for one in given if "$ref" not in one]
    return document


def _said(failure: Exception) -> str:
    return re.sub(r"\s+", " ", str(failure))[:400]


def _request() -> Any:
    return RequestFactory().get("/api/v1/schema/")


def _read_and_closed(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """As a server does: the answer is read to its end, and its file is closed."""
    answer = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


@contextmanager
def _one_connection() -> Iterator[None]:
    """As Django's own test client does: the connection is the test's."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)
