"""The decision log, as a page and as a file; and one decision as the board had it before it."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from fellowship.history.models import Event
from fellowship.kernel.saying import joined, say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import cells, filters
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.sheets.writers import write_csv
from fellowship.web.tables import paginate
from governance import decision_log as book
from governance import reconstruction, services
from governance.cells import lines, named, short
from governance.decision_log import Act, Entry
from governance.docket import rule_words
from governance.models import Decision
from governance.reconstruction import Cast, Check, Imposed, Opening, Recusal
from governance.views.common import person, programs_of, room_links

BATCH = 500
COLUMNS = (
    "number", "at", "sort", "act", "reference", "title", "outcome", "rule", "dossier_sha256",
    "actor", "people", "reason", "event", "leaf_hash",
)  # fmt: skip
"""Columns of the file. `people` is one to a line; `number` rises with time, with gaps."""


class LogFilter(filters.FilterSet):
    """The log by sort of act, reference, person and days."""

    act = filters.ChoiceFilter(choices=Act.choices, method="by_act", label=say("Sort"))
    ref = filters.CharFilter(field_name="subject_ref", lookup_expr="iexact", label=say("Reference"))
    actor = filters.CharFilter(
        field_name="actor__name", lookup_expr="icontains", label=say("Person")
    )
    since = filters.DateFilter(field_name="at", lookup_expr="date__gte", label=say("From"))
    until = filters.DateFilter(field_name="at", lookup_expr="date__lte", label=say("To"))
    program = filters.ChoiceFilter(field_name="realm__slug", choices=(), label=say("Programme"))

    class Meta:
        model = Event
        fields: list[str] = []

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = programs_of(user).values_list("realm__slug", "name")
        self.filters["program"].extra["choices"] = list(own)

    def by_act(self, rows: Any, name: str, value: str) -> Any:
        """By who acted, and by what the verb is."""
        return book.of_act(rows, value)


def log(request: HttpRequest) -> HttpResponse:
    """Every decision, condition, override, delegated and automated act, the latest first."""
    found = LogFilter(request.GET, queryset=book.rows(person(request)), user=person(request))
    page = paginate(
        request,
        found.qs,
        sort={"at": "-id"},
        default="at",
        then=lambda rows: rows.select_related("actor").defer("body"),
    )
    entries = book.entries(list(page), request.user)
    table = Table(
        say("Decision log"),
        LOG,
        entries,
        page,
        empty=say("Nothing was decided yet."),
        hint=say("Decisions, conditions, overrides and what a rule did by itself stand here."),
        narrowed=found.applied,
    )
    context = {
        "page": page,
        "table": table,
        "filter": found,
        "links": room_links(),
        "query": request.GET.urlencode(),
    }
    return render(request, "governance/decision_log.html", context)


def _act(entry: Entry) -> object:
    about = short(entry.title, 120) if entry.title else entry.subject
    shown = cells.link(entry.url, about, entry.subject, entry.what) if entry.url else ""
    return shown or named(about, entry.what)


def _below(name: object, below: object) -> object:
    """A value with a lesser one on its own line; the first column has `named`."""
    return markup('{}<br><span class="meta">{}</span>', name, below)


def _people(entry: Entry) -> object:
    if not entry.people:
        return entry.actor
    return _below(entry.actor, short(joined(", ", entry.people), 160))


def _rule(entry: Entry) -> object:
    if not entry.rule:
        return cells.NONE
    return cells.link(entry.rule_url, entry.rule) if entry.rule_url else entry.rule


LOG: tuple[Column[Entry], ...] = (
    Column(say("Act"), _act),
    Column(say("Sort"), lambda e: _below(e.act_label, e.outcome) if e.outcome else e.act_label),
    Column(say("People"), _people),
    Column(say("Rule"), _rule),
    Column(
        say("Dossier"),
        lambda e: cells.meta(f"{e.dossier_hash[:12]}…") if e.dossier_hash else cells.NONE,
    ),
    Column(say("When"), lambda e: cells.when(e.at), sort="at"),
)


@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """The log as narrowed, whole, as CSV. That it was taken is an event of its own."""
    user = person(request)
    found = LogFilter(request.GET, queryset=book.rows(user), user=user)
    services.export_log(by=user, narrowed=request.GET.urlencode())
    target = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    write_csv(target, COLUMNS, _lines(found.qs))
    target.seek(0)
    name = f"decision-log-{user.today()}.csv"
    return FileResponse(
        target, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
    )


def _lines(rows: Any) -> Iterator[tuple[Any, ...]]:
    """All rows, oldest first, read in batches by key: memory does not grow with their number."""
    after = 0
    ordered = rows.select_related("actor").defer("body").order_by("pk")
    while batch := list(ordered.filter(pk__gt=after)[:BATCH]):
        after = batch[-1].pk
        for e in book.entries(batch):
            yield (
                *(e.number, e.at, e.act, e.what, e.subject, e.title, e.outcome, e.rule),
                *(e.dossier_hash, e.actor, "\n".join(e.people), e.reason, e.uid, e.leaf_hash),
            )


# --- one decision ----------------------------------------------------------------------------


def moment_of(user: Any, ref: str) -> reconstruction.Moment:
    """The moment of a decision whose dossier the person may read; 404 otherwise."""
    rows = Decision.objects.opened_to(user).select_related(
        "matter__program", "rule_version", "decided_by"
    )
    decision = rows.filter(matter__ref=ref).first() if "\x00" not in ref else None
    if decision is None:
        raise Http404
    return reconstruction.of(decision, user)


def reconstructed(request: HttpRequest, ref: str) -> HttpResponse:
    """Everything the board had before it at that moment."""
    moment = moment_of(person(request), ref)
    context = {
        "moment": moment,
        "matter": moment.decision.matter,
        "decision": moment.decision,
        "dossier": moment.dossier,
        "sections": moment.sections,
        "rule": moment.ballot.rule_version,
        "rule_words": rule_words(moment.ballot.params),
        "seats": Table(say("The seats as counted"), SEATS, moment.seats),
        "openings": Table(
            say("Who opened which version, and when"),
            OPENINGS,
            moment.openings,
            empty=say("Nobody did."),
        ),
        "recusals": Table(say("Conflicts declared"), RECUSALS, moment.recusals),
        "conditions": Table(
            say("Conditions as they were set"),
            _conditions(moment.decision.matter.program.calendar()),
            moment.conditions,
        ),
        "checks": Table(say("What was checked just now"), CHECKS, moment.checks),
        "links": room_links(),
    }
    return render(request, "governance/reconstruction.html", context)


def _said(cast: Cast) -> object:
    if not cast.position:
        return cells.tag(cast.standing)
    tag = cells.state(cast.position.lower(), cast.position)
    return tag if cast.counted else cells.beside(tag, cells.tag(say("Not counted"), "warn"))


def _read_for(cast: Cast) -> object:
    if cast.read_for is None or cast.cast_at is None:
        return cells.NONE
    return _below(
        cells.when(cast.cast_at), say("{length} after opening it", length=_length(cast.read_for))
    )


def _length(length: dt.timedelta) -> str:
    """A length of time as people say it, in its two greatest units at most."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    shown = [f"{n} {unit}" for n, unit in parts if n][:2]
    return " ".join(shown) or "0 s"


