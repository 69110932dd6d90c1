"""Who may list a matter for consent, and who may pull it out."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from governance.models import ConsentItem, Matter, Meeting
from governance.policy.board import may_enter
from governance.policy.common import needs_role
from governance.states import MatterState


def may_list(meeting: Meeting, matter: Matter, by: User) -> Refusal | None:
    """Why the matter may not be listed: the chair lists what is voted on, before the minutes."""
    return first(
        needs_role(by, meeting.program_id, roles.CHAIR, to=say("list a matter for consent")),
        may_enter(matter, by),
        _still_open(meeting),
        None
        if matter.program_id == meeting.program_id and matter.state == MatterState.VOTING
        else Refusal("not_voted_on", say("Only what the board votes on is listed for consent.")),
    )


def may_pull(item: ConsentItem, matter: Matter, by: User) -> Refusal | None:
    """Why the matter may not be pulled out: any member may until it is decided."""
    needed = (roles.BOARD_MEMBER, roles.CHAIR)
    return first(
        needs_role(by, matter.program_id, *needed, to=say("pull out a consent item")),
        may_enter(matter, by),
        _still_open(item.meeting),
        None
        if matter.state == MatterState.VOTING
        else Refusal("already_ended", say("The board no longer votes on this matter.")),
    )


def _still_open(meeting: Meeting) -> Refusal | None:
    if meeting.approved_at is None and meeting.cancelled_at is None:
        return None
    return Refusal("meeting_over", say("This meeting is over."))
