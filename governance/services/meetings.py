"""The verbs of meetings: call, move, cancel, who is there; and deputies for absent members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import forget_what_is_held, holders, seat_of
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from governance import links
from governance.models import Delegation, Meeting
from governance.policy import meetings as policy
from governance.policy.common import text_given


@journal.verb("governance.call_meeting")
def call_meeting(
    *, program: Program, starts_at: dt.datetime, by: Actor, duration: int = 60, place: str = ""
) -> Meeting:
    """Call a meeting of `duration` minutes. One already called for that time is returned."""
    Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_call_for(program, starts_at, by))
    meeting, created = Meeting.objects.get_or_create(
        program=program,
        starts_at=starts_at,
        cancelled_at=None,
        defaults={"duration": duration, "place": place.strip()},
    )
    if created:
        journal.record(subject=meeting, change={"starts_at": starts_at})
        tell_called([meeting])
    return meeting


@journal.verb("governance.move_meeting")
def move_meeting(*, meeting: Meeting, starts_at: dt.datetime, by: User, reason: str) -> Meeting:
    """Move a meeting that has not begun to another time, and send the invitation anew."""
    meeting = Meeting.objects.locked().select_related("program").get(pk=meeting.pk)
    if meeting.starts_at == starts_at:
        return unchanged(meeting, policy.may_move(meeting, starts_at, by))
    refuse(policy.may_move(meeting, starts_at, by))
    refuse(text_given(reason, "reason", say("Say why it is moved: those who were called read it.")))
    before, meeting.starts_at = meeting.starts_at, starts_at
    meeting.sequence += 1
    meeting.save()
    journal.record(subject=meeting, change={"before": before, "starts_at": starts_at})
    _tell(
        "governance.meeting_moved",
        meeting,
        say("Moved: meeting of the board, now {said}", said=_said(starts_at)),
        say("It was called for {said}.\n\n{reason}", said=_said(before), reason=reason.strip()),
    )
    return meeting


@journal.verb("governance.cancel_meeting")
def cancel_meeting(*, meeting: Meeting, by: User, reason: str) -> Meeting:
    """Cancel a meeting that has no minutes, and tell those called. Once is enough."""
    meeting = Meeting.objects.locked().select_related("program").get(pk=meeting.pk)
    if meeting.cancelled_at is not None:
        return unchanged(meeting, policy.may_cancel(meeting, by))
    refuse(policy.may_cancel(meeting, by))
    refuse(
        text_given(reason, "reason", say("Say why it is cancelled: those who were called read it."))
    )
    call_off(meeting, by=by, reason=reason)
    return meeting


def call_off(meeting: Meeting, *, by: User, reason: str) -> None:
    """Write the cancellation down and tell those called; part of a verb that has asked."""
    meeting.cancelled_at, meeting.cancelled_by = now(), by
    meeting.sequence += 1
    meeting.save()
    journal.record(subject=meeting, change={"cancelled_at": meeting.cancelled_at})
    title = say("Cancelled: meeting of the board on {said}", said=_said(meeting.starts_at))
    _tell("governance.meeting_cancelled", meeting, title, reason.strip())


def tell_called(meetings: Sequence[Meeting]) -> None:
    """Invite the board to meetings just called."""
    for meeting in meetings:
        title = say("Meeting of the board on {said}", said=_said(meeting.starts_at))
        _tell("governance.meeting", meeting, title, meeting.place)


def _tell(kind: str, meeting: Meeting, title: str, body: str) -> None:
    notify(
        kind=kind,
        to=holders(meeting.program_id, roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER),
        subject_obj=meeting,
        realm=meeting.program_id,
        title=title,
        body=body,
        url=meeting.get_absolute_url(),
    )


@journal.verb("governance.mark_present")
def mark_present(*, meeting: Meeting, user: User, present: bool, by: User) -> Meeting:
    """Note that somebody is there, or has left. The same again changes nothing."""
    meeting = Meeting.objects.locked().select_related("program").get(pk=meeting.pk)
    refuse(policy.may_mark(meeting, user, by))
    there = set(meeting.attendance)
    after = there | {user.pk} if present else there - {user.pk}
    if after == there:
        return meeting
    meeting.attendance = sorted(after)
    meeting.save()
    journal.record(subject=meeting, change={"user": user.pk, "present": present})
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
        forget_what_is_held(deputy)
        notify(
            kind="governance.deputy",
            to=[deputy],
            subject_obj=delegation,
            realm=program.pk,
            title=say(
                "You vote for {by} in the {seat} seat",
                by=by,
                seat=delegation.get_seat_display().lower(),
            ),
            body=say(
                "From {said} until {said2}.\n\n{reason}",
                said=_said(starts_at),
                said2=_said(ends_at),
                reason=reason,
            ).strip(),
            url=links.to("deputies"),
        )
        change = {"seat": delegation.seat, "from": starts_at, "until": ends_at}
        journal.record(subject=delegation, change=change)
    return delegation


def _said(at: dt.datetime) -> str:
    return say("{at:%-d %B %Y, %H:%M} UTC", at=at)
