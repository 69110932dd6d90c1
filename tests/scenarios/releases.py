"""Requests to release outputs, made as people make them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

from access import criteria, services
from access.models import EscrowDeposit, Grant, Output, ReleaseRequest, ReleaseReview
from fellowship.accounts.models import User
from fellowship.kernel.time import now

if TYPE_CHECKING:
    from tests.scenarios.world import World

COUNTS = b"turn,language,refusals,n\n5,en,41,120\n5,de,18,64\n20,en,23,118\n"


def file(name: str = "refusals-by-turn.csv", body: bytes = COUNTS) -> ContentFile[bytes]:
    """A file as it is uploaded."""
    return ContentFile(body, name=name)


def asked(grant: Grant, **values: Any) -> ReleaseRequest:
    """The fellow asks that what was made from the granted dataset may leave."""
    defaults: dict[str, Any] = {
        "fellowship": grant.fellowship,
        "title": "Refusals by turn",
        "purpose": "Table 2 of the paper.",
        "destination": "The preprint, and its repository.",
        "datasets": [grant.dataset],
        "by": grant.person,
    }
    return services.ask_release(**{**defaults, **values})


def output(request: ReleaseRequest, **values: Any) -> Output:
    """A table of counts is added to it."""
    defaults: dict[str, Any] = {
        "request": request,
        "file": file(),
        "kind": "table",
        "description": "Refusals at turn 5 and 20 by language.",
        "by": request.requester,
    }
    return services.add_output(**{**defaults, **values})


def sent(grant: Grant, **values: Any) -> ReleaseRequest:
    """With the two reviewers, holding one table."""
    request = asked(grant)
    output(request, **values)
    return services.send_release(request=request, by=request.requester)


def answers(request: ReleaseRequest, **other: str) -> dict[str, dict[str, dict[str, str]]]:
    """“Yes” to all, but for what is said otherwise by criterion."""
    asked_for = criteria.of_request(request).asked()
    given = {
        str(c.value): {
            "answer": other.get(c.value, "yes"),
            "note": other.get(f"{c.value}_note", ""),
        }
        for c in asked_for
    }
    return {str(o.pk): given for o in request.outputs.filter(removed_at=None)}


def review(
    request: ReleaseRequest, by: User, verdict: str = "release", comment: str = "", **other: str
) -> ReleaseReview:
    """One of the two reviews."""
    return services.send_release_review(
        request=request,
        verdict=verdict,
        answers=answers(request, **other),
        comment=comment or ("" if verdict == "release" else "Aggregate the languages."),
        by=by,
    )


def released(world: World, grant: Grant, **values: Any) -> ReleaseRequest:
    """Released by two who agreed."""
    request = sent(grant, **values)
    review(request, world.steward)
    review(request, world.oncall)
    return ReleaseRequest.objects.get(pk=request.pk)


def deposited(grant: Grant, **values: Any) -> EscrowDeposit:
    """The fellow lays the method down in escrow."""
    defaults: dict[str, Any] = {
        "fellowship": grant.fellowship,
        "title": "How refusals were scored",
        "kind": "methods",
        "description": "The rubric, the prompts and their order.",
        "file": file("method.md", b"# Method\nScore each turn by the rubric.\n"),
        "opens_for": "Whoever replicates the result, with the steward's consent.",
        "review_on": now().date() + dt.timedelta(days=365),
        "holds_no_raw_data": True,
        "by": grant.person,
    }
    return services.deposit(**{**defaults, **values})
