"""Meetings: the generated agenda, the minutes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role, holders
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web import cells
from fellowship.web.actions import act, attempt, form_page, reason_of
from fellowship.web.columns import Column, Table
from fellowship.web.components import times
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from governance import docket, room, services
from governance.agenda import AgendaItem, AgendaSection, agenda
from governance.forms.meetings import MeetingForm, MinutesForm
from governance.links import to
from governance.models import (
    Cadence,
    Condition,
    ConsentItem,
    Escalation,
    ExceptionRecord,
    Matter,
    Meeting,
)
from governance.policy import meetings as policy
from governance.states import MatterState
from governance.views.common import person, posted, programs_of, room_links

PRESENT = (roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER, roles.AUDITOR)


def meetings(request: HttpRequest) -> HttpResponse:
    """The board's meetings, the latest first."""
    rows = Meeting.objects.visible_to(person(request)).select_related("program")
    rows = rows.only(
        *("starts_at", "minutes", "approved_at", "cancelled_at", "slot_on"),
        *("program__name", "program__zone", "program__holidays"),
    )
    page = paginate(request, rows, sort={"day": "-starts_at"}, default="day")
    table = Table(
        say("Meetings of the board"),
        _columns(now()),
        page,
        page,
        empty=say("No meeting was called yet."),
        hint=say(
            "The chair or the programme manager calls one, or sets how often the board meets."
        ),
    )
    context = {
        "page": page,
        "table": table,
        "links": room_links(),
        "may_call": bool(_callable(person(request))),
        "cadences": list(
            Cadence.objects.live().visible_to(person(request)).select_related("program")
        ),
    }
    return render(request, "governance/meetings.html", context)


def _columns(at: dt.datetime) -> tuple[Column[Meeting], ...]:
    return (
        Column(say("Meeting"), _day, "day"),
        Column(say("Programme"), lambda m: m.program),
        Column(say("Minutes"), lambda m: _stand(m, at)),
    )


def _day(meeting: Meeting) -> object:
    moved = say("moved for a day off") if meeting.moved else ""
    return cells.link(to("meeting", meeting.pk), cells.when(meeting.starts_at), moved)


def _stand(meeting: Meeting, at: dt.datetime) -> object:
    """How far its minutes are."""
    if meeting.cancelled_at:
        return cells.tag(say("Cancelled"))
    if meeting.approved_at:
        return cells.tag(say("Approved"), "good")
    if meeting.minutes:
        return cells.tag(say("To approve"), "warn")
    return (
        cells.tag(say("Not held yet"))
        if meeting.starts_at > at
        else cells.tag(say("To write"), "warn")
    )


def call(request: HttpRequest) -> HttpResponse:
    """Call a meeting."""
    user = person(request)
    allowed = _callable(user)
    if not allowed:
        raise Http404
    programs = programs_of(user).filter(pk__in=allowed)
    form = MeetingForm(posted(request), programs=programs)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: services.call_meeting(by=user, **form.cleaned_data))
        if done:
            return redirect(done.get_absolute_url())
    return form_page(request, "governance/meeting_new.html", form, {"links": room_links()})


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Agenda, consent list, who is there, and the minutes; it prints as one paper."""
    meeting = _meeting(request, pk)
    user, over = person(request), meeting.approved_at is not None or bool(meeting.cancelled_at)
    sections = [] if over else agenda(meeting.program, user, now())
    leads = not over and policy.may_write(meeting, user) is None
    items = meeting.items.visible_to(user).select_related("matter").order_by("id")
    seats = room.seats(meeting)
    ahead = meeting.starts_at > now() and not meeting.attendance
    context = {
        "meeting": meeting,
        "sections": _sections(meeting, sections, user),
        "consent": _consent(meeting, user),
        "seats": seats,
        "ahead": ahead,
        "who": say("Who was there") if over else say("Seats") if ahead else say("Who is here"),
        "seated": sum(seat.present is not None for seat in seats),
        "others": room.others_present(meeting),
        "items": list(items),
        "leads": leads,
        "seats_here": meeting.attendance,
        "offer_record": has_role(user, meeting.program_id, roles.CHAIR),
        "may_come": _may_come(meeting) if leads else [],
        "approver_absent": meeting.approved_by_id not in meeting.attendance,
        "offer_write": policy.may_write(meeting, user) is None,
        "offer_draft": not meeting.minutes and policy.may_draft(meeting, user) is None,
        "offer_cancel": not over and policy.may_cancel(meeting, user) is None,
        "offer_move": policy.may_move(meeting, now() + dt.timedelta(days=1), user) is None,
        "offer_approve": bool(meeting.minutes) and policy.may_approve(meeting, user) is None,
        "over": over,
        "links": room_links(),
    }
    return render(request, "governance/meeting.html", context)


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One item as the page shows it; `quorum` where a matter is voted on and people are here."""

    title: str
    url: str
    below: str
    due: SafeString | str
    quorum: room.QuorumHere | None = None
    list_ref: str = ""
    until: str = "due"
    consent: bool = False


