"""Faults and spans sent elsewhere: off by default, and nothing personal in them."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    # Nothing is wrapped by it in passing, as it would be for all that this process does later.
    sentry_sdk.init(dsn="", default_integrations=False, auto_enabling_integrations=False)


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


@pytest.mark.django_db
def test_a_collector_is_sent_the_spans(client: Client) -> None:
    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            got.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reporting.to_collector(f"http://127.0.0.1:{server.server_port}/v1/traces")
    try:
        client.get("/calls/")
        reporting._tracers[0].span_processor.force_flush()
    finally:
        reporting._tracers.clear()
        server.shutdown()
        server.server_close()
    assert [path for path, _ in got] == ["/v1/traces"]
    assert b"programs:" in got[0][1]
