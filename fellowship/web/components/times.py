"""Instants and deadlines in words, in the zone of the person who reads them."""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.safestring import SafeString

from fellowship.kernel import saying, time
from fellowship.kernel.saying import say, say_n
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web.items import Tone
from fellowship.web.markup import escaped, markup

Style = Literal["full", "long", "date", "short", "time"]
NONE = SafeString("–")
DAYS = ("date", "short")
"""Styles that tell the day alone."""
_HOUR = 3600
_SOON_DAYS = 3
_RECORDED = re.compile(
    r"\b(?:(\d{4}-\d\d-\d\d) |(\d{1,2})\.? ([^\W\d_]+) (\d{4})(?:,| at| um) )(\d\d:\d\d) UTC\b"
)


def zone_name(at: dt.datetime) -> str:
    """The zone of a local instant as people write it: “CET”, “UTC”, “UTC+05:30”."""
    name = at.tzname() or ""
    return name if name.isalpha() else f"UTC{at.isoformat()[-6:]}"


def when(
    value: dt.date | None, style: str = "full", calendar: WorkCalendar | None = None
) -> SafeString:
    """`value` as a `<time>`; a date without time is shown as it is, in no zone.

    With a calendar, on its wall: a day that is a programme's is the same for all its readers.
    """
    if value is None:
        return NONE
    if not isinstance(value, dt.datetime):
        return markup('<time datetime="{}">{}</time>', value.isoformat(), _day(value, style))
    zone = ZoneInfo(calendar.zone) if calendar else timezone.get_current_timezone()
    return _moment(value, style, zone)


@saying.kept(4096)
def _moment(value: dt.datetime, style: str, zone: dt.tzinfo) -> SafeString:
    local = timezone.localtime(value, zone)
    title = f"{_day(local, 'long')}, {local:%H:%M:%S} {zone_name(local)}"
    day = SafeString(' class="day"') if style in DAYS else ""
    return markup(
        '<time{} datetime="{}" title="{}">{}</time>',
        *(day, stamp(value), title, _text(local, style)),
    )


def text(value: dt.date, style: str = "full") -> str:
    """The words of `when`, without markup."""
    if not isinstance(value, dt.datetime):
        return _day(value, style)
    return _text(timezone.localtime(value), style)


def localised(text: str) -> str:
    """A sentence with its instants, recorded in UTC, in the reader's zone."""
    said = str(text)
    return _RECORDED.sub(_reader, said) if " UTC" in said else said


def _reader(found: re.Match[str]) -> str:
    stamp, day, month, year, clock = found.groups()
    try:
        if not stamp:
            stamp = f"{year}-{_months().index(month) + 1:02}-{int(day):02}"
        at = dt.datetime.fromisoformat(f"{stamp}T{clock}:00+00:00")
    except ValueError:
        return found[0]
    return _text(timezone.localtime(at), "full")


@saying.kept(4096)
def _months() -> list[str]:
    return [str(say(month)) for month in saying.MONTHS]


def _text(local: dt.datetime, style: str) -> str:
    clock = f"{local.hour:02}:{local.minute:02} {zone_name(local)}"
    if style == "time":
        return clock
    day = _day(local, style)
    return day if style in ("date", "short") else f"{day}, {clock}"


def stamp(value: dt.datetime) -> str:
    """An instant for machines, in UTC."""
    return f"{value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def relative(due: dt.datetime, calendar: WorkCalendar | None = None) -> str:
    """A deadline from now: “in 6 working days”, “in 3 hours”, “2 working days over”."""
    now = time.now()
    return _relative(due, now, _days(now, due, calendar))


def last_day(value: dt.date, calendar: WorkCalendar | None = None) -> dt.date | None:
    """The day that a deadline ends with on the calendar's wall; None for a time within a day.

    Such a deadline is shown as that day: as an instant in a zone further east it would be the next.
    """
    if not isinstance(value, dt.datetime):
        return value
    if calendar is None:
        return None
    wall = calendar.local(value)
    if wall.time() == dt.time.min:
        return wall.date() - dt.timedelta(days=1)
    return wall.date() if wall.time() == dt.time.max else None


def instant(value: dt.date, calendar: WorkCalendar | None = None) -> dt.datetime:
    """The instant of a deadline; of a day, its end on the calendar's wall."""
    if isinstance(value, dt.datetime):
        return value
    return (calendar or _calendar(timezone.get_current_timezone_name())).end_of_day(value)


