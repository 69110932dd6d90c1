"""The case a page of oversight is about, with no more of it than these pages show."""

from __future__ import annotations

from django.http import HttpRequest

from fellowship.web.shortcuts import visible_or_404
from scoping.models import Fellowship


def load(request: HttpRequest, ref: str) -> Fellowship:
    """As `scoping.frame.load`, with the fellow and the programme alone: half the joins."""
    rows = Fellowship.objects.select_related("program__realm", "fellow", "closeout__closed_by")
    case = visible_or_404(rows, request.user, ref=ref)
    # Visible to this person, so not one they are recused from: policies need not ask again.
    case.__dict__["_recused"] = {request.user.pk: False}
    return case
