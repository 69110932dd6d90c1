"""Where messages may go: to public https addresses, never into our own network.

An address given by a person could make this server ask its own network for things (server-side
request forgery). The form of the address is judged when it is entered; what its name resolves to is
judged at every attempt, and the connection goes to the very address that was judged.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say

MAX_LENGTH: Final = 500
Number = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
PORTS: Final = {"https": 443, "http": 80}


NOT_FOUND: Final = say("The address could not be found.")


class Forbidden(OSError):
    """Nothing is sent to the address; its text says why, without parts to be filled in."""


@dataclass(frozen=True, slots=True)
class Address:
    """A web address taken apart: `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str


def inside_allowed() -> bool:
    """Whether addresses of the own network are allowed: systems there, demonstration, tests."""
    return bool(getattr(settings, "WEBHOOKS_ALLOW_PRIVATE", False))


def _listed(host: str) -> bool:
    """Whether the operator lets messages go to this host; to any where none is listed."""
    return not settings.WEBHOOKS_HOSTS or validate_host(host, settings.WEBHOOKS_HOSTS)


def problem(url: str) -> Refusal | None:
    """Why nothing is sent to `url`, as far as its form tells."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return _refused(say("This is no web address."))
    odd = len(url) > MAX_LENGTH or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url)
    named = parts.username is not None or parts.password is not None or parts.fragment
    literal = _literal(parts.hostname or "")
    problems = {
        say("This is no web address."): odd,
        say("Give a whole address that begins with https://."): (
            parts.scheme not in PORTS or not parts.hostname or port == 0
        ),
        say("Only https addresses are sent to: what is sent is confidential."): (
            parts.scheme != "https" and (settings.PRODUCTION or not inside_allowed())
        ),
        say("Leave out names, passwords and fragments: messages are signed instead."): named,
        say("This address lies in a private network; nothing is sent there."): (
            literal is not None and not _public(literal)
        ),
        say("Its host is not among those that messages may go to (WEBHOOKS_HOSTS)."): not _listed(
            parts.hostname or ""
        ),
    }
    return next((_refused(reason) for reason, holds in problems.items() if holds), None)


def _refused(reason: str) -> Refusal:
    return Refusal("bad_address", reason, field="url")


def parse(url: str) -> Address:
    """The address of `url`; raises Forbidden where nothing is sent to it."""
    refusal = problem(url)
    if refusal:
        raise Forbidden(refusal.reason)
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    return Address(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme], path)


def resolve(address: Address) -> str:
    """The one numeric address to connect to.

    Raises Forbidden where any that the name has lies inside: a name with both is a trap.
    """
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not numbers:
        raise Forbidden(NOT_FOUND)
    for number in numbers:
        if not _public(ipaddress.ip_address(number)):
            raise Forbidden(say("The address leads into a private network."))
    return numbers[0]


def _literal(host: str) -> Number | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _public(number: Number) -> bool:
    """Whether it lies outside every private network, also as what an IPv6 address carries."""
    if inside_allowed():
        return True
    return all(one.is_global and not one.is_multicast for one in (number, *_carried(number)))


def _carried(number: Number) -> list[Number]:
    """The IPv4 addresses inside an IPv6 one: mapped, 6to4, NAT64, Teredo."""
    if isinstance(number, ipaddress.IPv4Address):
        return []
    teredo = number.teredo or ()
    nat64 = [ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)] if number in NAT64 else []
    return [one for one in (number.ipv4_mapped, number.sixtofour, *teredo, *nat64) if one]
