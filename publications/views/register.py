"""The public register of released work: titles, times taken, objections in counts, and as CSV."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import cells, files, filters
from fellowship.web.columns import Column, Table
from fellowship.web.markup import escaped, markup
from fellowship.web.sheets.writers import write_csv
from fellowship.web.tables import paginate
from publications import statistics
from publications.certificate.facts import BY_BOARD
from publications.models import Objection, Outcome, Publication
from publications.states import Ask, Kind, OutcomeStage, ReleasedBy, WorkClass

CSV_MOST = 20_000
"""Rows of the CSV: beyond them it says that it is cut, and filters narrow it."""


def _programs() -> list[tuple[str, str]]:
    return list(Program.objects.order_by("name").values_list("realm__slug", "name"))


class RegisterFilter(filters.FilterSet):
    """Released work by words, programme, kind, class and what released it."""

    q = filters.Search(fields=["title", "ref", "venue"])
    program = filters.ChoiceFilter(
        field_name="program__realm__slug", choices=(), label=say("Programme")
    )
    kind = filters.ChoiceFilter(choices=Kind.choices, label=say("Kind"))
    work_class = filters.ChoiceFilter(choices=WorkClass.choices, label=say("Class of work"))
    released_by = filters.ChoiceFilter(
        choices=ReleasedBy.choices, label=say("Released by"), method="by_release"
    )

    class Meta:
        model = Publication
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["program"].extra["choices"] = _programs()

    def by_release(
        self, rows: QuerySet[Publication], name: str, value: str
    ) -> QuerySet[Publication]:
        """What released it; silence counts before anybody has recorded it."""
        if value == ReleasedBy.SILENCE:
            return rows.filter(Q(release_kind=value) | Q(release_kind=""))
        return rows.filter(release_kind=value)


def _title(work: Publication) -> object:
    url = route_to("publications:public", work.ref)
    below = (work.ref, Kind(work.kind).label, work.program, work.venue, work.doi)
    words = SafeString(" · ".join(escaped(part) for part in below if part))
    certificate = route_to("publications:certificate", work.ref)
    return markup(
        '<a href="{}">{}</a><span class="meta">{} · <a href="{}">{}</a></span>',
        url,
        work.title,
        words,
        certificate,
        say("Certificate"),
    )


def ended(work: Publication) -> dt.datetime | None:
    """The instant of its release, recorded or not."""
    return work.released_at or work.window_ends_at


def days_of(work: Publication) -> int | None:
    """Whole days from submission to release."""
    at = ended(work)
    return (at - work.submitted_at).days if at and work.submitted_at else None


def _how(work: Publication) -> str:
    return str(ReleasedBy(work.release_kind or ReleasedBy.SILENCE).label)


def _became(work: Any) -> str:
    return str(OutcomeStage(work.became).label) if work.became else "–"


RELEASED: tuple[Column[Any], ...] = (
    Column(say("Title"), _title),
    Column(say("Submitted"), lambda p: cells.when(p.submitted_at, "date"), sort="new"),
    Column(say("Days to release"), days_of, num=True),
    Column(say("Released because"), _how),
    Column(say("Objections"), lambda p: p.objected, num=True),
    Column(say("Redactions"), lambda p: p.redacted, num=True),
    Column(say("Decided by the board"), lambda p: p.contested, num=True),
    Column(say("Since then"), _became),
)
COLUMNS = (
    "reference",
    "title",
    "kind",
    "class",
    "programme",
    "submitted_at",
    "released_at",
    "days_to_release",
    "released_by",
    "objections",
    "redactions",
    "decided_by_the_board",
    "outcome",
    "venue",
    "doi",
)


def _counted(**narrowed: Any) -> Coalesce:
    """How many objections of a work, counted for the rows of a page alone."""
    rows = Objection.objects.filter(publication=OuterRef("pk"), **narrowed).order_by()
    counted = rows.values("publication").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def with_counts(rows: QuerySet[Publication]) -> QuerySet[Publication]:
    """With objections in counts and the latest outcome: asked for the rows of one page."""
    latest = Outcome.objects.filter(publication=OuterRef("pk")).order_by("-on", "-id")
    found = rows.select_related("program").annotate(
        objected=_counted(),
        redacted=_counted(ask=Ask.REDACT, state__in=("accepted", "upheld")),
        contested=_counted(state__in=BY_BOARD),
        became=Subquery(latest.values("stage")[:1]),
    )
    return found.defer("abstract", "acknowledgement")


def _chosen(request: HttpRequest) -> RegisterFilter:
    return RegisterFilter(request.GET, queryset=Publication.objects.released(now()))


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Titles, days taken, objections in counts. No reviewer, no passage."""
    chosen = _chosen(request)
    sort = {"new": "-submitted_at"}
    page = paginate(request, chosen.qs, sort=sort, default="new", then=with_counts)
    table = Table(
        say("Released work"),
        RELEASED,
        page,
        page,
        empty=say("Nothing here was released yet."),
        hint=say("A work stands here once it is released, with how long each step took."),
        narrowed=chosen.applied,
    )
    slug = chosen.form.cleaned_data.get("program") if chosen.form.is_valid() else ""
    program = Program.objects.select_related("realm").filter(realm__slug=slug).first()
    context = {
        "page": page,
        "table": table,
        "filter": chosen,
        "program": program,
        "figures": statistics.past(program.pk) if program else None,
        "query": request.GET.urlencode(),
    }
    return render(request, "publications/register.html", context)


@require_safe
def register_csv(request: HttpRequest) -> HttpResponse:
    """The same, filtered the same, as CSV that no spreadsheet takes for formulas."""
    rows = with_counts(_chosen(request).qs.order_by("-submitted_at", "-id"))[:CSV_MOST]
    out = io.BytesIO()
    write_csv(out, COLUMNS, (_row(work) for work in rows.iterator(chunk_size=2000)))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, "register.csv") or ""
    response["Content-Security-Policy"] = files.SANDBOX
    return response


def _row(work: Any) -> tuple[Any, ...]:
    return (
        work.ref,
        work.title,
        work.kind,
        work.work_class,
        work.program.name,
        work.submitted_at,
        ended(work),
        days_of(work),
        work.release_kind or ReleasedBy.SILENCE.value,
        work.objected,
        work.redacted,
        work.contested,
        work.became or "",
        work.venue,
        work.doi,
    )
