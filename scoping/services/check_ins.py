"""Check in month by month; clear what blocks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping import policy
from scoping.models import CheckIn, Fellowship
from scoping.services import rounds
from scoping.services.common import locked, managers, tell


@journal.verb("scoping.check_in")
def check_in(
    *,
    fellowship: Fellowship,
    by: User,
    notes: str,
    month: dt.date | None = None,
    blockers: str = "",
    owner: User | None = None,
    hours: Decimal | float = Decimal(0),
) -> CheckIn:
    """Write one's notes of a month (default: this one). A second time rewrites one's own.

    A blocker is cleared by its `owner`: the mentor or else a programme manager where none is named,
    for the mentor's own the fellow.
    """
    case = locked(fellowship)
    refuse(policy.may_check_in(case, by))
    author = CheckIn.Author.FELLOW if by.pk == case.fellow_id else CheckIn.Author.MENTOR
    first_day = month.replace(day=1) if month else rounds.month_of(case)
    blockers = blockers.strip()
    owner = (owner or _owner(case, author)) if blockers else None
    refuse(_check_in(case, first_day, notes, Decimal(str(hours))))
    refuse(policy.may_own_blocker(case, owner) if owner else None)
    row = CheckIn.objects.locked().filter(fellowship=case, month=first_day, author=author).first()
    row = row or CheckIn(fellowship=case, month=first_day, author=author, by=by)
    said = (notes.strip(), blockers, Decimal(str(hours)), by.pk, owner.pk if owner else None)
    if row.pk and said == (row.notes, row.blockers, row.hours, row.by_id, row.owner_id):
        return row
    if row.blockers != blockers:
        row.cleared_at, row.cleared_by, row.cleared_how = None, None, ""
    row.notes, row.blockers, row.hours, row.by, row.at = *said[:3], by, now()
    row.owner = owner
    row.save()
    rounds.written(case, author, first_day, by)
    other = case.mentor if author == CheckIn.Author.FELLOW else case.fellow
    text = say("a check-in names a blocker") if row.blockers else say("a check-in to read")
    people = {p.pk: p for p in (other, owner) if p is not None and p.pk != by.pk}
    tell(case, "check_in", people.values(), text, page="check_ins")
    change = {"author": author, "month": first_day, "blocked": bool(row.blockers)}
    journal.record(subject=row, change=change)
    return row


@journal.verb("scoping.clear_blocker")
def clear_blocker(*, check_in: CheckIn, by: User, reason: str) -> CheckIn:
    """Say that a blocker is gone, and how. Cleared already: returned unchanged."""
    case = locked(Fellowship(pk=check_in.fellowship_id))
    row = CheckIn.objects.locked().get(pk=check_in.pk)
    row.fellowship = case
    if row.cleared_at is not None:
        return unchanged(row, policy.may_clear_blocker(row, by))
    refuse(policy.may_clear_blocker(row, by))
    refuse(_how(reason))
    row.cleared_at, row.cleared_by, row.cleared_how = now(), by, reason.strip()
    row.save()
    people = [p for p in (case.fellow, case.mentor) if p is not None and p.pk != by.pk]
    tell(case, "cleared", people, say("a blocker is cleared"), body=reason, page="check_ins")
    journal.record(subject=row)
    return row


def _owner(case: Fellowship, author: str) -> User:
    """Who clears a blocker of this side where nobody is named."""
    if author == CheckIn.Author.MENTOR:
        return case.fellow
    return case.mentor or next(iter(managers(case)), case.fellow)


def _how(reason: str) -> Refusal | None:
    if reason.strip():
        return None
    return Refusal("no_reason", say("Say how the blocker was cleared."), field="reason")


def _check_in(case: Fellowship, month: dt.date, notes: str, hours: Decimal) -> Refusal | None:
    if not notes.strip():
        return Refusal("no_notes", say("Say in a few words how it went."), field="notes")
    if not 0 <= hours <= 744:
        return Refusal("bad_hours", say("A month has at most 744 hours."), field="hours")
    if month > case.program.today():
        return Refusal(
            "future_month", say("A check-in is about a month that has begun."), field="month"
        )
    if month < case.starts_on.replace(day=1):
        return Refusal("before_start", say("The fellowship had not begun then."), field="month")
    return None
