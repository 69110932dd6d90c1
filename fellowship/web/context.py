"""What the layout needs on every page, computed only when a page is laid out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject, cached_property

from fellowship.accounts.queries import holds_anywhere
from fellowship.accounts.roles import ROLES
from fellowship.kernel import saying, time
from fellowship.web.components.times import zone_name
from fellowship.web.nav import NavEntry, NavLink, entries, links, rooms
from fellowship.web.nav import unread as unread_count

SCHEME_COOKIE = f"{settings.COOKIE_PREFIX}scheme"
KEYS_COOKIE = f"{settings.COOKIE_PREFIX}keys"
SCHEMES = ("light", "dark")
BAR = 7
"""Entries of the main navigation that fit into the bar, “More” among them."""
LETTERS = 66
"""Letters of their names that fit into it, in any language."""


class Layout:
    """The frame of one page: who reads it, where they may go, how they want it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    @cached_property
    def nav(self) -> list[NavLink]:
        """The main navigation."""
        return self._links(rail=False)

    @cached_property
    def _seen(self) -> list[NavEntry]:
        return entries(self.user)

    def _links(self, *, rail: bool) -> list[NavLink]:
        if not self.user:
            return []
        return links(self.user, self.request.path, rail=rail, seen=self._seen)

    @cached_property
    def near(self) -> list[NavLink]:
        """The entries shown in the bar: as many as fit beside the brand, on one line."""
        shown = list(self.nav)
        while (
            len(shown) + (len(shown) < len(self.nav)) > BAR
            or sum(len(str(link.label)) for link in shown) > LETTERS
        ):
            shown.pop()
        return shown

    @property
    def far(self) -> list[NavLink]:
        """The entries behind “More”."""
        return self.nav[len(self.near) :]

    @property
    def far_current(self) -> bool:
        """Whether the present page is one of those behind “More”."""
        return any(link.current for link in self.far)

    @property
    def rooms(self) -> list[tuple[str, list[NavLink]]]:
        """The main navigation but the present page, by what it is about."""
        return rooms(self.nav)

    @property
    def on_rail(self) -> bool:
        """Whether this page is itself one of the rail's."""
        return any(link.url == self.request.path for link in self.rail)

    @cached_property
    def rail(self) -> list[NavLink]:
        """The rail “My work”."""
        return self._links(rail=True)

    @cached_property
    def unread(self) -> int:
        """Unread notices."""
        return unread_count(self.user) if self.user else 0

    @property
    def scheme(self) -> str:
        """The colour scheme chosen by hand; empty follows the device."""
        chosen = self.request.COOKIES.get(SCHEME_COOKIE, "")
        return chosen if chosen in SCHEMES else ""

    @property
    def takes_part(self) -> bool:
        """Whether the person has a part in some programme, and so may raise its alarms."""
        return bool(self.user) and holds_anywhere(self.user, *ROLES)

    @property
    def language(self) -> str:
        """The language of the page, as HTML names it."""
        return saying.tag()

    @property
    def keys(self) -> bool:
        """Whether single-key shortcuts are on."""
        return self.request.COOKIES.get(KEYS_COOKIE) != "off"

    @property
    def demo(self) -> bool:
        """Whether this is the demonstration, where people may be tried on."""
        return bool(getattr(settings, "DEMO", False))

    @property
    def version(self) -> str:
        """The application's version."""
        return str(getattr(settings, "VERSION", ""))

    @property
    def zone(self) -> str:
        """The zone times are shown in."""
        name = timezone.get_current_timezone_name()
        short = zone_name(timezone.localtime(time.now()))
        return name if name == short else f"{name} ({short})"

    @property
    def request_id(self) -> str:
        """The request's id, for error pages."""
        return str(getattr(self.request, "id", ""))


def web(request: HttpRequest) -> dict[str, Any]:
    """`layout` for templates."""
    return {"layout": SimpleLazyObject(lambda: Layout(request))}
