"""Large files handed out so that a download that broke off goes on where it stopped (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

BLOCK: Final = 1 << 20
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


def resumable(
    request: HttpRequest, file: IO[bytes], *, size: int, tag: str, name: str, mime: str
) -> HttpResponseBase:
    """The file for saving as `name`: whole, or the one range of bytes that was asked for.

    `tag` names these very bytes: a range of another file's (`If-Range`) is answered by the whole.
    The file is closed when the answer is.
    """
    etag = f'"{tag}"'
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        asked = ""
    part = _part(asked, size)
    if part is None and _RANGE.fullmatch(asked):
        file.close()
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    start, end = part or (0, size)
    response = StreamingHttpResponse(
        _Part(file, start, end), status=206 if part else 200, content_type=mime
    )
    if part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Content-Length"] = str(end - start)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-store"
    return response


def starts_anew(request: HttpRequest) -> bool:
    """Whether the download begins here, and is not the rest of one that broke off."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    return request.method == "GET" and (found is None or found[1] in ("", "0"))


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """The one range as start and end (exclusive); None where there is none that can be given.

    Several ranges at once are answered by the whole file, as the standard allows.
    """
    found = _RANGE.fullmatch(asked)
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else None
    start, end = int(first), min(int(last) + 1 if last else size, size)
    return (start, end) if start < end else None


class _Part:
    """The bytes of a file from start to end, by blocks; Django closes it with the answer."""

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        self._file, self._start, self._end = file, start, end

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self._end - self._start
        while left > 0 and (block := self._file.read(min(BLOCK, left))):
            left -= len(block)
            yield block

    def close(self) -> None:
        self._file.close()
