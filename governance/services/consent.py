"""Consent items: matters recorded without discussion, unless a member wants to talk about one."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused, refuse, unchanged
from fellowship.kernel.time import now
from governance.models import ConsentItem, Decision, Matter, Meeting
from governance.policy import consent as policy
from governance.services.board import record_decision


@journal.verb("governance.list_consent")
def list_consent(*, meeting: Meeting, matter: Matter, by: User) -> ConsentItem:
    """Propose a matter for recording without discussion. One listed already stays as it is."""
    matter = Matter.objects.locked().get(pk=matter.pk)
    refuse(policy.may_list(meeting, matter, by))
    there: ConsentItem | None = ConsentItem.objects.filter(meeting=meeting, matter=matter).first()
    if there:
        return there
    item: ConsentItem = ConsentItem.objects.create(
        meeting=meeting, matter=matter, listed_at=now(), listed_by=by
    )
    journal.record(subject=matter, change={"meeting": meeting.starts_at})
    return item


@journal.verb("governance.pull_consent")
def pull_consent(*, item: ConsentItem, by: User) -> ConsentItem:
    """Pull a matter out: it is discussed. Nobody needs to say why; once is enough."""
    matter = Matter.objects.locked().get(pk=item.matter_id)
    item = ConsentItem.objects.locked().select_related("meeting").get(pk=item.pk)
    if item.pulled_at is not None:
        return unchanged(item, policy.may_pull(item, matter, by))
    refuse(policy.may_pull(item, matter, by))
    item.pulled_at, item.pulled_by = now(), by
    item.save()
    journal.record(subject=matter, change={"meeting": item.meeting.starts_at})
    return item


def record_consent(
    *, meeting: Meeting, by: User
) -> tuple[list[Decision], list[tuple[Matter, Refusal]]]:
    """Record the decisions of all matters left on the consent list, each in its own transaction.

    Returns what was decided, and what could not be, with the reason.
    """
    rows = ConsentItem.objects.visible_to(by).filter(meeting=meeting, pulled_at=None)
    done: list[Decision] = []
    not_done: list[tuple[Matter, Refusal]] = []
    for item in rows.filter(matter__ended_at=None).select_related("matter"):
        try:
            done.append(record_decision(matter=item.matter, by=by))
        except Refused as refused:
            not_done.append((item.matter, refused.refusal))
    return done, not_done
