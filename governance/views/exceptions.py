"""Exceptions: the register, the request, and one exception."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say, say_n
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import cells
from fellowship.web.actions import act, attempt, form_page, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.items import Link, Tone
from fellowship.web.shortcuts import visible_among, visible_or_404
from fellowship.web.tables import page_of, paginate, start_asked
from governance import exceptions as register
from governance import links as urls
from governance import rearming, services, standing
from governance import repeats as counted
from governance.cells import due_on, named, short
from governance.filters import SOON, ExceptionFilter
from governance.forms.exceptions import ExceptionForm
from governance.models import ExceptionRecord, Matter
from governance.policy import exceptions as policy
from governance.services.exceptions import MATTER_KIND
from governance.states import ExceptionState
from governance.subjects import by_reference, shown_to
from governance.views.common import events_of, person, posted, programs_of, start_of

_WORDS: dict[str, tuple[str, Tone]] = {
    ExceptionState.REQUESTED: (say("With the board"), "accent"),
    ExceptionState.REFUSED: (say("Not granted"), "bad"),
    ExceptionState.WITHDRAWN: (say("Withdrawn"), "plain"),
    ExceptionState.ENDED: (say("Ended early"), "plain"),
}
_CONTINUING = (ExceptionState.REQUESTED, ExceptionState.GRANTED)
"""States of one that extends another in which no further one is asked for."""


def stand(exception: ExceptionRecord, at: dt.datetime) -> tuple[str, Tone]:
    """Where it stands at `at`, in words, from its dates alone."""
    if exception.state in _WORDS:
        return _WORDS[exception.state]
    if exception.expires_at <= at:
        return say("Over"), "plain"
    if exception.waits:
        return say("Waits for its conditions"), "warn"
    if exception.starts_at > at:
        return say("Not begun"), "plain"
    return (
        (say("Ends soon"), "warn")
        if exception.expires_at <= at + SOON
        else (say("In force"), "good")
    )


@login_required
def exceptions(request: HttpRequest) -> HttpResponse:
    """The register, what ends next first."""
    at = now()
    rows = ExceptionRecord.objects.visible_to(person(request))
    found = ExceptionFilter(request.GET, queryset=rows, request=request)
    page = paginate(
        request,
        found.qs,
        sort={"ends": "expires_at", "age": "starts_at", "ref": "-id", "renewals": "-renewals"},
        default="ends" if request.GET.get("stand") in ("live", "ending") else "ref",
        rows=_with_owner,
    )
    table = Table(
        say("Exceptions"),
        _columns(at),
        page,
        page,
        empty=say("Nothing is excepted yet."),
        hint=say("An exception lets one case off one rule for a time; it is asked for there."),
        narrowed=found.applied,
    )
    context = {
        "page": page,
        "table": table,
        "filter": found,
        "may_request": holds_anywhere(person(request), *roles.ROLES),
        "links": register_links(),
    }
    return render(request, "governance/exceptions.html", context)


def register_links() -> list[Link]:
    """The pages of the register."""
    return [
        Link(say("Register"), urls.to("exceptions")),
        Link(say("Excepted again and again"), urls.to("exception_repeats")),
    ]


@login_required
def repeats(request: HttpRequest) -> HttpResponse:
    """What is excepted over and over, by record, owner or asker: a rule that does not hold."""
    at, by = now(), request.GET.get("by", "")
    by = by if by in counted.BY else "record"
    found = counted.groups(person(request), by)
    order = request.GET.get("sort", "")
    order = order if order in counted.ORDERS else "times"
    at_place = start_asked(request)
    first, total = counted.rows(found, order, at_place)
    page = page_of(
        request,
        total if first or not at_place else found.count(),
        lambda start, many: first or counted.rows(found, order, start, many)[0],
        sort=order,
        down=True,
    )
    columns = _repeat_columns(by, at)
    table = Table(
        say("Excepted again and again"),
        columns,
        page,
        page,
        empty=say("Nothing repeats itself."),
        hint=say("What is excepted a second time, or renewed, is counted here."),
    )
    context = {
        "page": page,
        "table": table,
        "links": register_links(),
        "by_url": f"?by={by}",
        "ways": [Link(label, f"?by={key}") for key, label in _WAYS.items()],
    }
    return render(request, "governance/exception_repeats.html", context)


_WAYS = {
    "record": say("By what is excepted"),
    "owner": say("By owner"),
    "asker": say("By who asks"),
}


def _repeat_columns(by: str, at: dt.datetime) -> tuple[Column[counted.Repeated], ...]:
    names: dict[str, tuple[str, Any]] = {
        "record": (say("Excepted"), lambda e: named(e.subject_label, e.get_kind_display())),
        "owner": (say("Owner"), lambda e: named(e.owner, e.program)),
        "asker": (say("Asked for by"), lambda e: named(e.requested_by, e.program)),
    }
    label, name = names[by]
    return (
        Column(label, lambda r: name(r.latest)),
        Column(say("Granted"), lambda r: cells.count(r.times, "time"), sort="times", num=True),
        Column(say("Extended at most"), lambda r: r.extended, sort="extended", num=True),
        Column(
            say("Since"), lambda r: cells.when(r.first_at, "date", _lives(r.latest)), sort="since"
        ),
        Column(
            say("Ends last"),
            lambda r: cells.until(r.last_at, _lives(r.latest), "date"),
            sort="ends",
        ),
        Column(say("The latest"), lambda r: _latest(r.latest, at)),
    )


def _lives(exception: ExceptionRecord) -> WorkCalendar:
    """The days of the programme it is granted in."""
    return exception.program.calendar()


def _latest(exception: ExceptionRecord, at: dt.datetime) -> object:
    url = route_to("governance:exception", exception.ref)
    return cells.beside(cells.link(url, exception.ref), cells.tag(*stand(exception, at)))


@read
def _with_owner(keys: list[int]) -> QuerySet[ExceptionRecord]:
    rows = ExceptionRecord.objects.filter(pk__in=keys).order_by()
    return rows.select_related("owner", "program").only(
        *("ref", "kind", "title", "subject_label", "renewals", "state"),
        *("program__zone", "program__holidays"),
        *("starts_at", "expires_at", "approved_at", "ended_at", "waits"),
        *("measure_due_at", "measure_held"),
        *("owner__name", "owner__email"),
    )


def _columns(at: dt.datetime) -> tuple[Column[ExceptionRecord], ...]:
    return (
        Column(say("Exception"), _name, sort="ref"),
        Column(say("For"), lambda e: short(e.subject_label, 60)),
        Column(say("Owner"), lambda e: e.owner),
        Column(say("Stands"), lambda e: _stands(e, at)),
        Column(
            say("In force for"),
            lambda e: cells.count(days, "day") if (days := age(e, at)) else cells.NONE,
            sort="age",
            num=True,
        ),
        Column(
            say("Ends"),
            lambda e: (
                due_on(e.expires_at, _lives(e))
                if e.is_live(at)
                else cells.until(e.expires_at, _lives(e), "date")
            ),
            sort="ends",
        ),
    )


def _name(exception: ExceptionRecord) -> object:
    again = (
        say("{count} extended", count=cells.count(exception.renewals, "time"))
        if exception.renewals
        else ""
    )
    url = route_to("governance:exception", exception.ref)
    kind = exception.get_kind_display()
    return cells.link(url, exception.title, exception.ref, kind, again)


def _stands(exception: ExceptionRecord, at: dt.datetime) -> object:
    tags = [cells.tag(*stand(exception, at))]
    if (measure := measured(exception, at)) and exception.is_live(at):
        tags.append(cells.tag(*measure))
    return SafeString(" ".join(tags))


def measured(exception: ExceptionRecord, at: dt.datetime) -> tuple[str, Tone] | None:
    """What is to be said of the measure of one at `at`; None while nothing is amiss."""
    if exception.measure_held is False:
        return say("Measure did not hold"), "bad"
    return (say("Test overdue"), "warn") if exception.measure_late(at) else None


def age(exception: ExceptionRecord, at: dt.datetime) -> int:
    """Calendar days it has been in force so far; 0 before it began."""
    end = min(exception.ended_at or at, exception.expires_at, at)
    began = exception.approved_at is not None and exception.starts_at <= at
    return max(0, (end - exception.starts_at).days) if began else 0


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Ask the board for an exception."""
    user = person(request)
    programs = programs_of(user)
    if not programs:
        raise Http404
    previous = _previous(request)
    form = ExceptionForm(posted(request), programs=programs, initial=_initial(request, previous))
    if request.method == "POST" and form.is_valid():
        done = _request(form, user, previous)
        if done:
            messages.success(request, say("Asked. The board has it now."))
            return redirect(done.get_absolute_url())
    context = {"previous": previous}
    return form_page(request, "governance/exception_new.html", form, context)


