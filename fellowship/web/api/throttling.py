"""How often one may call, counted by the minute, and said with every answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

if TYPE_CHECKING:
    from django.http import HttpResponseBase
    from rest_framework.request import Request

_SAID: Final = "rate_limits"


class Window(SimpleRateThrottle):
    """At most so many in each window of time, by one atomic count in the cache."""

    num_requests: int | None
    duration: int | None
    rest = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether this call is within the limit; remembers what is left, for the answer."""
        key = self.get_cache_key(request, view) if self.rate else None
        most, seconds = self.num_requests, self.duration
        if not key or most is None or not seconds:
            return True
        number, passed = divmod(self.timer(), seconds)
        self.rest = math.ceil(seconds - passed)
        count = self._counted(f"{key}_{int(number)}", seconds)
        said = (self.scope, most, seconds, max(most - count, 0), self.rest)
        request._request.__dict__.setdefault(_SAID, []).append(said)
        return count <= most

    def _counted(self, key: str, seconds: int) -> int:
        if self.cache.add(key, 1, seconds):
            return 1
        try:
            return int(self.cache.incr(key))
        except ValueError:  # it ended in this very moment
            self.cache.set(key, 1, seconds)
            return 1

    def wait(self) -> float:
        """Seconds until the next window."""
        return float(self.rest)


class PerVisitor(Window, AnonRateThrottle):
    """Those not signed in, by their address."""


class PerPerson(Window, UserRateThrottle):
    """Those signed in, each by who they are, with whatever token."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Visitors are counted by `PerVisitor` alone."""
        if not (request.user and request.user.is_authenticated):
            return None
        return super().get_cache_key(request, view)


def say_limits(request: Any, response: HttpResponseBase) -> None:
    """The headers of draft-ietf-httpapi-ratelimit-headers."""
    said = getattr(request, _SAID, ())
    if said:
        response["RateLimit-Policy"] = ", ".join(f'"{s}";q={q};w={w}' for s, q, w, _, _ in said)
        response["RateLimit"] = ", ".join(f'"{s}";r={r};t={t}' for s, _, _, r, t in said)
