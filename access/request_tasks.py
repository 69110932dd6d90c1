"""What time does to a request for data: who holds it is reminded, and nothing opens by silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from access.models import AccessRequest
from access.services.waiting import DECISION_CLOCK
from access.states import RequestState
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach, on_reminder
from fellowship.kernel.saying import say
from fellowship.notices.services import notify

describe(DECISION_CLOCK, label=say("Access: from the request to its decision"), reminders=(3,))


@on_breach(DECISION_CLOCK)
def request_late(clock: Clock, at: dt.datetime) -> None:
    """Nobody decided in time: the steward and the managers are told, and access stays closed."""
    request = _of(clock)
    people = {request.dataset.steward, *holders(request.program_id, roles.MANAGER)}
    _tell(
        request,
        people,
        kind="access.request_late",
        title=say("{ref} waits for longer than our standard", ref=request.ref),
        body=say(
            "It should have been decided by {due_at:%-d %B %Y}. Access stays closed until then.",
            due_at=request.fellowship.program.last_day(clock.due_at),
        ),
        dedupe=f"access.request_late:{clock.pk}",
        urgent=True,
    )


@on_reminder(DECISION_CLOCK)
def remind_desk(clock: Clock, days: int, at: dt.datetime) -> None:
    """Tell whose turn it is how long is left: the steward, after the check the managers."""
    request = _of(clock)
    steward = request.state == RequestState.REQUESTED
    people = [request.dataset.steward] if steward else holders(request.program_id, roles.MANAGER)
    _tell(
        request,
        people,
        kind="access.request_due",
        title=say("{ref} should be decided soon", ref=request.ref),
        body=say(
            "By our standard until {due_at:%-d %B %Y}.",
            due_at=request.fellowship.program.last_day(clock.due_at),
        ),
        dedupe=f"access.request_due:{clock.pk}:{days}:{clock.due_at:%Y%m%d}",
    )


def _of(clock: Clock) -> AccessRequest:
    rows = AccessRequest.objects.select_related("dataset__steward", "fellowship")
    return rows.get(pk=clock.subject_id)


def _tell(
    request: AccessRequest,
    people: Iterable[User],
    *,
    kind: str,
    title: str,
    body: str,
    dedupe: str,
    urgent: bool = False,
) -> None:
    """Tell those who may see it: not who declared a conflict about it or its case."""
    this = AccessRequest.objects.filter(pk=request.pk)
    notify(
        kind=kind,
        to=[user for user in people if this.visible_to(user).exists()],
        subject_obj=request,
        title=title,
        body=body,
        url=request.get_absolute_url(),
        urgent=urgent,
        dedupe=dedupe,
    )