def _request(
    form: ExceptionForm, user: Any, previous: ExceptionRecord | None
) -> ExceptionRecord | None:
    data = dict(form.cleaned_data)
    reference, program = data.pop("reference"), data["program"]
    starts_on, expires_on = data.pop("starts_on"), data.pop("expires_on")
    subject = by_reference(user, reference) if reference else program
    if subject is None:
        form.add_error("reference", say("No case with this reference is yours to see."))
        return None
    calendar = program.calendar()
    starts_at = start_of(starts_on, program) if starts_on else None
    return attempt(
        form,
        lambda: services.request_exception(
            subject=subject,
            by=user,
            starts_at=max(starts_at, now()) if starts_at else None,
            expires_at=calendar.end_of_day(expires_on),
            extends=previous,
            **data,
        ),
    )


def _previous(request: HttpRequest) -> ExceptionRecord | None:
    """The exception this one would continue, named in the address."""
    ref = request.GET.get("extends", "")
    if not ref:
        return None
    return visible_or_404(ExceptionRecord, request.user, ref=ref[:30])


def _initial(request: HttpRequest, previous: ExceptionRecord | None) -> dict[str, Any]:
    if previous is None:
        return {
            "reference": request.GET.get("about", "")[:60],
            "kind": request.GET.get("kind", "")[:30],
        }
    names = ("title", "risk", "compensating_measure", "measure_test", "kind")
    return {
        **{name: getattr(previous, name) for name in names},
        "owner": previous.owner_id,
        "program": previous.program_id,
        "reference": _reference(previous, request.user),
    }


