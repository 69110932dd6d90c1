"""What findings ask of people, and what they wait for: their part of the first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.web import work
from fellowship.web.routes import route_to
from findings.models import DuePause, Finding
from findings.models.triage import WORKERS
from findings.queues import Desk
from findings.states import FindingState, WaitsOn

OWN: Final = (roles.PRODUCT_OWNER,)
OVERSEE: Final = (roles.MANAGER, roles.SPONSOR)
MOST: Final = 20
COUNTED: Final = 500
"""Overdue findings counted for the first page: enough to say with whom they lie."""
VERBS: Final = {
    FindingState.REPORTED: "Take up",
    FindingState.INVESTIGATING: "Dispose of",
    FindingState.ACCEPTED: "Answer with a control",
}
NAMED: Final = ("product_owner__name", "product_owner__email")
READ: Final = ("ref", "title", "state", "due_at", "product_owner_id", "program_id")


def _with_question(rows: Any, at: dt.datetime) -> Any:
    """With `asked` and `until`: what the clock stands still for, where it waits for the fellow."""
    pauses = DuePause.objects.filter(
        segment__finding=OuterRef("pk"), ended_at=None, until__gt=at, waits_on=WaitsOn.FELLOW
    ).order_by()
    return rows.annotate(
        asked=Subquery(pauses.values("reason")[:1]), until=Subquery(pauses.values("until")[:1])
    )


def _asked_of(user: Any) -> Q:
    """Findings somebody is to act on: theirs, nobody's, and of those they stand in for."""
    nobodys = Q(product_owner=None, program__in=realm_ids_where(user, *OWN))
    return Desk.of(user).theirs | nobodys


@work.register_for(*WORKERS)
def findings_to_dispose(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What a product owner has to take up, decide or ship; at most the twenty most urgent.

    What they answer for while its owner is away says so. A manager is asked for what is theirs.
    """
    rows = Finding.objects.visible_to(user).unsettled().filter(_asked_of(user))
    people = ("fellowship__fellow__name", "fellowship__fellow__email", *NAMED)
    rows = rows.select_related("fellowship__fellow", "product_owner").only(*READ, *people)
    for finding in _with_question(rows, at).order_by("due_at", "id")[:MOST]:
        waits = bool(finding.asked)
        owner = finding.product_owner
        absent = f" for {owner}, who is away" if owner and owner != user else ""
        yield work.WorkItem(
            title=f"{VERBS[FindingState(finding.state)]}{absent}: {finding.title}",
            url=route_to("findings:detail", finding.ref),
            due=finding.until if waits else finding.due_at,
            holder=str(finding.fellowship.fellow) if waits else work.ME,
            silence="The clock runs again by itself." if waits else "The sponsor is told.",
            kind="finding",
            case_ref=finding.ref,
            program_id=finding.program_id,
        )


@work.register_for(roles.FELLOW)
def findings_reported(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What a fellow is asked about their findings, and what they wait for."""
    rows = Finding.objects.filter(reported_by=user).unsettled().select_related("product_owner")
    rows = _with_question(rows.only(*READ, *NAMED), at).order_by("due_at", "id")
    for finding in rows[:MOST]:
        asked = finding.asked
        yield work.WorkItem(
            title=f"Answer about {finding.title}: {asked}" if asked else finding.title,
            url=route_to("findings:detail", finding.ref) + ("#talk" if asked else ""),
            due=finding.until if asked else finding.due_at,
            holder=work.ME if asked else str(finding.product_owner or "the product owners"),
            silence="It is decided on what is known." if asked else "The sponsor is told.",
            kind="finding",
            case_ref=finding.ref,
            program_id=finding.program_id,
        )


@work.register_for(*OVERSEE)
def overdue_by_owner(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """With whom overdue findings lie, how many, and since when the oldest."""
    oldest = Finding.objects.visible_to(user).overdue(at).order_by("due_at", "id")
    rows = Finding.objects.filter(pk__in=oldest.values("pk")[:COUNTED]).order_by()
    found = rows.values("program_id", "product_owner__username", *NAMED).annotate(
        count=Count("pk"), since=Min("due_at")
    )
    for row in sorted(found, key=lambda row: row["since"])[:MOST]:
        name = row["product_owner__name"] or row["product_owner__email"]
        chosen = {"overdue": "true"}
        if row["product_owner__username"]:
            chosen["owner"] = row["product_owner__username"]
        many = "overdue findings" if row["count"] != 1 else "overdue finding"
        yield work.WorkItem(
            title=f"{row['count']} {many}, the oldest since {row['since']:%-d %B %Y}",
            url=f"{reverse('findings:queue')}?{urlencode(chosen)}",
            due=row["since"],
            holder=name or "nobody yet",
            silence="The owner is told first, then the sponsor.",
            kind="finding",
            program_id=row["program_id"],
        )
