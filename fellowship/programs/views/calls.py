"""The public calls: the list, one call with everything about it, their calendars."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import has_role
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices import links
from fellowship.programs import agreements, calendars, course, parts, policy, structured
from fellowship.programs.models import Call, Program, Track
from fellowship.programs.states import CallState
from fellowship.programs.views.common import person
from fellowship.web import filters, forms
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate

AOE = dt.timezone(dt.timedelta(hours=-12), "AoE")
FILTERED_FROM = 6
"""From so many public calls on, the list can be narrowed."""
ICS = "text/calendar; charset=utf-8"


class CallFilter(filters.FilterSet):
    """Calls by programme, and by a track the programme offers."""

    program = filters.ChoiceFilter(label=say("Programme"), field_name="program__realm__slug")
    track = filters.ChoiceFilter(
        label=say("Track"), choices=Track.Key.choices, method="filter_track"
    )

    class Meta:
        model = Call
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Program.objects.with_terms_for(None).order_by("name")
        self.filters["program"].extra["choices"] = list(known.values_list("realm__slug", "name"))

    def filter_track(self, rows: QuerySet[Call], name: str, value: str) -> QuerySet[Call]:
        """Of programmes that offer the track now."""
        offered = Track.objects.offered().filter(key=value)
        return rows.filter(program__in=offered.values("program"))


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Open calls first, then those to come, then the closed ones a page at a time."""
    at = now()
    found = CallFilter(request.GET, queryset=Call.objects.public())
    rows: Any = found.qs.select_related("program", "cohort")
    coming = rows.filter(state=CallState.PUBLISHED, opens_at__gt=at)
    return render(
        request,
        "programs/calls.html",
        {
            "filter": found if Call.objects.public().count() >= FILTERED_FROM else None,
            "narrowed": bool(found.applied),
            "open": rows.open(at).order_by("closes_at"),
            "coming": coming.order_by("opens_at"),
            "page": paginate(request, rows.closed(at), per_page=20),
        },
    )


@require_safe
def call(request: HttpRequest, ref: str) -> HttpResponse:
    """One call: everything an applicant should know before applying."""
    queryset = Call.objects.select_related("program__realm", "program__sponsor", "cohort")
    found = visible_or_404(queryset, request.user, ref=ref)
    program = found.program
    public = found.state != CallState.DRAFT
    shown = parts.of(found, request.user)
    return render(
        request,
        "programs/call.html",
        {
            "call": found,
            "open": found.is_open(),
            "closed": policy.takes_proposals(found),
            "aoe": _aoe(found.closes_at),
            "zoned": f"{found.closes_at.astimezone(ZoneInfo(program.zone)):%-d %B %Y, %H:%M}",
            "parts": shown,
            "contents": _contents(found, shown),
            "agreements": agreements.of(found),
            "turns": course.turns(found) if public else [],
            "tracks": program.tracks.offered(),
            "models": program.models.offered(),
            "outputs": program.output_types.offered(),
            "canonical": links.absolute(found.get_absolute_url()),
            "structured": structured.script(found) if public else "",
            "bound": has_role(request.user, program.pk, *roles.ROLES),
            **_running(found, person(request)),
        },
    )


def _contents(found: Call, shown: list[parts.Part]) -> list[tuple[str, str]]:
    """The id and the title of what stands on the page, in its order; the timeline last."""
    texts = [(slugify(title), title) for title, text in found.texts if text]
    own = [("kinds", say("Kinds of fellowship")), ("agreements", say("What you would agree to"))]
    others = [(part.anchor, part.title) for part in shown if part.anchor]
    return [*texts, *own, *others, ("timeline", say("Timeline"))]


def _running(found: Call, user: Any) -> dict[str, Any]:
    """What those who run the call may do with it now."""
    if not has_role(user, found.program_id, roles.MANAGER):
        return {"runs": False}
    may = {
        CallState.DRAFT: policy.may_publish,
        CallState.PUBLISHED: policy.may_close,
        CallState.CLOSED: policy.may_reopen,
    }[CallState(found.state)]
    return {"runs": True, "refused": may(found, user), "close_form": forms.ReasonForm()}


def _aoe(at: dt.datetime) -> str:
    """The instant where it comes last on Earth (UTC−12)."""
    return f"{at.astimezone(AOE):%-d %B %Y, %H:%M}"


@require_safe
def calendar(request: HttpRequest, ref: str) -> HttpResponse:
    """One call's dates, to put into a calendar."""
    rows = Call.objects.public().select_related("program")
    found = visible_or_404(rows, request.user, ref=ref)
    return _ics(calendars.of(found, now()), f"{found.ref}.ics")


@require_safe
def all_calendars(request: HttpRequest) -> HttpResponse:
    """The dates of every call, to subscribe to."""
    return _ics(calendars.feed(now()), "calls.ics")


def _ics(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=ICS)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
