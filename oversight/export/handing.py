"""An export's file, handed out whole or from where an earlier download broke off."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from fellowship.kernel import blobs
from fellowship.kernel.refusals import Refusal, Refused, refuse
from fellowship.kernel.time import now
from fellowship.web.ranges import resumable
from oversight import policy
from oversight.models import Extract


def hand_out(request: HttpRequest, extract: Extract) -> HttpResponseBase:
    """The file, to who asked for it, while it is kept. Raises Refused."""
    refuse(policy.may_take_export(extract, request.user, now()))
    try:
        file = blobs.opened(extract.sha256)
    except blobs.Damaged as error:
        text = "The file is gone from the store. Ask for the export again."
        raise Refused(Refusal("file_gone", text)) from error
    return resumable(
        request,
        file,
        size=extract.size or 0,
        tag=extract.sha256,
        name=f"{extract.program.slug}-{extract.file_format}-export-{extract.pk}.zip",
        mime="application/zip",
    )
