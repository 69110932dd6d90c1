"""What is done in and around a meeting: who is there, consent, the draft, other times."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from fellowship.accounts.models import User
from fellowship.accounts.queries import nameable_by
from fellowship.kernel.saying import say
from fellowship.web.actions import act, form_verb, reason_of
from fellowship.web.shortcuts import visible_or_404
from governance import services
from governance.forms.meetings import CadenceForm, MoveForm
from governance.invitations import invitation as invited
from governance.links import to
from governance.models import Cadence, ConsentItem, Matter, Meeting
from governance.policy import meetings as policy
from governance.views.common import person, posted, programs_of, room_links


def _meeting(request: HttpRequest, pk: int) -> Meeting:
    rows = Meeting.objects.select_related("program__realm", "approved_by", "cancelled_by")
    return visible_or_404(rows, request.user, pk=pk)


@require_POST
def present(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody is there or has left."""
    meeting = _meeting(request, pk)
    given = request.POST.get("user", "")
    rows = nameable_by(person(request)) | User.objects.filter(pk__in=meeting.attendance)
    user = rows.filter(pk=int(given)).first() if _is_key(given) else None
    if user is None:
        raise Http404
    here = request.POST.get("present") == "1"
    return act(
        request,
        lambda: services.mark_present(meeting=meeting, user=user, present=here, by=person(request)),
        to=f"{meeting.get_absolute_url()}#present",
    )


@require_POST
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    """List a matter for recording without discussion."""
    meeting = _meeting(request, pk)
    rows = Matter.objects.opened_to(person(request))
    matter = rows.filter(ref=request.POST.get("matter", "")[:30].replace("\x00", "")).first()
    if matter is None:
        raise Http404
    return act(
        request,
        lambda: services.list_consent(meeting=meeting, matter=matter, by=person(request)),
        to=f"{meeting.get_absolute_url()}#consent",
    )


@require_POST
def pull(request: HttpRequest, pk: int) -> HttpResponse:
    """Pull a matter out of the consent list."""
    meeting = _meeting(request, pk)
    given = request.POST.get("item", "")
    rows = ConsentItem.objects.visible_to(person(request)).filter(meeting=meeting)
    item = rows.filter(pk=int(given)).first() if _is_key(given) else None
    if item is None:
        raise Http404
    return act(
        request,
        lambda: services.pull_consent(item=item, by=person(request)),
        success=say("Pulled out: it is discussed at the meeting."),
        to=f"{meeting.get_absolute_url()}#consent",
    )


def _is_key(given: str) -> bool:
    return given.isascii() and given.isdigit() and len(given) < 18


@require_POST
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the decisions of what is left on the consent list."""
    meeting = _meeting(request, pk)
    done, not_done = services.record_consent(meeting=meeting, by=person(request))
    for decision in done:
        messages.success(request, f"{decision.get_outcome_display()}: {decision.matter.title}")
    for matter, refusal in not_done:
        messages.warning(request, f"{matter.ref} cannot be recorded: {refusal.reason}")
    if not done and not not_done:
        messages.info(request, "Nothing is left on the consent list.")
    return redirect(f"{meeting.get_absolute_url()}#consent")


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the minutes from the record."""
    meeting = _meeting(request, pk)
    return act(
        request,
        lambda: services.draft_minutes(meeting=meeting, by=person(request)),
        success=say("Drafted from the record. Read it through before it is approved."),
        to=to("meeting_minutes", meeting.pk),
    )


def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the meeting to another time."""
    meeting = _meeting(request, pk)
    form = MoveForm(posted(request), initial={"starts_at": meeting.starts_at})
    return form_verb(
        request,
        form,
        lambda: services.move_meeting(meeting=meeting, by=person(request), **form.cleaned_data),
        template="governance/meeting_move.html",
        context=lambda: {"meeting": meeting, "links": room_links()},
        to=meeting.get_absolute_url(),
        success=say("Moved. Those who were called get a new invitation."),
    )


def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """The meeting as an iCalendar file for the person who asks."""
    meeting = _meeting(request, pk)
    method = "CANCEL" if meeting.cancelled_at else "REQUEST"
    response = HttpResponse(
        invited(meeting, person(request)),
        content_type=f"text/calendar; charset=utf-8; method={method}",
    )
    response["Content-Disposition"] = f'attachment; filename="board-meeting-{meeting.pk}.ics"'
    return response


def cadence(request: HttpRequest) -> HttpResponse:
    """Set when the board meets as a rule."""
    user = person(request)
    allowed = [p.pk for p in programs_of(user) if policy.may_call(p, user) is None]
    if not allowed:
        raise Http404
    live = Cadence.objects.live().filter(program_id__in=allowed).select_related("program")
    initial: dict[str, Any] = {"every_weeks": 2, "minutes": 60, "weeks_ahead": 8}
    programs = programs_of(user).filter(pk__in=allowed)
    form = CadenceForm(posted(request), programs=programs, initial=initial)
    return form_verb(
        request,
        form,
        lambda: services.set_cadence(by=user, **form.cleaned_data),
        template="governance/cadence.html",
        context=lambda: {"live": list(live), "links": room_links()},
        to=to("meetings"),
        success=say("Set. The meetings of the weeks ahead are called."),
    )


@require_POST
def end_cadence(request: HttpRequest) -> HttpResponse:
    """End the standing meetings of a board."""
    given = request.POST.get("cadence", "")
    found = visible_or_404(
        Cadence.objects.live(), request.user, pk=int(given) if _is_key(given) else 0
    )
    return act(
        request,
        lambda: services.end_cadence(cadence=found, by=person(request), reason=reason_of(request)),
        success=say("Ended. The meetings to come are cancelled."),
        to=to("cadence"),
    )
