"""What time does at the release desk: late reviews are told, and nothing leaves by silence."""

from __future__ import annotations

import datetime as dt

from access.models import ReleaseRequest
from access.release_policy import reviewers_of
from access.services.releases import REVIEW_CLOCK
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.kernel.saying import say
from fellowship.notices.services import notify

describe(REVIEW_CLOCK, label=say("Two reviews of outputs"), reminders=(1,))


@on_breach(REVIEW_CLOCK)
def review_late(clock: Clock, at: dt.datetime) -> None:
    """The desk kept silent: who reviews is told, urgently. Nothing is released by it."""
    request = ReleaseRequest.objects.select_related("fellowship").get(pk=clock.subject_id)
    notify(
        kind="access.release_overdue",
        to=reviewers_of(request),
        subject_obj=request,
        title=say("{ref}: its reviews are overdue", ref=request.ref),
        body=say("Nothing leaves until two people have reviewed it."),
        url=request.get_absolute_url(),
        urgent=True,
    )
