"""Which kinds of message there are, and who must know that one arrived; applications register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fellowship.notices.models import Delivery
from fellowship.notices.webhooks.posting import Answer

Arrived = Callable[[Delivery, Answer], None]
TEST: Final = "webhooks.test"

_labels: dict[str, str] = {TEST: "Test message"}
_arrived: dict[str, Arrived] = {}


def register(kind: str, label: str, arrived: Arrived | None = None) -> None:
    """Name a kind of message in words.

    `arrived(delivery, answer)` runs in the transaction that notes the delivery as taken; where it
    raises, the delivery is tried again.
    """
    _labels[kind] = label
    if arrived is not None:
        _arrived[kind] = arrived


def choices() -> list[tuple[str, str]]:
    """The kinds an endpoint can take; the test message goes to all."""
    return [(kind, label) for kind, label in _labels.items() if kind != TEST]


def label(kind: str) -> str:
    """The kind in words."""
    return _labels.get(kind, kind)


def arrived(delivery: Delivery, answer: Answer) -> None:
    """Tell whoever must know."""
    if handler := _arrived.get(delivery.kind):
        handler(delivery, answer)
