"""The mentor's weekly screen: five minutes, what asks for them first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells
from fellowship.web.markup import markup
from fellowship.web.tables import page_of
from scoping.models import Milestone
from scoping.weeks import Week, standings, weeks

PER_PAGE = 25
_NOTES = 140


@login_required
@require_safe
def mentoring(request: HttpRequest) -> HttpResponse:
    """My fellows in five minutes a week, each with what to do next."""
    at = now()
    mine = standings(request.user.pk or 0, at)
    page = page_of(
        request,
        len(mine),
        lambda start, size: weeks(mine[start : start + size], at),
        per_page=PER_PAGE,
    )
    return render(
        request,
        "scoping/mentoring.html",
        {
            "page": page,
            "weeks": [_Card(week, at) for week in page],
            "asks": sum(not one.calm for one in mine),
            "to_write": sum(one.to_write for one in mine),
            "month": next((week.months.this for week in page), None),
            "is_mentor": holds_anywhere(request.user, roles.MENTOR),
        },
    )


class _Card:
    """A week as the screen shows it: its head and its tasks are HTML, blockers are forms."""

    def __init__(self, week: Week, at: dt.datetime) -> None:
        self.case, self.blockers = week.case, week.blockers
        self.tone = _tone(week)
        self.head = _head(week)
        self.tasks = SafeString("".join(_tasks(week, at)))


def _tone(week: Week) -> str:
    standing = week.standing
    if standing.blocked or standing.overdue:
        return " bad"
    return "" if standing.calm else " warn"


def _head(week: Week) -> SafeString:
    case = week.case
    return markup(
        '<header class="card-h"><h2 id="w{}"><a href="{}">{}</a></h2>'
        '<span class="meta">{} · {}{}</span></header>'
        '<p class="meta">{} · {}</p>',
        *(case.pk, route_to("scoping:case", case.ref), case.fellow, case.ref, case.stage_label),
        say(" · suspended") if case.suspended_now else "",  # type: ignore[attr-defined]
        case.title,
        say(
            "{noted} of {promised} promised hours noted by you this month",
            noted=f"{week.hours.normalize():f}",
            promised=case.mentor_hours,
        ),
    )


def _tasks(week: Week, at: dt.datetime) -> Iterator[SafeString]:
    """What is to do, line by line."""
    notes = route_to("scoping:check_ins", week.case.ref)
    for one in week.to_judge:
        yield _to_judge(week, one, one.verdict_due, at)
    for text in _missing(week):
        yield _task(markup('<a href="{}">{}</a>', notes, text), cells.tag(say("Missing"), "warn"))
    for late in week.late:
        yield _late(week, late)
    following = week.next
    if following and not week.late:
        said = markup("<span>{}</span>", say("Next: {title}", title=following.title))
        yield _task(said, cells.due(following.due_on, week.calendar))
    yield _own(week, notes)


def _to_judge(week: Week, one: Milestone, due: dt.datetime | None, at: dt.datetime) -> SafeString:
    # The address names the case before the milestone.
    url = route_to("scoping:verdict", one.pk, below=(week.case.ref,))
    over = say("The time for a verdict is over; the programme manager was told.")
    return _task(
        markup('<a href="{}">{}</a>', url, say("Judge “{title}”", title=one.title)),
        cells.due(due, week.calendar) if due else cells.tag(say("Delivered"), "accent"),
        over if due and due <= at else "",
    )


def _missing(week: Week) -> Iterator[str]:
    month = week.months.before
    if week.standing.fellow_missing:
        yield say(
            "Ask {get_short_name} for the check-in for {month:%B}",
            get_short_name=week.case.fellow.get_short_name(),
            month=month,
        )
    if week.standing.mentor_missing:
        yield say("Write your check-in for {month:%B}", month=month)


def _late(week: Week, one: Milestone) -> SafeString:
    url = route_to("scoping:milestones", week.case.ref)
    return _task(
        markup('<a href="{}#m{}">{}</a>', url, one.pk, one.title),
        cells.due(one.due_on, week.calendar),
        say("Returned, and not handed in again.") if one.is_returned else "",
    )


def _own(week: Week, notes: str) -> SafeString:
    """The mentor's own check-in, and beside it what the fellow wrote last."""
    fellow, last = week.case.fellow.get_short_name(), week.last
    if week.mine:
        state = cells.tag(say("Written"), "good")
    else:
        to_write = week.standing.to_write
        state = cells.tag(say("To write") if to_write else say("From the research on"))
    return _task(
        markup(
            '<a href="{}">{}</a>',
            notes,
            say("Your check-in for {month:%B}", month=week.months.this),
        ),
        state,
        say(
            "{fellow} wrote for {month:%B}: {chars}",
            fellow=fellow,
            month=last.month,
            chars=Truncator(last.notes).chars(_NOTES),
        )
        if last
        else say("{fellow} has not written yet.", fellow=fellow),
    )


def _task(what: SafeString, state: SafeString, hint: str = "") -> SafeString:
    below = markup('<p class="hint">{}</p>', hint) if hint else ""
    return markup("<li><div>{}{}</div>{}</li>", what, below, state)
