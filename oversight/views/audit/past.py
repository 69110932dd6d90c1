"""As of any instant: what was in force, every record of a kind, and one record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import kept, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.markup import markup
from oversight.audit import asof, held
from oversight.audit import names as naming
from oversight.audit import scope as scopes
from oversight.audit_forms import InstantForm
from oversight.views.audit.shared import audited, shown


@audited
@require_safe
def as_of(request: HttpRequest, program: Program) -> HttpResponse:
    """What was in force in the programme at an instant."""
    form, given, at = _instant(request)
    then = asof.in_force(request, program.pk, at, scopes.conflicted(request.user))
    return shown(
        request,
        "oversight/as_of.html",
        program,
        {"page": say("as of"), "at": given, **_paged(request)},
        form=form,
        at=at,
        held=then,
        kinds=_kinds(program.slug, _asked(given)),
        tables={
            "roles": held.roles(then.roles, program.slug, at),
            "grants": held.grants(then.grants, program.slug, at),
            "exceptions": held.exceptions(then.exceptions, program.slug, at),
        },
    )


def _kinds(slug: str, asked: str) -> SafeString:
    """A link to the records of each kind as they stood then, by application."""
    return SafeString("".join([markup(group, asked) for group in _groups(slug)]))


@kept(64)
def _groups(slug: str) -> list[str]:
    """Each application's links, with a place for the instant."""
    return [
        markup(
            '<h3>{}</h3><ul class="kinds">{}</ul>', name, SafeString("".join(_lines(slug, group)))
        )
        for name, group in scopes.by_application(scopes.kinds())
    ]


def _lines(slug: str, group: list[tuple[str, str]]) -> Iterator[str]:
    for key, label in group:
        url = route_to("oversight:records", key, below=(slug,))
        yield markup('<li><a href="{}{}">{}</a></li>', url, SafeString("{0}"), label)


@audited
@require_safe
def records(request: HttpRequest, program: Program, kind: str) -> HttpResponse:
    """Every record of a kind as it stood at an instant."""
    form, given, at = _instant(request)
    rows = asof.records(program.pk, kind, at, scopes.conflicted(request.user))
    if rows is None:
        raise Http404
    before = request.GET.get("before", "")
    page = asof.part(rows, before)
    older = request.GET.copy()
    older["before"] = page.older
    return shown(
        request,
        "oversight/records.html",
        program,
        {"page": "records", "kind": kind, "at": given} | ({"before": before} if before else {}),
        form=form,
        at=at,
        asked=_asked(given),
        kind=kind,
        label=naming.kind(kind),
        page=page,
        older=f"?{older.urlencode()}" if page.older else "",
        first=not before,
        table=held.records(page, kind, program.slug, at),
    )


@audited
@require_safe
def record(request: HttpRequest, program: Program, kind: str, pk: int) -> HttpResponse:
    """One record as it stood at an instant."""
    form, given, at = _instant(request)
    found = asof.found(program.pk, kind, pk, at, scopes.conflicted(request.user))
    if found is None:
        raise Http404
    return shown(
        request,
        "oversight/record.html",
        program,
        {"page": "record", "kind": kind, "id": pk, "at": given},
        form=form,
        at=at,
        kind=kind,
        kind_label=naming.kind(kind),
        asked=_asked(given),
        pk=pk,
        found=found,
    )


def _instant(request: HttpRequest) -> tuple[InstantForm, dt.datetime | None, dt.datetime]:
    """The form, the instant asked for (None where none was understood), and that or now."""
    form = InstantForm(request.GET)
    given = form.cleaned_data.get("at") if form.is_valid() else None
    return form, given, given or now()


def _asked(given: dt.datetime | None) -> str:
    """The instant as an address holds it."""
    return f"?at={held.written(given)}" if given else ""


def _paged(request: HttpRequest) -> dict[str, str]:
    """The page turned to, where it is not the first."""
    asked = request.GET.get("page", "")
    return {"of": asked} if asked.isascii() and asked.isdigit() and len(asked) < 7 else {}
