"""The board room's lists: the docket, decisions, conditions."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.accounts.alike import read_for
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells
from fellowship.web.calendars import of as calendar_of
from fellowship.web.columns import Column, Table
from fellowship.web.filters import Shape
from fellowship.web.tables import keys_of, paginate, paginate_keys
from governance import docket as board
from governance.cells import due_on, seats, short
from governance.docket import DocketRow
from governance.filters import ConditionFilter, DecisionFilter, DocketFilter
from governance.models import Condition, Decision, Matter
from governance.views.common import person, room_links

SORTS = {"closes": "due_at", "ref": "ref", "kind": "kind", "title": "title"}
TO_VOTE: Final[Shape] = (("mine", True),)
"""The filter that leaves what waits for the person's vote."""


def docket(request: HttpRequest) -> HttpResponse:
    """What waits for the board, by deadline, with the person's own part in each."""
    user, at = person(request), now()
    found = DocketFilter(request.GET, queryset=Matter.objects.none(), user=user)
    chosen: Any = found.chosen
    page, _ = paginate_keys(
        request,
        lambda order, start, limit: _live(
            *(user, at, start, chosen.keys or [0], chosen.words or [""]),
            shape=chosen.shape,
            order=order,
            limit=limit,
            first=not start,
        ),
        _with_ballot,
        sort=SORTS,
        default="closes",
    )
    first: Matter | None
    if chosen.shape == TO_VOTE and page.first <= 1 and page.sort == "closes" and not page.capped:
        # The list is what waits for the person's vote, in the order in which it does.
        first, user.votes_waiting = next(iter(page), None), page.total
    else:
        first, user.votes_waiting = board.first_to_vote(user, at)
    table = Table(
        say("Matters before the board"),
        DOCKET,
        board.rows(list(page), user, at),
        page,
        empty=say("Nothing is before the board."),
        hint=say("A matter appears here as soon as it is referred."),
        narrowed=found.applied,
    )
    context = {
        "page": page,
        "table": table,
        "filter": found,
        "first": first,
        "headline": _headline(user.votes_waiting) if first else "",
        "record": board.first_to_record(user, at),
        "links": room_links(),
    }
    return render(request, "governance/docket.html", context)


@read_for
def _live(
    user: Any,
    at: dt.datetime,
    start: int,
    keys: list[int],
    words: list[str],
    *,
    shape: Shape,
    order: str,
    limit: int,
    first: bool,
) -> QuerySet[Matter, Any]:
    live = Matter.objects.opened_to(user).live()
    rows = DocketFilter.narrowed(live, shape, keys, words, user=user)
    return keys_of(rows, SORTS, order, None if first else start, limit, in_passing=True)


@read
def _with_ballot(keys: list[int]) -> QuerySet[Matter]:
    rows = Matter.objects.filter(pk__in=keys).order_by()
    return rows.select_related("ballot").only(
        *("program_id", "kind", "ref", "title", "words", "due_at", "subject_type", "subject_id"),
        *(
            "ballot__rule",
            "ballot__closes_at",
            "ballot__closed_at",
            "ballot__matter_id",
            "ballot__dossier_number",
        ),
    )


DOCKET: tuple[Column[DocketRow], ...] = (
    Column(say("Matter"), lambda r: _matter(r.matter), sort="title"),
    Column(say("Kind"), lambda r: r.label, sort="kind"),
    Column(say("Seats"), seats),
    Column(
        say("Closes"),
        lambda r: due_on(r.matter.due_at, calendar_of(r.matter.program_id)),
        sort="closes",
    ),
    Column(say("For you"), lambda r: cells.tag(r.mine.label, r.mine.tone)),
)


def _matter(matter: Matter, *meta: object) -> object:
    return cells.link(route_to("governance:matter", matter.ref), matter.title, matter.ref, *meta)


def _headline(votes: int) -> str:
    return (
        say("One vote waits for you")
        if votes == 1
        else say("{votes} votes wait for you, the first", votes=votes)
    )


# --- decisions -------------------------------------------------------------------------------


def decisions(request: HttpRequest) -> HttpResponse:
    """The log of what was decided."""
    rows = Decision.objects.opened_to(person(request))
    found = DecisionFilter(request.GET, queryset=rows)
    page = paginate(
        request,
        found.qs,
        sort={"decided": "-decided_at", "ref": "matter__ref", "outcome": "outcome"},
        default="decided",
        rows=_with_conditions,
    )
    table = Table(
        say("Decisions of the board"),
        DECISIONS,
        page,
        page,
        empty=say("Nothing was decided yet."),
        hint=say("Each decision of the board stands here, with its letter and conditions."),
        narrowed=found.applied,
    )
    context = {"page": page, "table": table, "filter": found, "links": room_links()}
    return render(request, "governance/decisions.html", context)


