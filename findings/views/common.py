"""What the views of a finding share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from fellowship.web.shortcuts import visible_or_404
from findings.models import Finding
from scoping.policy.standing import seen_by

RELATED = ("fellowship__fellow", "program", "reported_by", "product_owner")


def finding_of(request: HttpRequest, ref: str, rows: Any = None) -> Finding:
    """The finding where this person may see it; 404 otherwise."""
    if rows is None:
        rows = Finding.objects.select_related(*RELATED)
    found: Finding = visible_or_404(rows, request.user, ref=ref)
    seen_by(found.fellowship, by_of(request))
    return found


def by_of(request: HttpRequest) -> Any:
    """The person who asks."""
    return request.user
