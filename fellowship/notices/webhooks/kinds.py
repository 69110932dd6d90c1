"""Which kinds of message there are, what each says, and who must know that one arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fellowship.kernel.saying import say
from fellowship.notices.models import Delivery
from fellowship.notices.webhooks.posting import Answer

Arrived = Callable[[Delivery, Answer], None]
Schema = Mapping[str, Any]
TEST: Final = "webhooks.test"
TEXT: Final[Schema] = {"type": "string"}
INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
ADDRESS: Final[Schema] = {"type": "string", "format": "uri"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: `data` is the JSON Schema of what it says, `example` one such."""

    key: str
    label: str
    data: Schema = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)
    arrived: Arrived | None = None


def object_of(**properties: Any) -> dict[str, Any]:
    """The schema of an object with exactly these."""
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


_known: dict[str, Kind] = {
    TEST: Kind(
        TEST,
        say("Test message"),
        object_of(endpoint=TEXT, note=TEXT),
        {"endpoint": "HOOK-2026-001", "note": "This is a test. Nothing has happened."},
    )
}


def register(
    kind: str,
    label: str,
    arrived: Arrived | None = None,
    *,
    data: Schema,
    example: Mapping[str, Any],
) -> None:
    """Name a kind of message in words, with the JSON Schema of its `data` and an example of it.

    `arrived(delivery, answer)` runs in the transaction that notes the delivery as taken; where it
    raises, the delivery is tried again.
    """
    _known[kind] = Kind(kind, label, data, example, arrived)


def catalogue() -> list[Kind]:
    """Every kind there is, by key."""
    return [_known[key] for key in sorted(_known)]


def envelope(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a whole message of this kind."""
    return object_of(type={"const": kind.key}, timestamp=INSTANT, data=dict(kind.data))


def example(kind: Kind) -> dict[str, Any]:
    """A whole message of this kind."""
    return {"type": kind.key, "timestamp": "2026-11-23T09:00:00Z", "data": dict(kind.example)}


def choices() -> list[tuple[str, str]]:
    """The kinds an endpoint can take; the test message goes to all."""
    return [(one.key, one.label) for one in _known.values() if one.key != TEST]


def every() -> list[tuple[str, str]]:
    """Every kind that may have been sent, in words."""
    return [(one.key, one.label) for one in _known.values()]


def label(kind: str) -> str:
    """The kind in words."""
    return _known[kind].label if kind in _known else kind


def arrived(delivery: Delivery, answer: Answer) -> None:
    """Tell whoever must know."""
    known = _known.get(delivery.kind)
    if known is not None and known.arrived is not None:
        known.arrived(delivery, answer)
