"""The monthly check-ins as clocks: one for the fellow and one for the mentor, month after month.

They hang on the mentorship, not on the case: whose turn a case is does not follow from them.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from fellowship.accounts.models import Actor
from fellowship.clocks.services import start, stop_open
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from scoping.models import CheckIn, Fellowship, Mentorship
from scoping.states import FellowshipState

FELLOW: Final = "scoping.check_in"
MENTOR: Final = "scoping.mentor_check_in"
KINDS: Final = {CheckIn.Author.FELLOW: FELLOW, CheckIn.Author.MENTOR: MENTOR}
WINDOW: Final = Window(62, "calendar_days")
RULE: Final = say("monthly check-ins of the scope of work")


def current(case: Fellowship) -> Mentorship | None:
    """The mentorship in force; None where nobody is named."""
    found = Mentorship.objects.filter(fellowship=case, ends_at=None).first()
    if found is not None:
        found.fellowship = case
    return found


def wanted(case: Fellowship) -> bool:
    """Whether check-ins are due: from the signed scope on, until the work ends."""
    return case.is_under_way() and case.state != FellowshipState.SCOPE


def begin(case: Fellowship, by: Actor) -> None:
    """Start both clocks for this month, where check-ins are due and somebody mentors."""
    mentorship = current(case)
    if mentorship is not None and wanted(case):
        for author in CheckIn.Author:
            wait_for(mentorship, author, month_of(case), by)


def wait_for(mentorship: Mentorship, author: str, month: dt.date, by: Actor) -> None:
    """Start the clock of one side's check-in about `month`, unless it is written already."""
    case = mentorship.fellowship
    while CheckIn.objects.filter(fellowship=case, month=month, author=author).exists():
        month = next_month(month)
    last = next_month(month) - dt.timedelta(days=1)
    fellow = author == CheckIn.Author.FELLOW
    start(
        kind=KINDS[CheckIn.Author(author)],
        subject=mentorship,
        realm=case.program_id,
        window=WINDOW,
        by=by,
        holder="you" if fellow else "us",
        holder_user=case.fellow if fellow else mentorship.mentor,
        silence=say("The other side and the programme manager see that nothing was written."),
        rule=RULE,
        due_at=case.program.calendar().end_of_day(last),
    )


def written(case: Fellowship, author: str, month: dt.date, by: Actor) -> None:
    """What was written about the month waited for ends that waiting; the next month's begins."""
    mentorship = current(case)
    if mentorship is None or month != month_of(case):
        return
    stop_open(subject=mentorship, kinds=[KINDS[CheckIn.Author(author)]], by=by)
    if wanted(case):
        wait_for(mentorship, author, next_month(month), by)


def cease(mentorship: Mentorship | None, by: Actor, reason: str) -> None:
    """Wait for no check-in any more."""
    if mentorship is not None:
        stop_open(subject=mentorship, kinds=list(KINDS.values()), by=by, reason=reason)


def month_of(case: Fellowship) -> dt.date:
    """The first day of the month it is where the programme is."""
    return case.program.today().replace(day=1)


def next_month(month: dt.date) -> dt.date:
    """The first day of the month after."""
    return (month + dt.timedelta(days=31)).replace(day=1)