def _reference(exception: ExceptionRecord, user: Any) -> str:
    subject = shown_to(user, exception.subject_type, exception.subject_id)
    return str(getattr(subject, "ref", ""))


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One exception: why, at what risk, what makes up for it, until when."""
    exception = _exception(request, ref)
    user, at = person(request), now()
    words, tone = stand(exception, at)
    matters = Matter.objects.visible_to(user).filter(kind=MATTER_KIND, subject_id=exception.pk)
    requested = exception.state == ExceptionState.REQUESTED
    granted = exception.state == ExceptionState.GRANTED
    end_refusal = policy.may_end(exception, user) if granted else None
    withdraw_refusal = policy.may_withdraw(exception, user) if requested else None
    matter = matters.order_by("-id").first()
    visible = ExceptionRecord.objects.visible_to(user)
    earlier, later = register.earlier(exception), list(visible.filter(extends=exception))
    live = exception.is_live(at)
    follows = next((one for one in later if one.state == ExceptionState.GRANTED), None)
    context = {
        "exception": exception,
        "subject": shown_to(user, exception.subject_type, exception.subject_id),
        "words": words,
        "headline": (until := _until(exception, words, at)),
        "term": say("{until}.", until=until),
        "tone": tone,
        "live": live,
        "afterwards": say("{ref} continues it.", ref=follows.ref)
        if follows
        else say("It ends by itself and the rule applies again."),
        "age": age(exception, at),
        "matter": matter,
        "standing": standing.of_exception(exception, matter),
        "earlier": earlier,
        "later": later,
        "offer_end": granted and end_refusal is None,
        "offer_amend": policy.may_amend(exception, user) is None,
        "offer_withdraw": requested and withdraw_refusal is None,
        "offer_extend": exception.approved_at is not None
        and all(one.state not in _CONTINUING for one in later)
        and _may_ask(exception, user),
        "offer_test": policy.may_test(exception, user) is None,
        "tests": exception.measure_tests.select_related("tested_by")[: register.SHOWN],
        "measured": measured(exception, at),
        "gate": rearming.gate(exception.kind),
        "covered_by": _covering(exception, user, at),
        "longest": register.longest(exception),
        "others": register.others(exception, [*earlier, *later], among=visible),
        "events": events_of(exception),
    }
    return render(request, "governance/exception.html", context)


def _covering(exception: ExceptionRecord, user: Any, at: dt.datetime) -> ExceptionRecord | None:
    """The live exception that covers what this one does not yet or no longer cover, if visible."""
    asked = exception.state == ExceptionState.REQUESTED
    if (exception.approved_at is None and not asked) or exception.is_live(at):
        return None
    other = rearming.still_covering([exception], at).get(exception.pk)
    return other if other and visible_among([other], user) else None


def _until(exception: ExceptionRecord, words: str, at: dt.datetime) -> str:
    """“In force until 22 January 2027, 44 more working days”."""
    calendar = exception.program.calendar()
    left = calendar.working_days_between(at, exception.expires_at)
    return say_n(
        left,
        "{words}: until {day:%-d %B %Y}, {n} more working day",
        "{words}: until {day:%-d %B %Y}, {n} more working days",
        words=words,
        day=calendar.last_day(exception.expires_at),
    )


def _may_ask(exception: ExceptionRecord, user: Any) -> bool:
    return policy.may_request(exception.program, exception.owner, user) is None


@verb
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Take a request back."""
    exception = _exception(request, ref)
    return act(
        request,
        lambda: services.withdraw_exception(
            exception=exception, by=person(request), reason=reason_of(request)
        ),
        success=say("Withdrawn."),
        to=exception.get_absolute_url(),
    )


@verb
def end(request: HttpRequest, ref: str) -> HttpResponse:
    """End it before its time."""
    exception = _exception(request, ref)
    return act(
        request,
        lambda: services.end_exception(
            exception=exception, by=person(request), reason=reason_of(request)
        ),
        success=say("Ended. The rule applies again from this moment."),
        to=exception.get_absolute_url(),
    )


def _exception(request: HttpRequest, ref: str) -> ExceptionRecord:
    rows = ExceptionRecord.objects.select_related(
        "program__realm",
        "owner",
        "requested_by",
        "approved_by",
        "decision__matter",
        "ended_by",
        "extends",
    )
    return visible_or_404(rows, request.user, ref=ref)
