"""The verbs of minutes: draft them from what happened, write, approve and seal them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.time import now
from governance import minutes as drafts
from governance.models import Meeting, MinutesItem
from governance.policy import meetings as policy


@journal.verb("governance.draft_minutes")
def draft_minutes(*, meeting: Meeting, by: User) -> Meeting:
    """Write the first draft from what is on record. Minutes that are there already stay.

    What concerns a matter goes into an item of its own, which those recused from it never see.
    """
    meeting = Meeting.objects.locked().select_related("program").get(pk=meeting.pk)
    refuse(policy.may_draft(meeting, by))
    if meeting.minutes:
        return meeting
    meeting.minutes = drafts.general(meeting)
    meeting.save()
    for matter, text in drafts.by_matter(meeting):
        MinutesItem.objects.get_or_create(meeting=meeting, matter=matter, defaults={"text": text})
    journal.record(subject=meeting, change={"minutes": drafts.fingerprint(meeting)})
    return meeting


@journal.verb("governance.write_minutes")
def write_minutes(
    *,
    meeting: Meeting,
    minutes: str,
    attendance: Sequence[int],
    by: User,
    items: Mapping[int, str] | None = None,
) -> Meeting:
    """Write who attended (user ids), what was said, and what of single matters (by item).

    Items the writer may not read stay as they are. The same again changes nothing.
    """
    meeting = Meeting.objects.locked().get(pk=meeting.pk)
    refuse(policy.may_write(meeting, by))
    present, said = sorted(set(attendance)), items or {}
    changed = [
        (item, said[item.pk])
        for item in MinutesItem.objects.visible_to(by).filter(meeting=meeting, pk__in=said)
        if item.text != said[item.pk] and said[item.pk].strip()
    ]
    if not changed and (meeting.minutes, meeting.attendance) == (minutes, present):
        return meeting
    meeting.minutes, meeting.attendance = minutes, present
    meeting.save()
    for item, text in changed:
        item.text = text
        item.save()
    change = {"attendance": present, "minutes": drafts.fingerprint(meeting)}
    journal.record(subject=meeting, change=change)
    return meeting


@journal.verb("governance.approve_minutes")
def approve_minutes(*, meeting: Meeting, by: User) -> Meeting:
    """Approve the minutes and seal them: they never change again. Once is enough."""
    meeting = Meeting.objects.locked().get(pk=meeting.pk)
    if meeting.approved_at is not None:
        return unchanged(meeting, policy.may_approve(meeting, by))
    refuse(policy.may_approve(meeting, by))
    meeting.approved_at, meeting.approved_by = now(), by
    meeting.sha256 = digest(drafts.sealed(meeting))
    meeting.save()
    journal.record(subject=meeting, change={"minutes": meeting.sha256})
    return meeting