def until(
    value: dt.date | None, calendar: WorkCalendar | None = None, style: str = "full"
) -> SafeString:
    """When a deadline is: its last day, or the instant in the reader's zone.

    Where its day alone is asked for, that is a day of the calendar's.
    """
    if value is None:
        return NONE
    wall = calendar if style in DAYS else None
    return when(last_day(value, calendar) or value, style, wall)


def due(
    value: dt.date | None, calendar: WorkCalendar | None = None, style: str = "full"
) -> SafeString:
    """A deadline, a day or an instant: when, and how far that is."""
    if value is None:
        return NONE
    far = relative(instant(value, calendar), calendar)
    return markup('{}, <span class="nowrap">{}</span>', until(value, calendar, style), far)


def urgency(value: dt.datetime, calendar: WorkCalendar | None = None) -> Tone:
    """How a running deadline is coloured: over is bad, three working days or less is a warning."""
    now = time.now()
    return _urgency(value, now, _days(now, value, calendar))


def due_tag(
    value: dt.date | None, calendar: WorkCalendar | None = None, *, done: bool = False
) -> SafeString:
    """The deadline as a tag for tables; a finished one shows its date, uncoloured."""
    if value is None:
        return NONE
    if done:
        return until(value, calendar, "short")
    now, end = time.now(), instant(value, calendar)
    days = _days(now, end, calendar)
    zone = calendar.zone if calendar else ""
    told = _deadline(value, zone, timezone.get_current_timezone(), now.year)
    far = _shown_days(days, end > now) if days else _relative(end, now, days)
    return SafeString(f'<time class="tag {_urgency(end, now, days)}" {told}>{escaped(far)}</time>')


@saying.kept(8192)
def _deadline(value: dt.date, zone: str, reader: dt.tzinfo, year: int) -> SafeString:
    """Which deadline a tag is of, on the wall of `zone` where it has a calendar: lists show the
    same ones time and again. `year` is the present one, which is not written.
    """
    calendar = _calendar(zone) if zone else None
    end, day = instant(value, calendar), last_day(value, calendar)
    words = _day(day, "long") if day else _text(timezone.localtime(end, reader), "long")
    return markup('datetime="{}" title="{}"', stamp(end), words)


@functools.cache
def _calendar(zone: str) -> WorkCalendar:
    return WorkCalendar(zone=zone)


def _days(now: dt.datetime, due: dt.datetime, calendar: WorkCalendar | None) -> int:
    calendar = calendar or _calendar(timezone.get_current_timezone_name())
    return calendar.working_days_between(now, due)


def _relative(due: dt.datetime, now: dt.datetime, days: int) -> str:
    if days:
        return _working_days(days, ahead=due > now)
    return _from_now(_near(abs((due - now).total_seconds())), ahead=due > now)


def _working_days(days: int, *, ahead: bool) -> str:
    return _from_now(say_n(abs(days), "{n} working day", "{n} working days"), ahead=ahead)


@saying.kept(4096)
def _shown_days(days: int, ahead: bool) -> SafeString:
    return markup("{}", _working_days(days, ahead=ahead))


def _from_now(words: str, *, ahead: bool) -> str:
    return say("in {words}", words=words) if ahead else say("{words} over", words=words)


def _urgency(value: dt.datetime, now: dt.datetime, days: int) -> Tone:
    if value <= now:
        return "bad"
    return "warn" if days <= _SOON_DAYS else "plain"


def _day(day: dt.date, style: str) -> str:
    this_year = style in ("long", "short") and day.year == time.now().year
    return _written(dt.date(day.year, day.month, day.day), style, this_year)


@saying.kept(4096)
def _written(day: dt.date, style: str, this_year: bool) -> str:
    """A day as its language writes it."""
    said = say("{day:%-d %b}", day=day) if style == "short" else say("{day:%-d %B}", day=day)
    if not this_year:
        said = say("{said} {year}", said=said, year=day.year)
    if style == "long":
        said = say("{weekday} {said}", weekday=say(saying.WEEKDAYS[day.weekday()]), said=said)
    return str(said)


def span(length: dt.timedelta) -> str:
    """How long, in its largest unit: “12 minutes”, “3 hours”, “2 days”."""
    return _near(abs(length.total_seconds()))


def _near(seconds: float) -> str:
    minutes, hours, days = int(seconds // 60), int(seconds // _HOUR), int(seconds // 86400)
    if days:
        return say_n(days, "{n} day", "{n} days")
    if hours:
        return say_n(hours, "{n} hour", "{n} hours")
    return say_n(max(minutes, 1), "{n} minute", "{n} minutes")
