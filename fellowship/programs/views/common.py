"""What the views of programmes share: who asks, and the programmes in whose office they work."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest

from fellowship.programs.models import Call, Program
from fellowship.web.shortcuts import visible_or_404


def office(request: HttpRequest) -> Any:
    """The programmes in whose office the person works."""
    return Program.objects.in_office_of(request.user).select_related("realm", "sponsor")


def program_of(request: HttpRequest, slug: str) -> Program:
    """The programme, where the person works in its office; 404 otherwise."""
    found: Program | None = office(request).filter(realm__slug=slug).first()
    if found is None:
        raise Http404
    return found


def run_call(request: HttpRequest, ref: str) -> Call:
    """A call of a programme in whose office the person works; services say what they may do."""
    held = Program.objects.in_office_of(request.user)
    queryset = Call.objects.filter(program__in=held).select_related("program__realm")
    return visible_or_404(queryset, request.user, ref=ref)


def person(request: HttpRequest) -> Any:
    """Who asks; behind `login_required` always a user."""
    return request.user
