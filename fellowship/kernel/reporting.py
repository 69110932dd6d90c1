"""Faults to Sentry and spans to OpenTelemetry, where an operator asks for them; off otherwise.

Neither library is needed: each is an extra of the package. What is sent is put together anew from
what the log may tell as well, not taken from the libraries: no words of an error, no variables, no
address or body of a request, no person but by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings

from fellowship.kernel import logs

_KEPT: Final = ("event_id", "timestamp", "level", "platform", "release", "environment", "logger")
_FRAME: Final = ("filename", "abs_path", "module", "function", "lineno", "in_app")
_tracers: list[Any] = []


def begin() -> None:
    """Begin what the settings name; raises ImportError with the extra to install."""
    if settings.SENTRY_DSN:
        to_sentry(settings.SENTRY_DSN)
    if settings.OTEL_ENDPOINT:
        to_collector(settings.OTEL_ENDPOINT)


def to_sentry(dsn: str, **more: Any) -> None:
    """Send faults. Nothing of the library's own looking at requests, users and queries is on."""
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        dsn=dsn,
        release=settings.VERSION,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=40)],
        before_send=scrubbed,
        **more,
    )


def scrubbed(event: Any, hint: Any = None) -> Any:
    """The event made anew of what may be told."""
    sent = {name: event[name] for name in _KEPT if name in event}
    sent["tags"] = {name: str(value) for name, value in logs.about().items() if value}
    record = (hint or {}).get("log_record")
    if record is not None:
        sent["logentry"] = {"message": logs.plain_message(record)}
    raised = (event.get("exception") or {}).get("values") or []
    if raised:
        sent["exception"] = {"values": [_raised(one) for one in raised]}
    return sent


def _raised(one: Any) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames") or []
    kept = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    return {"type": one.get("type"), "module": one.get("module"), "stacktrace": {"frames": kept}}


def to_collector(endpoint: str, exporter: Any = None) -> None:
    """Send a span for each request and task, in batches beside the work."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=endpoint)
    told = Resource.create({"service.name": "fellowship", "service.version": settings.VERSION})
    provider = TracerProvider(resource=told)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracers[:] = [provider.get_tracer("fellowship")]


@contextmanager
def span(**told: Any) -> Iterator[dict[str, Any]]:
    """A span of what is done inside; what is put into the value it gives is told with it."""
    if not _tracers:
        yield told
        return
    with _tracers[0].start_as_current_span("request", record_exception=False) as open_span:
        try:
            yield told
        finally:
            known = {**logs.about(), **told}
            open_span.update_name(str(known.get("task") or known.get("route") or "request"))
            for name in logs.FIELDS:
                if known.get(name) not in (None, ""):
                    open_span.set_attribute(f"fellowship.{name}", known[name])
