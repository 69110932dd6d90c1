"""The main navigation: applications register entries, each shown to those who may use it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.urls import NoReverseMatch, reverse

from fellowship.kernel.saying import say

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from fellowship.accounts.models import User

    Person = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry; `visible` and `badge` are asked with the person of the request."""

    label: str
    url_name: str
    visible: Callable[[Any], bool]
    section: str
    order: int
    rail: bool
    badge: Callable[[Any], int] | None


@dataclass(frozen=True, slots=True)
class NavLink:
    """An entry as shown to one person on one page."""

    label: str
    url: str
    section: str
    current: bool
    count: int


_ABOUT: Final = {
    "public": say("Calls and rules"),
    "rules": say("Calls and rules"),
    "portal": say("Programme"),
    "office": say("Programme"),
    "board": say("Board and alarms"),
    "health": say("Board and alarms"),
    "access": say("Data"),
    "triage": say("Findings"),
    "publications": say("Publications"),
    "audit": say("Audit and data protection"),
    "retention": say("Audit and data protection"),
}
"""What the entries of each section are about, in the order a page names them."""
_entries: list[NavEntry] = []
_unread: list[Callable[[Any], int]] = []


def register(
    label: str,
    url_name: str,
    *,
    visible: Callable[[Any], bool] = lambda user: user.is_authenticated,
    section: str = "portal",
    order: int = 50,
    rail: bool = False,
    badge: Callable[[Any], int] | None = None,
) -> None:
    """Add an entry to the main navigation, and to the rail “My work” where `rail` is set.

    Registering the same label and URL name again replaces the entry.
    """
    _entries[:] = [e for e in _entries if (e.label, e.url_name) != (label, url_name)]
    _entries.append(NavEntry(label, url_name, visible, section, order, rail, badge))
    _entries.sort(key=lambda e: (e.order, e.label))


def register_unread(count: Callable[[Any], int]) -> None:
    """Name the function that counts a person's unread notices."""
    _unread[:] = [count]


def unread(user: Any) -> int:
    """Unread notices of a signed-in person."""
    return _unread[0](user) if _unread and user.is_authenticated else 0


def entries(user: Any) -> list[NavEntry]:
    """The entries `user` may see, in order."""
    return [entry for entry in _entries if _reverse(entry.url_name) and entry.visible(user)]


def links(
    user: Any, path: str, *, rail: bool = False, seen: list[NavEntry] | None = None
) -> list[NavLink]:
    """The entries `user` may see, in order: those of the rail, or those of the top bar.

    The entry with the longest matching URL is current; on a page of the rail, that is home above.
    `seen` is what the person was found to see already.
    """
    seen = entries(user) if seen is None else seen
    shown = [(entry, _reverse(entry.url_name)) for entry in seen]
    current = _current((url for entry, url in shown if entry.rail), path)
    if not rail:
        above = _current((url for entry, url in shown if not entry.rail), path)
        current = "/" if len(current) > len(above) else above
    return [
        NavLink(e.label, url, e.section, url == current, e.badge(user) if e.badge else 0)
        for e, url in shown
        if e.rail == rail
    ]


def rooms(entries: Iterable[NavLink]) -> list[tuple[str, list[NavLink]]]:
    """Where else a person may look: the entries but the present one, by what they are about."""
    found: dict[str, list[NavLink]] = {}
    for link in entries:
        if not link.current:
            found.setdefault(_ABOUT.get(link.section, link.section), []).append(link)
    return [(name, found[name]) for name in dict.fromkeys(_ABOUT.values()) if name in found]


def places() -> dict[str, str]:
    """What the addresses in the navigation are called; the top bar's word before the rail's."""
    shown = sorted(_entries, key=lambda entry: not entry.rail)
    return {url: entry.label for entry in shown if (url := _reverse(entry.url_name))}


def unresolved() -> list[NavEntry]:
    """Entries whose URL does not exist, for the system check."""
    return [entry for entry in _entries if not _reverse(entry.url_name)]


@functools.cache
def _reverse(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _current(urls: Iterable[str], path: str) -> str:
    matching = [u for u in urls if path == u or (u != "/" and path.startswith(u))]
    return max(matching, key=len, default="")
