"""The inbox: read, open, and say that it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts.queries import read_what_is_held
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices import calendar, links, queries, services
from fellowship.notices.models import CalendarFeed, Notice
from fellowship.web import cells
from fellowship.web.actions import act, verb
from fellowship.web.columns import Column, Table
from fellowship.web.components.times import localised
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import Page, paginate

if TYPE_CHECKING:
    from fellowship.accounts.models import User

_NEW_FEED = "new_calendar_token"


@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """The person's notices, the unread first."""
    read_what_is_held(request.user)
    notices = queries.inbox(request.user).select_related("realm")
    page = paginate(
        request,
        notices.only("title", "words", "created_at", "read_at", "urgent", "realm__name"),
        per_page=50,
    )
    table = Table(say("Your notices, the unread first"), _columns(request, page), page, page)
    context = {"page": page, "table": table, "unread": queries.unread_count(request.user)}
    return render(request, "notices/inbox.html", context)


def _columns(request: HttpRequest, page: Page[Notice]) -> tuple[Column[Notice], ...]:
    def status(notice: Notice) -> object:
        if not notice.unread():
            return cells.tag(say("Read"))
        mark = (
            cells.tag(say("Urgent"), "warn")
            if notice.urgent
            else cells.tag(say("Unread"), "accent")
        )
        url = route_to("notices:mark_read", notice.pk)
        button = cells.verb(request, url, say("Mark as read"), page=page.number)
        return markup('<div class="row">{}{}</div>', mark, button)

    return (
        Column(say("Notice"), _name),
        Column(say("Told"), lambda n: cells.when(n.created_at)),
        Column(say("Status"), status),
    )


def _name(notice: Notice) -> object:
    return cells.link(
        route_to("notices:open", notice.pk), localised(notice.said_title), notice.realm or ""
    )


@login_required
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where the notice leads, or show it where it leads nowhere; that reads it."""
    notice = visible_or_404(Notice.objects.select_related("realm"), request.user, pk=pk)
    if "prefetch" not in request.headers.get("Sec-Purpose", ""):
        services.mark_read(notice=notice, by=request.user)
    if links.is_local(notice.url):
        return redirect(notice.url)
    return render(request, "notices/notice.html", {"notice": notice})


@verb
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one notice is read, and go back to the page it stood on."""
    notice = visible_or_404(Notice, request.user, pk=pk)
    page = request.POST.get("page", "")
    back = f"?page={page}" if page.isascii() and page.isdigit() and len(page) < 7 else ""
    return act(
        request,
        lambda: services.mark_read(notice=notice, by=request.user),
        to=reverse("notices:inbox") + back,
    )


@verb
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Say that everything told so far is read."""
    return act(
        request,
        lambda: services.mark_all_read(by=request.user),
        to=reverse("notices:inbox"),
        success=say("Everything is marked as read."),
    )


@login_required
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Whether the person has a calendar feed; its address once, right after it was made."""
    token = request.session.pop(_NEW_FEED, "")
    address = links.absolute(reverse("notices:feed", args=[token])) if token else ""
    person = cast("User", request.user)
    has_feed = CalendarFeed.objects.filter(user=person).exists()
    response = render(request, "notices/calendar.html", {"address": address, "has_feed": has_feed})
    response["Cache-Control"] = "no-store"
    return response


@verb
def open_calendar(request: HttpRequest) -> HttpResponse:
    """Make a calendar address, in place of any earlier one."""
    person = cast("User", request.user)  # the decorator lets nobody else through
    request.session[_NEW_FEED] = services.open_calendar(by=person)
    return redirect("notices:calendar")


@verb
def close_calendar(request: HttpRequest) -> HttpResponse:
    """Make the calendar address useless."""
    person = cast("User", request.user)
    return act(
        request,
        lambda: services.close_calendar(by=person),
        to=reverse("notices:calendar"),
        success=say("The calendar address no longer works."),
    )


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of whoever's secret address this is; 404 for every other address."""
    person = queries.feed_owner(token)
    if person is None:
        raise Http404
    content = calendar.feed(person, now())
    return HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": 'inline; filename="fellowship.ics"',
            "X-Robots-Tag": "noindex",
        },
    )
