"""The verbs of meetings: call, write and approve minutes; and deputies for absent members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders, seat_of
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from governance import links
from governance.models import Delegation, Meeting
from governance.policy import meetings as policy
from governance.policy.common import text_given


@journal.verb("governance.call_meeting")
def call_meeting(*, program: Program, starts_at: dt.datetime, by: Actor) -> Meeting:
    """Call a meeting. One already called for that time is returned."""
    Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_call_for(program, starts_at, by))
    meeting, created = Meeting.objects.get_or_create(
        program=program, starts_at=starts_at, cancelled_at=None
    )
    if created:
        journal.record(subject=meeting, change={"starts_at": starts_at})
        notify(
            kind="governance.meeting",
            to=holders(program, roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER),
            subject_obj=meeting,
            realm=program.pk,
            title=f"Meeting of the board on {starts_at:%-d %B %Y, %H:%M} UTC",
            url=meeting.get_absolute_url(),
        )
    return meeting


@journal.verb("governance.cancel_meeting")
def cancel_meeting(*, meeting: Meeting, by: User, reason: str) -> Meeting:
    """Cancel a meeting that has no minutes, and tell those called. Once is enough."""
    meeting = Meeting.objects.locked().select_related("program").get(pk=meeting.pk)
    if meeting.cancelled_at is not None:
        return meeting
    refuse(policy.may_cancel(meeting, by))
    refuse(text_given(reason, "reason", "Say why it is cancelled: those who were called read it."))
    meeting.cancelled_at, meeting.cancelled_by = now(), by
    meeting.save()
    journal.record(subject=meeting, change={"cancelled_at": meeting.cancelled_at})
    notify(
        kind="governance.meeting_cancelled",
        to=holders(meeting.program, roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER),
        subject_obj=meeting,
        realm=meeting.program_id,
        title=f"Cancelled: meeting of the board on {_said(meeting.starts_at)}",
        body=reason.strip(),
        url=meeting.get_absolute_url(),
    )
    return meeting


@journal.verb("governance.write_minutes")
def write_minutes(
    *, meeting: Meeting, minutes: str, attendance: Sequence[int], by: User
) -> Meeting:
    """Write who attended (user ids) and what was said. The same again changes nothing."""
    meeting = Meeting.objects.locked().get(pk=meeting.pk)
    refuse(policy.may_write(meeting, by))
    present = sorted(set(attendance))
    if (meeting.minutes, meeting.attendance) == (minutes, present):
        return meeting
    meeting.minutes, meeting.attendance = minutes, present
    meeting.save()
    journal.record(subject=meeting, change={"attendance": present})
    return meeting


@journal.verb("governance.approve_minutes")
def approve_minutes(*, meeting: Meeting, by: User) -> Meeting:
    """Approve the minutes: they never change again. Once is enough."""
    meeting = Meeting.objects.locked().get(pk=meeting.pk)
    if meeting.approved_at is not None:
        return meeting
    refuse(policy.may_approve(meeting, by))
    meeting.approved_at, meeting.approved_by = now(), by
    meeting.save()
    journal.record(subject=meeting)
    return meeting


@journal.verb("governance.name_deputy")
def name_deputy(
    *,
    program: Program,
    deputy: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    by: User,
    reason: str = "",
) -> Delegation:
    """Let another vote for one's seat during an absence, where the ballot rule allows it."""
    Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_deputise(program, deputy, starts_at, ends_at, by))
    delegation, created = Delegation.objects.get_or_create(
        program=program,
        seat=seat_of(by, program.pk),
        member=by,
        deputy=deputy,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    if created:
        notify(
            kind="governance.deputy",
            to=[deputy],
            subject_obj=delegation,
            realm=program.pk,
            title=f"You vote for {by} in the {delegation.get_seat_display().lower()} seat",
            body=f"From {_said(starts_at)} until {_said(ends_at)}.\n\n{reason}".strip(),
            url=links.to("deputies"),
        )
        change = {"seat": delegation.seat, "from": starts_at, "until": ends_at}
        journal.record(subject=delegation, change=change)
    return delegation


def _said(at: dt.datetime) -> str:
    return f"{at:%-d %B %Y, %H:%M} UTC"
