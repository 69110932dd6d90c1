"""The body of a report: bytes as sent, unpacked within bounds, before anything is read from it."""

from __future__ import annotations

import zlib
from typing import Any, Final

from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

BODY_MAX: Final = 10_000_000
"""Bytes as sent."""
PLAIN_MAX: Final = 60_000_000
"""Bytes once unpacked: what gzip may blow the body up to."""
ROWS_MAX: Final = 100_000
_GZIP: Final = b"\x1f\x8b"
_CODINGS: Final = ("", "identity", "gzip", "x-gzip")


class TooLarge(APIException):
    """The body is larger than is taken at once."""

    status_code = 413
    default_detail = f"The body is larger than {BODY_MAX:,} bytes: send fewer events at once."
    default_code = "too_large"


class Lines(BaseParser):
    """The body as bytes, unpacked where it is gzip; whatever it calls itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Raises 413 for too much, 400 for broken gzip, 415 for what is packed otherwise."""
        request = (parser_context or {}).get("request")
        coding = request.headers.get("Content-Encoding", "").lower() if request else ""
        if coding not in _CODINGS:
            raise UnsupportedMediaType(coding, f"The body may be gzip or plain, not {coding[:40]}.")
        body = stream.read(BODY_MAX + 1)
        if len(body) > BODY_MAX:
            raise TooLarge
        return unpacked(body) if body.startswith(_GZIP) else body


def unpacked(body: bytes) -> bytes:
    """All members of the gzip, one after the other. Raises TooLarge and ParseError."""
    plain, size = [], 0
    while body:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            plain.append(unpacker.decompress(body, PLAIN_MAX + 1 - size))
        except zlib.error as error:
            raise ParseError("The body is no readable gzip.") from error
        size += len(plain[-1])
        if size > PLAIN_MAX:
            raise TooLarge(f"Unpacked, the body is larger than {PLAIN_MAX:,} bytes.")
        if not unpacker.eof:
            raise ParseError("The gzip ends early.")
        body = unpacker.unused_data.lstrip(b"\0")
    return b"".join(plain)
