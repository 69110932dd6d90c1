"""Faults and spans sent elsewhere: off by default, and nothing personal in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from fellowship.kernel import logs, reporting

CANARY, ADDRESS = "Zoë Canary-Feather", "zoe.canary@feather.example"


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """What a transport was given in the network's place."""
    sentry_sdk = pytest.importorskip("sentry_sdk")
    from sentry_sdk.transport import Transport

    taken: list[dict[str, Any]] = []

    class Kept(Transport):  # type: ignore[misc]
        def capture_envelope(self, envelope: Any) -> None:
            taken.extend(item.payload.json for item in envelope.items if item.payload.json)

    reporting.to_sentry("https://key@sentry.invalid/1", transport=Kept)
    yield taken
    sentry_sdk.init(dsn="")


def test_nothing_is_sent_by_default() -> None:
    assert (django_settings.SENTRY_DSN, django_settings.OTEL_ENDPOINT) == ("", "")
    reporting.begin()
    with reporting.span() as told:
        told["route"] = "x"
    assert reporting._tracers == []


def test_a_fault_is_told_without_words(sent: list[dict[str, Any]]) -> None:
    secret = f"{CANARY} {ADDRESS}"
    with logs.during(request="r-12345678", actor=17):
        try:
            raise ValueError(f"no mail for {secret}")
        except ValueError:
            logging.getLogger("django.request").exception(
                "Internal Server Error: %s", secret, extra={"who": secret}
            )
    assert len(sent) == 1
    text = json.dumps(sent, ensure_ascii=False)
    assert "Canary" not in text
    assert "feather" not in text
    [event] = sent
    assert event["tags"] == {"request": "r-12345678", "actor": "17"}
    assert event["logentry"] == {"message": "Internal Server Error: …"}
    [raised] = event["exception"]["values"]
    assert raised["type"] == "ValueError"
    assert raised["stacktrace"]["frames"][-1]["function"] == "test_a_fault_is_told_without_words"
    assert not {"request", "user", "breadcrumbs", "extra", "modules"} & set(event)


@pytest.mark.django_db
def test_a_request_is_a_span_with_its_route_and_no_address(client: Client) -> None:
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    reporting.to_collector("", exporter)
    try:
        client.get(f"/calls/?q={CANARY}", headers={"X-Request-ID": "r-12345678"})
        reporting._tracers[0].span_processor.force_flush()
    finally:
        reporting._tracers.clear()
    [span] = exporter.get_finished_spans()
    assert span.name.startswith("programs:")
    assert span.attributes["fellowship.request"] == "r-12345678"
    assert span.attributes["fellowship.status"] == 200
    assert CANARY not in span.to_json()
    assert "/calls/" not in span.to_json()