def _sections(
    meeting: Meeting, sections: list[AgendaSection], user: Any
) -> list[tuple[str, list[AgendaLine]]]:
    matters = [i for section in sections for i in section.items if isinstance(i, Matter)]
    here = room.quorums(meeting, matters) if meeting.attendance else {}
    items = dict(meeting.consent_items.values_list("matter_id", "pulled_at"))
    chairs = has_role(user, meeting.program_id, roles.CHAIR)
    calendar = meeting.program.calendar()

    def line(item: Any) -> AgendaLine:
        title, due, note = _said(item)
        url = item.url if isinstance(item, AgendaItem) else item.get_absolute_url()
        matter = item if isinstance(item, Matter) else None
        return AgendaLine(
            title=title,
            url=url,
            below=joined(" · ", (part for part in (item.ref, note) if part)),
            due=times.due(due, calendar) if due else "",
            quorum=here.get(matter.pk) if matter else None,
            list_ref=matter.ref if matter and chairs and matter.pk not in items else "",
            until="closes" if matter else "ends" if isinstance(item, ExceptionRecord) else "due",
            consent=matter is not None and items.get(matter.pk, meeting) is None,
        )

    return [(section.heading, [line(item) for item in section.items]) for section in sections]


def _consent(meeting: Meeting, user: Any) -> list[dict[str, Any]]:
    """What is proposed for recording without discussion, as far as the person may know."""
    rows = ConsentItem.objects.visible_to(user).filter(meeting=meeting)
    rows = rows.select_related("matter__decision", "pulled_by", "meeting")
    return [
        {
            "item": item,
            "decision": getattr(item.matter, "decision", None),
            "may_pull": item.pulled_at is None and item.matter.state == MatterState.VOTING,
        }
        for item in rows.order_by("id")
    ]


def _may_come(meeting: Meeting) -> list[User]:
    """Who may be there without a seat, and is not noted yet."""
    seated = {user.pk for seat in room.seats(meeting) for user in seat.people}
    people = holders(meeting.program_id, *PRESENT).exclude(pk__in=seated)
    return list(people.exclude(pk__in=meeting.attendance).order_by("name")[:50])


def minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """Write who was there and what was said."""
    meeting = _meeting(request, pk)
    user = person(request)
    people = holders(meeting.program_id, *PRESENT) | User.objects.filter(pk__in=meeting.attendance)
    initial = {"minutes": meeting.minutes, "attendance": meeting.attendance}
    items = meeting.items.visible_to(user).select_related("matter").order_by("id")
    form = MinutesForm(
        posted(request),
        people=people.distinct().order_by("name"),
        items=list(items),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = attempt(
            form,
            lambda: services.write_minutes(
                meeting=meeting,
                minutes=data["minutes"],
                attendance=[p.pk for p in data["attendance"]],
                items=form.items(),
                by=user,
            ),
        )
        if done:
            return redirect(meeting.get_absolute_url())
    context = {"meeting": meeting, "refused": policy.may_write(meeting, user)}
    return form_page(request, "governance/minutes.html", form, context)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel the meeting, with its reason."""
    meeting = _meeting(request, pk)
    return act(
        request,
        lambda: services.cancel_meeting(
            meeting=meeting, by=person(request), reason=reason_of(request)
        ),
        success=say("Cancelled. Those who were called have been told."),
        to=meeting.get_absolute_url(),
    )


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve the minutes."""
    meeting = _meeting(request, pk)
    return act(
        request,
        lambda: services.approve_minutes(meeting=meeting, by=person(request)),
        success=say("Approved. They do not change any more."),
        to=meeting.get_absolute_url(),
    )


def _meeting(request: HttpRequest, pk: int) -> Meeting:
    rows = Meeting.objects.select_related("program__realm", "approved_by", "cancelled_by")
    return visible_or_404(rows, request.user, pk=pk)


def _callable(user: Any) -> list[int]:
    """The programmes whose board the person may call together."""
    return [p.pk for p in programs_of(user) if policy.may_call(p, user) is None]


def _said(item: Any) -> tuple[str, dt.datetime | None, str]:
    """What an item is called, when it is due, and what else is to be known of it."""
    if isinstance(item, AgendaItem):
        return item.title, item.due_at, item.note
    if isinstance(item, Matter):
        return item.title, item.due_at, docket.kind_label(item.kind)
    if isinstance(item, Escalation):
        stands = f"{item.get_severity_display()}, {item.get_state_display().lower()}"
        return item.get_kind_display(), item.next_word_by or item.acknowledge_by, stands
    if isinstance(item, Condition):
        return item.text, item.due_at, f"{item.owner}, {item.get_state_display().lower()}"
    return item.title, item.expires_at, str(item.owner)
