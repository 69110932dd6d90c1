"""What happens by itself: a contest nobody answered is told, a tracker's answer is kept."""

from __future__ import annotations

import datetime as dt
import json
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from fellowship.accounts import roles
from fellowship.accounts.queries import holders
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say
from fellowship.notices.models import Delivery
from fellowship.notices.services import notify
from fellowship.notices.webhooks import kinds
from fellowship.notices.webhooks.posting import Answer
from findings.change_states import ChangeState
from findings.models import ChangeRequest, Contest
from findings.services import link_tracker
from findings.services.changes import KIND
from findings.services.translation import CONTEST_CLOCK

describe(CONTEST_CLOCK, label=say("Answer to a contested suggestion"))
BY: Final = System("tracker")
_https = URLValidator(schemes=["https"])


@on_breach(CONTEST_CLOCK)
def tell_unanswered(clock: Clock, at: dt.datetime) -> None:
    """Tell the manager again, and the sponsor."""
    contest = Contest.objects.select_related("program__realm").get(pk=clock.subject_id)
    notify(
        kind="findings.contest",
        to=list(holders(contest.program_id, roles.MANAGER, roles.SPONSOR)),
        subject_obj=contest,
        realm=contest.program.realm,
        title=say("{ref} was not answered in time", ref=contest.ref),
        body=contest.reason,
        url=contest.get_absolute_url(),
        urgent=True,
        dedupe=f"contest:{contest.pk}:{clock.pk}",
    )


def arrived(delivery: Delivery, answer: Answer) -> None:
    """Keep the link a tracker answered with: `{"url": "https://…", "key": "ENG-412"}`."""
    change = ChangeRequest.objects.filter(pk=delivery.subject_id or 0).first()
    found = _link(answer.text)
    if change and found and not change.tracker_url and change.state != ChangeState.WITHDRAWN:
        link_tracker(change_request=change, tracker_url=found[0], tracker_key=found[1], by=BY)


def _link(text: str) -> tuple[str, str] | None:
    try:
        said = json.loads(text)
        url, key = said["url"], said.get("key", "")
        _https(url)
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError):
        return None
    return (url, str(key)[:100]) if len(url) <= 500 else None


kinds.register(
    KIND,
    say("Change requests asked of the receiving team"),
    arrived,
    data=kinds.object_of(
        event={"enum": ["requested", "withdrawn"]},
        reason=kinds.TEXT,
        change_request=kinds.object_of(
            ref=kinds.TEXT,
            title=kinds.TEXT,
            description=kinds.TEXT,
            state={"enum": ChangeState.values},
            url=kinds.ADDRESS,
            report_to=kinds.ADDRESS,
            tracker_url=kinds.TEXT,
            tracker_key=kinds.TEXT,
        ),
        finding=kinds.object_of(
            ref=kinds.TEXT,
            severity=kinds.TEXT,
            due_at={"type": ["string", "null"], "format": "date-time"},
            url=kinds.ADDRESS,
        ),
        control={"type": ["string", "null"]},
    ),
    example={
        "event": "requested",
        "reason": "",
        "change_request": {
            "ref": "CR-2026-001",
            "title": "End sessions after 35 turns",
            "description": "",
            "state": "open",
            "url": "https://fellowship.example.org/triage/changes/CR-2026-001/",
            "report_to": "https://fellowship.example.org/api/v1/change-requests/CR-2026-001/report/",
            "tracker_url": "",
            "tracker_key": "",
        },
        "finding": {
            "ref": "F-2026-001",
            "severity": "high",
            "due_at": "2026-12-08T17:00:00+00:00",
            "url": "https://fellowship.example.org/triage/F-2026-001/",
        },
        "control": "C-2026-001",
    },
)
