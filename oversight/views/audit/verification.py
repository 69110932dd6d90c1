"""The ledger's verification, from the audit room."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from fellowship.history.models import Checkpoint, Event
from fellowship.history.verify import verify
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web.actions import act, verb
from oversight import policy, services
from oversight.models import Verification
from oversight.views.audit.shared import audited, program_of, shown

SMALL = 200_000
"""Events up to which the page verifies the ledger itself; beyond, the command does."""


@audited
@require_safe
def verification(request: HttpRequest, program: Program) -> HttpResponse:
    """The last checkpoint, the last run, and a button for small ledgers."""
    user: Any = request.user
    size = _size()
    return shown(
        request,
        "oversight/verification.html",
        program,
        {"page": "verification"},
        checkpoint=Checkpoint.objects.last(),
        unsealed=Event.objects.filter(seal=None).count(),
        last=Verification.objects.filter(program=program).select_related("ran_by").first(),
        size=size,
        refused=policy.may_verify_here(program.pk, user, size, SMALL),
        zone=timezone.get_current_timezone_name(),
    )


@verb
def run_verification(request: HttpRequest, slug: str) -> HttpResponse:
    """Verify the whole ledger and keep what was found."""
    program = program_of(request, slug)
    user: Any = request.user
    made = verified(program, user)
    return act(
        request,
        lambda: made,
        success="" if made.found else say("Verified."),
        to=reverse("oversight:verification", args=[slug]),
    )


def verified(program: Program, by: Any) -> Verification:
    """Verify the whole ledger, and keep what was found. Raises Refused."""
    refuse(policy.may_verify_here(program.pk, by, _size(), SMALL))
    start = time.perf_counter()
    report = verify()
    spent = time.perf_counter() - start
    return services.record_verification(program=program, report=report, seconds=spent, by=by)


def _size() -> int:
    """How many events there are, counted no further than it matters."""
    return Event.objects.order_by().values("pk")[: SMALL + 1].count()
