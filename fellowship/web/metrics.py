"""Figures for Prometheus: requests as processes counted them, and what the database says.

Requests are counted by each web process into files of `PROMETHEUS_MULTIPROC_DIR`, which gunicorn's
configuration makes, and added up when asked. What the database knows is read at that moment.
"""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from fellowship.kernel import gauges

log = logging.getLogger(__name__)
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_QUERIES: Final = (1, 5, 10, 15, 20, 25, 35, 50, 100, 250)

REQUESTS: Final = Counter(
    "fellowship_requests_total", "Requests answered.", ["route", "method", "status"]
)
SECONDS: Final = Histogram(
    "fellowship_request_seconds", "How long answers took.", ["route"], buckets=_SECONDS
)
QUERIES: Final = Histogram(
    "fellowship_request_queries", "Queries an answer took.", ["route"], buckets=_QUERIES
)
REFUSALS: Final = Counter(
    "fellowship_refusals_total", "Requests that a rule refused.", ["verb", "code"]
)
IN_PROGRESS: Final = Gauge(
    "fellowship_requests_in_progress",
    "Requests being answered: threads in use.",
    multiprocess_mode="livesum",
)


def seen(*, route: str, method: str, status: int, seconds: float, queries: int) -> None:
    """Count one request."""
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    QUERIES.labels(route).observe(queries)


def refused(verb: str, code: str) -> None:
    """Count a request that was refused: by the verb it attempted, where it came that far."""
    REFUSALS.labels(verb, code).inc()


@contextmanager
def in_progress() -> Iterator[None]:
    """Count a request as under way."""
    with IN_PROGRESS.track_inprogress():
        yield


class Told(Collector):
    """What the applications tell when asked; one that fails is left out, and the log says so."""

    def collect(self) -> Iterator[Any]:
        """Each figure with its values."""
        for gauge in gauges.every():
            try:
                values = gauge.read()
            except Exception:
                log.exception("the figure %s could not be read", gauge.name)
                continue
            if values is None:
                continue
            family = CounterMetricFamily if gauge.counter else GaugeMetricFamily
            made = family(gauge.name, gauge.words, labels=gauge.labels)
            rows = values.items() if hasattr(values, "items") else [((), values)]
            for labels, value in rows:
                made.add_metric(list(labels), float(value))
            yield made


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever holds the token or asks from an allowed network; 404 for others."""
    if not _may_read(request):
        raise Http404
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        counted = generate_latest(registry)
    else:
        counted = generate_latest(REGISTRY)
    told = CollectorRegistry()
    told.register(Told())
    return HttpResponse(counted + generate_latest(told), content_type=CONTENT_TYPE)


def _may_read(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and constant_time_compare(given, token):
        return True
    # What came through a proxy is from anywhere: the address of the proxy says nothing.
    if "X-Forwarded-For" in request.headers:
        return False
    return _is_in(request.META.get("REMOTE_ADDR", ""), settings.METRICS_NETWORKS)


def _is_in(address: str, networks: list[str]) -> bool:
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(asked in ipaddress.ip_network(network) for network in networks)


@gauges.gauge("database_connections", "Connections to the database, by state.", "state")
def database_connections() -> gauges.Values:
    """The pool: what every process of every host holds open; PostgreSQL only."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        return {(state,): float(count) for state, count in cursor.fetchall()}


@gauges.gauge("database_connections_limit", "Connections the database takes.")
def database_connections_limit() -> gauges.Values:
    """`max_connections` of the server."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        return float(cursor.fetchone()[0])
