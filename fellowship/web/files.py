"""Files between a browser and the store: taken up to a size, handed out for saving, never shown."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import FileResponse

from fellowship.kernel import blobs
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say

log = logging.getLogger(__name__)
SANDBOX: Final = "sandbox; default-src 'none'"
"""The policy of a handed out file: were a browser to show it all the same, nothing in it runs."""


class TooLarge(UploadedFile[bytes]):
    """Stands for a file that was larger than any that is taken: its name and size, no content."""


class UpToLimit(FileUploadHandler):
    """Drops a file's content as it streams in once it is larger than `MAX_FILE_BYTES`."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass on what is within the limit."""
        return raw_data if start + len(raw_data) <= settings.MAX_FILE_BYTES else None

    def file_complete(self, file_size: int) -> Any:
        """In the place of too large a file, its name and size; else the next handler's file."""
        if file_size <= settings.MAX_FILE_BYTES:
            return None
        return TooLarge(BytesIO(), self.file_name, self.content_type, file_size)


def download(sha256: str, name: str, mime: str) -> FileResponse:
    """A stored file for saving, under its name. Raises Refused where the store lost it."""
    try:
        content = blobs.read(sha256)
    except blobs.Damaged as error:
        log.exception("a stored file is damaged")
        raise Refused(
            Refusal(
                "file_damaged",
                say(
                    "The stored file is gone or no longer what was handed in, so it is "
                    "not given out. Tell the programme manager: unless its person asked "
                    "for it to be erased, a backup holds it under its SHA-256."
                ),
            )
        ) from error
    kind = f"{mime}; charset=utf-8" if mime.startswith("text/") else mime  # judged to be that
    response = FileResponse(BytesIO(content), as_attachment=True, filename=name, content_type=kind)
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
