"""What the pages of the audit room share: who enters, where the rooms are, that looks are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web.items import Link
from oversight import looks
from oversight.forms import midnight

Answer = TypeVar("Answer", bound=HttpResponseBase)


def audited(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """A page of one programme for its auditors; 404 to everybody else."""

    @wraps(view)
    @login_required
    def wrapper(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> Answer:
        return view(request, program_of(request, slug), *args, **kwargs)

    return wrapper


def program_of(request: HttpRequest, slug: str) -> Program:
    """The programme, if the person audits it; Http404 otherwise."""
    found = _called(sorted(realm_ids_where(request.user, roles.AUDITOR)), slug)
    if not found:
        raise Http404
    program: Program = found[0]
    return program


@read
def _called(keys: list[int], slug: str) -> QuerySet[Program]:
    return Program.objects.select_related("realm").filter(pk__in=keys, realm__slug=slug)


def pages(program: Program) -> list[Link]:
    """The rooms within the audit room."""
    names = (
        (say("Timeline"), "room"),
        (say("As of"), "as_of"),
        (say("Populations"), "populations"),
        (say("Samples"), "samples"),
        (say("Tests of control"), "controls"),
        (say("Export"), "export"),
        (say("Verification"), "verification"),
    )
    return [Link(label, reverse(f"oversight:{name}", args=[program.slug])) for label, name in names]


def shown(
    request: HttpRequest, template: str, program: Program, looked: Any, **context: Any
) -> HttpResponse:
    """Render, after recording what was looked at."""
    looks.record(request, program, looked)
    return render(request, template, {"program": program, "links": pages(program), **context})


def period_of(data: dict[str, Any]) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The instants that bound the days of a form's period, `[from, to)`."""
    to_on = data.get("to_on")
    return (
        midnight(data.get("from_on")),
        midnight(to_on + dt.timedelta(days=1)) if to_on else None,
    )
