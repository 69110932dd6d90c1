"""What other applications add to the public page of a call: its rubric, who decides, past figures.

They stand below in the import ladder, so they register here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fellowship.programs.models import Call


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its template gets `call`, `request`, `user` and `part` (with `context`).

    `aside` puts it beside the text.
    """

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 50
    aside: bool = False
    anchor: str = ""
    """The id its template gives it, for the list of what is on the page; empty leaves it out."""


Provider = Callable[["Call", Any], Iterable[Part]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Add a provider, asked with the call and the person; usable as a decorator."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def of(call: Call, user: Any) -> list[Part]:
    """Every part of the call's page for this person, in order."""
    found = [part for provider in _providers for part in provider(call, user)]
    return sorted(found, key=lambda part: part.order)