@read
def _with_conditions(keys: list[int]) -> QuerySet[Decision]:
    counted: Any = (
        Decision.objects.filter(pk__in=keys)
        .order_by()
        .select_related("matter")
        .only(
            *("outcome", "tally", "dissent", "decided_at"),
            *("matter__ref", "matter__title", "matter__words", "matter__kind"),
        )
        .annotate(made=_count(), unsettled=_count(settled_at=None))
    )
    return counted  # type: ignore[no-any-return]


def _count(**only: Any) -> Subquery:
    """How many conditions the decision rests on, asked of its own alone."""
    rows = Condition.objects.filter(decision=OuterRef("pk"), **only).order_by()
    return Subquery(rows.values("decision").annotate(n=Count("pk")).values("n")[:1])


def _votes(decision: Decision) -> object:
    against = len(decision.dissent)
    said = say(
        "{tally}, {tally2} needed",
        tally=decision.tally["taking_part"],
        tally2=decision.tally["quorum_needed"],
    )
    return cells.beside(said, cells.meta(cells.count(against, "dissent")) if against else "")


def _conditions(decision: Any) -> object:
    if not decision.made:
        return cells.NONE
    if not decision.unsettled:
        return say("{made}, all settled", made=decision.made)
    return cells.beside(
        f"{decision.made},",
        cells.tag(say("{unsettled} open", unsettled=decision.unsettled), "warn"),
    )


DECISIONS: tuple[Column[Decision], ...] = (
    Column(say("Decision"), lambda d: _matter(d.matter, board.kind_label(d.matter.kind))),
    Column(
        say("Outcome"), lambda d: cells.state(d.outcome, d.get_outcome_display()), sort="outcome"
    ),
    Column(say("Votes"), _votes),
    Column(say("Conditions"), _conditions),
    Column(say("Decided"), lambda d: cells.when(d.decided_at, "date"), sort="decided"),
)


# --- conditions ------------------------------------------------------------------------------


def conditions(request: HttpRequest) -> HttpResponse:
    """Every condition that holds something shut, the next due first."""
    rows = Condition.objects.visible_to(person(request))
    chosen = request.GET.copy()
    if not request.GET:
        chosen["state"] = "unsettled"
    found = ConditionFilter(chosen, queryset=rows)
    page = paginate(
        request,
        found.qs,
        sort={"due": "due_at", "ref": "-id", "state": "state"},
        default="due",
        rows=_with_people,
    )
    table = Table(
        say("Conditions of decisions"),
        CONDITIONS,
        page,
        page,
        empty=say("No condition is to be met."),
        hint=say("The board sets conditions as it decides; those settled are shown by the filter."),
        narrowed=found.applied if request.GET else (),
    )
    context = {"page": page, "table": table, "filter": found, "links": room_links()}
    return render(request, "governance/conditions.html", context)


@read
def _with_people(keys: list[int]) -> QuerySet[Condition]:
    rows = Condition.objects.filter(pk__in=keys).order_by()
    return rows.select_related("decision__matter", "owner", "verifier").only(
        *("number", "text", "due_at", "settled_at", "state", "program_id"),
        *("decision__matter__ref", "decision__matter__title", "decision__matter__words"),
        *("owner__name", "owner__email", "verifier__name", "verifier__email"),
    )


def _due(condition: Condition) -> object:
    calendar, done = calendar_of(condition.program_id), condition.settled_at is not None
    return cells.due(condition.due_at, calendar, done=done)


def _condition(condition: Condition) -> object:
    url = route_to("governance:condition", condition.pk)
    matter = condition.decision.matter
    return cells.link(url, short(condition.text, 140), condition.ref, matter.title)


CONDITION_COLUMNS: tuple[Column[Condition], ...] = (
    Column(say("To meet"), lambda c: c.owner),
    Column(say("To verify"), lambda c: c.verifier),
    Column(say("Due"), _due, sort="due"),
    Column(say("State"), lambda c: cells.state(c.state, c.get_state_display()), sort="state"),
)
CONDITIONS: tuple[Column[Condition], ...] = (
    Column(say("Condition"), _condition),
    *CONDITION_COLUMNS,
)
