"""Invitations to meetings as iCalendar (RFC 5545, 5546): by mail and for download."""

from __future__ import annotations

import datetime as dt
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings

from fellowship.accounts.models import User
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices import attachments, calendar, links
from fellowship.notices.attachments import Attachment
from fellowship.notices.models import Notice
from governance.models import Meeting

KINDS = ("governance.meeting", "governance.meeting_moved", "governance.meeting_cancelled")


def invitation(meeting: Meeting, user: User, at: dt.datetime | None = None) -> bytes:
    """The meeting as an invitation of the person, or its cancellation.

    The UID stays the same for ever; SEQUENCE grows with each change, so that calendars follow.
    """
    from icalendar import Calendar, Event, vCalAddress, vText  # 5 MB that only calendars need

    cancelled = meeting.cancelled_at is not None
    invited = Calendar()
    invited.add("prodid", "-//Fellowship//Meetings//EN")
    invited.add("version", "2.0")
    invited.add("method", "CANCEL" if cancelled else "REQUEST")
    event = Event()
    event.add("uid", f"{_key(meeting)}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}")
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", (at or now()).astimezone(dt.UTC))
    event.add("dtstart", meeting.starts_at.astimezone(dt.UTC))
    event.add("dtend", meeting.ends_at.astimezone(dt.UTC))
    event.add("summary", say("Board meeting, {program}", program=meeting.program))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("url", links.absolute(meeting.get_absolute_url()))
    if meeting.place:
        event.add("location", meeting.place)
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["cn"] = vText(say("Fellowship"))
    event["organizer"] = organizer
    attendee = vCalAddress(f"mailto:{user.email}")
    attendee.params["cn"] = vText(str(user))
    attendee.params["rsvp"] = vText("FALSE")
    event.add("attendee", attendee, encode=False)
    invited.add_component(event)
    content: bytes = invited.to_ical()
    return content


def _key(meeting: Meeting) -> str:
    return f"board-meeting-{meeting.pk}"


@attachments.register(*KINDS)
def attached(notice: Notice) -> Attachment | None:
    """The invitation that goes with a notice of a meeting, as the meeting stands."""
    rows = Meeting.objects.select_related("program")
    meeting = rows.filter(pk=notice.subject_id or 0).first()
    if meeting is None:
        return None
    method = "CANCEL" if meeting.cancelled_at else "REQUEST"
    content = invitation(meeting, notice.recipient, notice.created_at)
    name = f"{_key(meeting)}.ics"
    return Attachment(name, content.decode(), f"text/calendar; method={method}; charset=utf-8")


@calendar.source
def meetings(user: User, at: dt.datetime) -> list[calendar.Entry]:
    """The meetings to come of the person's boards, for their own calendar."""
    rows = Meeting.objects.visible_to(user).filter(cancelled_at=None, starts_at__gt=at)
    return [
        calendar.Entry(
            key=_key(meeting),
            title=say("Board meeting, {program}", program=meeting.program),
            at=meeting.starts_at,
            description=meeting.place,
            path=meeting.get_absolute_url(),
        )
        for meeting in rows.select_related("program").order_by("starts_at")[:100]
    ]
