"""What a visitor sees first: the calls that are open, from whoever publishes calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call as the public page shows it."""

    title: str
    url: str
    summary: str = ""
    program: str = ""
    closes_at: dt.datetime | None = None
    ref: str = ""


Provider = Callable[[dt.datetime], Iterable[OpenCall]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Add a provider of open calls, asked with the present instant."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def open_calls(at: dt.datetime) -> list[OpenCall]:
    """The calls open at `at`, those that close first on top."""
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    calls = [call for provider in _providers for call in provider(at)]
    return sorted(calls, key=lambda call: (call.closes_at or far, call.title))
