"""Pages of one programme, for some of its people; 404 to everybody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from fellowship.accounts.queries import has_role, realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web.items import Link
from oversight.policy import HEALTH, OFFICE

View = Callable[..., HttpResponse]


def for_roles(*role_keys: str) -> Callable[[View], View]:
    """A page `view(request, program, …)` at `<slug>/…`, for those who hold one of the roles."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def wrapper(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            mine = realm_ids_where(request.user, *role_keys)
            found = [program for program in _named(slug) if program.pk in mine]
            if not found:
                raise Http404
            return view(request, found[0], *args, **kwargs)

        return wrapper

    return decorate


@read
def _named(slug: str) -> QuerySet[Program]:
    return Program.objects.select_related("realm", "sponsor").filter(realm__slug=slug).order_by()


def choose(request: HttpRequest, *role_keys: str, route: str, title: str) -> HttpResponse:
    """The programmes in which the person holds one of the roles; straight in where there is one."""
    mine = realm_ids_where(request.user, *role_keys)
    programs = list(Program.objects.filter(pk__in=mine).select_related("realm").order_by("name"))
    if not programs:
        raise Http404
    pages = [Link(str(p), reverse(route, args=[p.slug])) for p in programs]
    if len(pages) == 1:
        return redirect(pages[0].url)
    return render(request, "oversight/offices.html", {"pages": pages, "title": title})


def links_of(program: Program, user: Any) -> list[Link]:
    """The pages of the office that the person may open."""
    slug, found = program.slug, []
    if has_role(user, program.pk, *OFFICE):
        found = [
            Link(say("Office"), reverse("oversight:program", args=[slug])),
            Link(say("Stalls"), reverse("oversight:stalls", args=[slug])),
            Link(say("Calendar"), reverse("oversight:calendar", args=[slug])),
            Link(say("Workload"), reverse("oversight:workload", args=[slug])),
            Link(say("Launch"), reverse("oversight:launch", args=[slug])),
        ]
    if has_role(user, program.pk, *HEALTH):
        found.append(Link(say("Governance health"), reverse("oversight:health", args=[slug])))
    if has_role(user, program.pk, *OFFICE):
        found.append(Link(say("Cohorts"), reverse("oversight:cohorts", args=[slug])))
        found.append(Link(say("Sponsor’s page"), reverse("oversight:sponsor", args=[slug])))
    return found
