"""The four tiers side by side."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from access import handling
from access.states import TIERS
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.programs.models import Program
from governance.rules import all_in_force
from governance.states import RuleKind


@login_required
def tiers(request: HttpRequest) -> HttpResponse:
    """What may be done with data of each tier, by the rule in force, for the programme's people."""
    mine = Program.objects.filter(pk__in=realm_ids_where(request.user, *roles.ROLES))
    programs = list(mine.order_by("name"))
    asked = request.GET.get("program", "")
    program = next((p for p in programs if not asked or p.slug == asked), None)
    rules = all_in_force(program) if program else {}
    rule = rules.get(RuleKind.DATA_HANDLING)
    if program is None or rule is None:
        raise Http404
    context = {
        "program": program,
        "programs": programs,
        "rule": rule,
        "classified_by": rules.get(RuleKind.DATA_CLASSIFICATION),
        "tiers": [(tier, handling.tier_of(rule, tier)) for tier in TIERS],
        "lines": handling.side_by_side(rule),
        "facts": handling.facts(rule),
    }
    return render(request, "access/tiers.html", context)
