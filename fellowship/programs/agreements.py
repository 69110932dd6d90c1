"""What binds somebody who is accepted, readable before applying: registered from below."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fellowship.programs.models import Call


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement or rule: from when it binds, and its public text.

    The text is a page (`url`) of one version (`version`), or Markdown (`text`) where the agreement
    is drawn up for each fellow and only its standing clauses are known before.
    """

    order: int
    title: str
    about: str
    binds: str
    version: str = ""
    url: str = ""
    text: str = ""


Provider = Callable[["Call"], Iterable[Agreement]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Add a provider, asked with the call; usable as a decorator."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def of(call: Call) -> list[Agreement]:
    """Everything one would be bound by, in the order in which it begins to bind."""
    found = [agreement for provider in _providers for agreement in provider(call)]
    return sorted(found, key=lambda agreement: agreement.order)
