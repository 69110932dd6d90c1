"""The case a page of oversight is about, with no more of it than these pages show."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from fellowship.kernel.prepared import read
from fellowship.web.shortcuts import seen_key
from oversight import looks
from scoping.models import Fellowship


def load(request: HttpRequest, ref: str) -> Fellowship:
    """As `scoping.frame.load`, with the fellow and the programme alone: half the joins."""
    (case,) = _case(seen_key(Fellowship, request.user, ref=ref))
    # Visible to this person, so not one they are recused from: policies need not ask again.
    case.__dict__["_recused"] = {request.user.pk: False}
    setattr(request, looks.ABOUT, case.program_id)
    return case  # type: ignore[no-any-return]


@read
def _case(key: int) -> QuerySet[Fellowship]:
    rows = Fellowship.objects.select_related("program__realm", "fellow", "closeout__closed_by")
    return rows.filter(pk=key)
