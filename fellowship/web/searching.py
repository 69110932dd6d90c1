"""The page of the one search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from fellowship.accounts.queries import read_what_is_held
from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web import search as finding
from fellowship.web.columns import Column, Table
from fellowship.web.tables import paginate

LONGEST = 100


def asked(query: Mapping[str, str]) -> str:
    """What `?q=` asks for, as it is sought."""
    return query.get("q", "").strip()[:LONGEST]


def found(text: str, user: Any) -> list[finding.Group]:
    """What a reference names; else a few hits of each kind in which the words occur."""
    read_what_is_held(user)
    return _named(finding.by_reference(text, user)) or finding.groups(text, user)


def _named(hits: list[finding.Hit]) -> list[finding.Group]:
    return [finding.Group("named", say("With this reference"), hits)] if hits else []


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What the words find, by kind; a reference that names one record leads straight to it."""
    text = asked(request.GET)
    read_what_is_held(request.user)
    one_kind = finding.kind(request.GET.get("kind", ""))
    if one_kind is not None:
        return _all_of(request, one_kind, text)
    named = finding.by_reference(text, request.user)
    if len(named) == 1:
        return redirect(named[0].url)
    groups = _named(named) or finding.groups(text, request.user)
    context = {
        "text": text,
        "groups": groups,
        "count": sum(len(group.hits) for group in groups),
        "capped": any(group.more for group in groups),
        "too_short": bool(text) and not named and not finding.long_enough(text),
    }
    return render(request, "web/search.html", context)


def _all_of(request: HttpRequest, kind: finding.Kind, text: str) -> HttpResponse:
    page = paginate(request, finding.matching(kind, text, request.user))
    columns: tuple[Column[Any], ...] = (Column(kind.label, lambda row: _cell(kind.hit(row))),)
    table = Table(kind.label, columns, page, page, empty=say("Nothing matches."))
    context = {"text": text, "kind": kind, "page": page, "table": table}
    return render(request, "web/search_kind.html", context)


def _cell(hit: finding.Hit) -> object:
    return cells.link(hit.url, hit.title, hit.meta)
