"""Pages of one programme, for some of its people; 404 to everybody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from fellowship.accounts.queries import has_role, realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web.columns import Table
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


Beside = Callable[[Sequence[Program], Any], Table[Any]]
"""The programmes beside each other, as one person may know them."""


def choose(request: HttpRequest, *role_keys: str, route: str, **shown: Any) -> HttpResponse:
    """The programmes in which the person holds one of the roles; straight in where there is one.

    `shown` is what the page says: its `title`, a `lede`, and `beside`, which makes the table.
    """
    mine = realm_ids_where(request.user, *role_keys)
    programs = list(Program.objects.filter(pk__in=mine).select_related("realm").order_by("name"))
    if not programs:
        raise Http404
    if len(programs) == 1:
        return redirect(route_to(route, programs[0].slug))
    beside: Beside = shown.pop("beside")
    shown["table"] = beside(programs, request.user)
    return render(request, "oversight/programs.html", shown)


def links_of(program: Program, user: Any) -> list[Link]:
    """The pages of the office that the person may open."""
    slug, found = program.slug, []
    if has_role(user, program.pk, *OFFICE):
        found = [
            Link(say("Office"), route_to("oversight:program", slug)),
            Link(say("Stalls"), route_to("oversight:stalls", slug)),
            Link(say("Calendar"), route_to("oversight:calendar", slug)),
            Link(say("Workload"), route_to("oversight:workload", slug)),
            Link(say("Launch"), route_to("oversight:launch", slug)),
        ]
    if has_role(user, program.pk, *HEALTH):
        found.append(Link(say("Governance health"), route_to("oversight:health", slug)))
    if has_role(user, program.pk, *OFFICE):
        found.append(Link(say("Cohorts"), route_to("oversight:cohorts", slug)))
        found.append(Link(say("Sponsor’s page"), route_to("oversight:sponsor", slug)))
    return found
