"""Files of findings: brought, looked over row by row, confirmed."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from fellowship.kernel.refusals import refuse
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells, files
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import Page, paginate
from findings import policy, services
from findings.forms import ConfirmForm, UploadForm
from findings.models import FindingImport, ImportRow
from findings.services.imports import unsaid
from findings.states import RowOutcome
from scoping.models import Fellowship
from scoping.policy.standing import seen_by

PER_PAGE: Final = 50
MARKS: Final = ("leave", "report", "judge")


def _counts(brought: FindingImport) -> object:
    return f"{brought.new} / {brought.duplicates} / {brought.refused}"


def _stands(brought: FindingImport) -> object:
    if brought.confirmed_at:
        return cells.beside(
            cells.tag(say("Confirmed"), "good"), cells.when(brought.confirmed_at, "date")
        )
    return cells.tag(say("Waits for you"), "warn")


IMPORTS: tuple[Column[FindingImport], ...] = (
    Column(
        say("File"),
        lambda it: cells.link(
            route_to("findings:import", it.ref), it.name, it.ref, it.get_file_format_display()
        ),
    ),
    Column(say("New / known / refused"), _counts, num=True),
    Column(say("Brought"), lambda it: cells.when(it.read_at, "date")),
    Column(say("State"), _stands),
)


@login_required
def imports(request: HttpRequest, ref: str) -> HttpResponse:
    """The files brought for a case, and the way to bring one."""
    rows = Fellowship.objects.select_related("program", "fellow")
    case = visible_or_404(rows, request.user, ref=ref)
    by: Any = request.user
    refused = policy.may_report(case, by)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        brought = attempt(
            form,
            lambda: services.read_import(
                fellowship=case,
                file_format=form.cleaned_data["file_format"],
                name=file.name,
                data=file.read(),
                by=by,
            ),
        )
        if brought is not None:
            return redirect(brought.get_absolute_url())
    page = paginate(
        request,
        FindingImport.objects.filter(fellowship=case),
        per_page=PER_PAGE,
        sort={"new": "-id"},
        default="new",
    )
    table = Table(
        say("Files brought"),
        IMPORTS,
        page,
        page,
        empty=say("No file was brought yet."),
        hint=say("Bring SARIF, AVID, Inspect or garak; nothing is reported before you confirm."),
    )
    context = {"fellowship": case, "refused": refused, "page": page, "table": table}
    return form_page(request, "findings/imports.html", form, context)


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """What was read of a file, row by row, and what becomes of each."""
    brought = _brought(request, ref)
    return _page(request, brought, ConfirmForm(missing=_missing(brought)))


def _brought(request: HttpRequest, ref: str) -> FindingImport:
    rows = FindingImport.objects.select_related(
        "fellowship__fellow", "program", "brought_by", "artifact"
    )
    found = visible_or_404(rows, request.user, ref=ref)
    seen_by(found.fellowship, request.user)  # type: ignore[arg-type]
    return found


def _missing(brought: FindingImport) -> Any:
    if brought.confirmed_at:
        return unsaid(())
    return unsaid(brought.rows.filter(outcome=RowOutcome.NEW).only("candidate", "belongs_to"))


def _page(request: HttpRequest, brought: FindingImport, form: ConfirmForm) -> HttpResponse:
    rows = brought.rows.select_related("finding__fellowship__fellow", "finding__program")
    outcome = request.GET.get("outcome", "")
    if outcome in RowOutcome.values:
        rows = rows.filter(outcome=outcome)
    page: Page[ImportRow] = paginate(
        request, rows, per_page=PER_PAGE, sort={"place": "place"}, default="place"
    )
    said = say(
        "{new} reported, {duplicates} known already, {refused} refused.",
        new=brought.new,
        duplicates=brought.duplicates,
        refused=brought.refused,
    )
    one = (
        say("Report {count}", count=cells.count(brought.new, "finding"))
        if brought.new
        else say("Confirm the file")
    )
    context = {
        "brought": brought,
        "done": said,
        "confirm_label": one,
        "page": page,
        "withheld": policy.withheld_among((r.finding for r in page if r.finding), request.user),
        "outcome": outcome,
        "outcomes": [
            ("", say("All"), brought.new + brought.duplicates + brought.refused),
            (RowOutcome.NEW, say("New"), brought.new),
            (RowOutcome.DUPLICATE, say("Known already"), brought.duplicates),
            (RowOutcome.REFUSED, say("Refused"), brought.refused),
        ],
        "refused": policy.may_settle(brought, request.user),  # type: ignore[arg-type]
        "file_refused": policy.may_read_file(brought, request.user),
    }
    return form_page(request, "findings/import.html", form, context)


@verb
def confirm(request: HttpRequest, ref: str) -> HttpResponse:
    """Report what is new in it."""
    brought = _brought(request, ref)
    form = ConfirmForm(request.POST, missing=_missing(brought))
    by: Any = request.user
    if form.is_valid():
        done = attempt(
            form,
            lambda: services.confirm_import(brought=brought, by=by, **form.cleaned_data),
        )
        if done is not None:
            return redirect(done.get_absolute_url())
    return _page(request, brought, form)


@verb
def mark(request: HttpRequest, ref: str, place: int) -> HttpResponse:
    """Leave a row out, report it all the same, or judge it again."""
    brought = _brought(request, ref)
    row = brought.rows.filter(place=min(place, 2_000_000_000)).first()
    said = request.POST.get("mark", "")
    if row is None or said not in MARKS:
        raise Http404
    row.belongs_to = brought
    by: Any = request.user
    return act(
        request,
        lambda: services.mark_row(row=row, mark=said, by=by),
        to=f"{reverse('findings:import', args=[ref])}?page={_number(request)}",
    )


def _number(request: HttpRequest) -> int:
    said = request.POST.get("page", "1")
    return int(said) if said.isdigit() and len(said) < 6 else 1


@login_required
def original(request: HttpRequest, ref: str) -> HttpResponse:
    """The file as it was brought, for those who may read its findings."""
    brought = _brought(request, ref)
    refuse(policy.may_read_file(brought, request.user))
    return files.download(brought.sha256, brought.name, "application/octet-stream")  # type: ignore[return-value]
