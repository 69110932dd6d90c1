"""What the pages of governance share."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Event
from fellowship.history.queries import latest
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web.items import Link
from governance.links import to


def person(request: HttpRequest) -> Any:
    """Who asks; behind `login_required` always a user."""
    return request.user


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, be it nothing; None on other methods."""
    return request.POST if request.method == "POST" else None


def programs_of(user: Any) -> QuerySet[Program]:
    """The programmes the person takes part in, by name."""
    keys = realm_ids_where(user, *roles.ROLES)
    return Program.objects.filter(pk__in=keys).order_by("name")


def room_links(waiting: int | None = None) -> list[Link]:
    """The pages of the board room."""
    return [
        Link(say("Docket"), to("docket"), waiting),
        Link(say("Decisions"), to("decisions")),
        Link(say("Decision log"), to("decision_log")),
        Link(say("Conditions"), to("conditions")),
        Link(say("Meetings"), to("meetings")),
        Link(say("Deputies"), to("deputies")),
    ]


def events_of(subject: Model) -> list[Event]:
    """The latest events about the record."""
    return latest(subject, 30)


def start_of(day: dt.date, program: Program) -> dt.datetime:
    """The first instant of `day` on the programme's wall."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=ZoneInfo(program.zone)).astimezone(dt.UTC)
