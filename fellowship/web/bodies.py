"""JSON in and out, whatever it holds: bad input is an answer of its own, never a fault of ours."""

from __future__ import annotations

from typing import Any

from rest_framework import parsers, renderers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """JSON, where what is nested without end is bad input."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """The body as values. Raises ParseError."""
        try:
            return super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError("This JSON is nested too deep.") from error


class JSONRenderer(renderers.JSONRenderer):
    """JSON, where half a character (a lone surrogate) that was sent is named by its escape."""

    def render(self, *args: Any, **kwargs: Any) -> Any:
        """The values as UTF-8."""
        try:
            return super().render(*args, **kwargs)
        except UnicodeEncodeError:
            return _Escaped().render(*args, **kwargs)


class _Escaped(renderers.JSONRenderer):
    ensure_ascii = True
