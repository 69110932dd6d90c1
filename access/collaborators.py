"""What data access does for collaborators: shows what is theirs, and ends it with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Q

from access.models import AccessRequest, Grant
from access.reach import granted_to, reachable
from access.services import grants, requests
from access.states import OPEN_REQUEST, RequestState
from fellowship.accounts.models import User
from fellowship.kernel.saying import joined, say
from scoping import collaborating
from scoping.models import Collaborator
from scoping.panels import Panel


@collaborating.on_removal
def end(collaborator: Collaborator, by: User, reason: str) -> None:
    """Revoke every grant of the person in this fellowship, and take back what was asked for."""
    if collaborator.person_id is None:
        return
    because = say(
        "{collaborator} works on {ref} no more. {reason}",
        collaborator=collaborator,
        ref=collaborator.fellowship.ref,
        reason=reason,
    )
    theirs = Q(fellowship_id=collaborator.fellowship_id, person_id=collaborator.person_id)
    asked = AccessRequest.objects.filter(theirs, state__in=[*OPEN_REQUEST, RequestState.APPROVED])
    for request in asked.order_by("pk"):
        requests.take_back(request=request, by=by, reason=because)
    for grant in Grant.objects.filter(theirs, revoked_at=None).order_by("pk"):
        grants.end_with_its_person(grant=grant, by=by, reason=because)


@collaborating.reaches
def reach(collaborators: Sequence[Collaborator], at: dt.datetime) -> Mapping[int, Sequence[str]]:
    """What each can reach through the case now, a dataset a line."""
    found: dict[int, list[str]] = {}
    for one in reachable(collaborators[0].fellowship, at):
        allowed = joined(", ", (answer.label.lower() for answer in one.allowed))
        found.setdefault(one.person.pk, []).append(f"{one.dataset}: {allowed}")
    return found


@collaborating.shows
def panels(collaborator: Collaborator, at: dt.datetime) -> Iterator[Panel]:
    """Their requests with the agreement and grant each became, and what they may do."""
    if collaborator.person is None:
        return
    case = collaborator.fellowship
    asked = AccessRequest.objects.filter(fellowship=case, person=collaborator.person)
    rows = asked.select_related("dataset", "agreement").prefetch_related("grants")
    yield Panel(
        "access.theirs",
        say("Data asked for and granted"),
        "access/_theirs.html",
        {"requests": list(rows.order_by("-pk")[:50])},
        order=10,
    )
    if collaborator.takes_part(at):
        yield Panel(
            "access.may",
            say("What may I do with which data?"),
            "access/_may.html",
            {
                "may": granted_to(case, at, collaborator.person),
                "calendar": case.program.calendar(),
            },
            order=20,
        )