def _agrees(check: Check) -> object:
    if check.agrees is None:
        return cells.tag(say("Not kept here"))
    return (
        cells.tag(say("Agrees"), "good")
        if check.agrees
        else cells.tag(say("Does not agree"), "bad")
    )


SEATS: tuple[Column[Cast], ...] = (
    Column(say("Seat"), lambda c: named(c.seat, c.holder or say("Vacant"))),
    Column(say("Said"), _said),
    Column(
        say("By"),
        lambda c: (
            say("{cast_by}, as deputy", cast_by=c.cast_by) if c.deputy else c.cast_by or cells.NONE
        ),
    ),
    Column(say("Why"), lambda c: lines(c.rationale) if c.rationale else cells.NONE),
    Column(say("When"), _read_for),
)
OPENINGS: tuple[Column[Opening], ...] = (
    Column(say("Person"), lambda o: o.who),
    Column(say("Version"), lambda o: o.number, num=True),
    Column(say("Opened"), lambda o: cells.when(o.at)),
)
RECUSALS: tuple[Column[Recusal], ...] = (
    Column(say("Person"), lambda r: r.who),
    Column(say("Conflict"), lambda r: r.kind),
    Column(say("Declared"), lambda r: cells.when(r.declared_at)),
    Column(say("Set aside"), lambda r: r.set_aside or say("No")),
)


def _conditions(calendar: WorkCalendar) -> tuple[Column[Imposed], ...]:
    return (
        Column(say("Condition"), lambda c: named(c.text, c.ref)),
        Column(say("To meet"), lambda c: c.owner),
        Column(say("To verify"), lambda c: c.verifier),
        Column(say("Due"), lambda c: cells.until(c.due_at, calendar, "date")),
    )


CHECKS: tuple[Column[Check], ...] = (
    Column(say("What"), lambda c: named(c.what, c.why) if c.why else c.what),
    Column("SHA-256", lambda c: cells.meta(c.sha256)),
    Column(say("Agrees"), _agrees),
)
