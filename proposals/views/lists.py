"""The reviewer's queue, and the manager's list of proposals."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Call
from fellowship.web import calendars, cells, filters
from fellowship.web.columns import Column, Table
from fellowship.web.tables import COUNT_LIMIT, page_of, paginate
from proposals.models import Assignment, Proposal, Review
from proposals.models.blind import title_for_reviewers
from proposals.states import ProposalState
from proposals.views.common import OFFICE

WAITING = (
    *("due_at", "proposal__ref", "proposal__program_id"),
    "proposal__call__title",
)
DONE = (
    *("assignment", "submitted_at", "proposal__ref", "proposal__state"),
    "proposal__program_id",
)
SORTS = {"submitted": "-submitted_at", "ref": "ref", "state": "state", "title": "title"}


# --- the reviewer ----------------------------------------------------------------------------


def _to_score(assignment: Any) -> object:
    url = route_to("proposals:review", assignment.pk)
    first = say("all score this one first") if getattr(assignment, "calibrating", False) else ""
    return cells.link(url, assignment.read_title, assignment.proposal.ref, first)


def _scored(review: Any) -> object:
    url = route_to("proposals:review", review.assignment_id)
    return cells.link(url, review.read_title, review.proposal.ref)


TO_SCORE: tuple[Column[Assignment], ...] = (
    Column(say("Proposal"), _to_score),
    Column(say("Call"), lambda a: a.proposal.call.title),
    Column(say("Due"), lambda a: cells.due(a.due_at, calendars.of(a.proposal.program_id))),
)
SCORED: tuple[Column[Review], ...] = (
    Column(say("Proposal"), _scored),
    Column(say("State"), lambda r: cells.state(r.proposal.state, r.proposal.get_state_display())),
    Column(
        say("Your review"),
        lambda r: cells.when(r.submitted_at, "date", calendars.of(r.proposal.program_id)),
    ),
)


@login_required
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What this reviewer has to score, the next due first, and what they scored."""
    user, at = _person(request), now()
    keys = _to_score_by(user, at)
    user.reviews_waiting = len(keys)
    page = page_of(request, len(keys), lambda start, many: _waiting(keys[start : start + many]))
    done = _done(user, at)
    context = {
        "page": page,
        "to_score": Table(say("To score"), TO_SCORE, page),
        "done": len(done),
        "scored": Table(say("Scored"), SCORED, done),
        "discusses": holds_anywhere(user, roles.REVIEWER),
    }
    return render(request, "proposals/reviews.html", context)


@read_for
def _to_score_by(user: Any, at: dt.datetime) -> QuerySet[Assignment, Any]:
    """The keys of what waits for the person's review, those that come first before all others."""
    rows = Assignment.objects.to_do(user).next_first().values_list("pk", flat=True)
    return rows[: COUNT_LIMIT + 1]


@read
def _waiting(keys: list[int]) -> QuerySet[Assignment]:
    rows: Any = Assignment.objects.filter(pk__in=keys).next_first()
    rows = rows.select_related("proposal__call").only(*WAITING)
    found: QuerySet[Assignment] = rows.annotate(read_title=title_for_reviewers())
    return found


@read_for
def _done(user: Any, at: dt.datetime) -> QuerySet[Review]:
    """What the person scored last, as far as they still see the assignment."""
    mine = Assignment.objects.visible_to(user).standing().filter(reviewer_id=user.pk)
    rows = Review.objects.filter(reviewer_id=user.pk, assignment__in=mine.values("pk"))
    rows = rows.annotate(read_title=title_for_reviewers()).select_related("proposal").only(*DONE)
    return rows.order_by("-submitted_at", "-id")[:50]


def _person(request: HttpRequest) -> Any:
    return request.user


# --- the manager -----------------------------------------------------------------------------


def _name(proposal: Proposal) -> object:
    return cells.link(route_to("proposals:panel", proposal.ref), proposal.title, proposal.ref)


def _reviews(proposal: Any) -> object:
    return (
        cells.unbroken(say("{done} of {asked} in", done=proposal.done, asked=proposal.asked))
        if proposal.asked
        else cells.NONE
    )


PROPOSALS: tuple[Column[Proposal], ...] = (
    Column(say("Proposal"), _name, sort="title"),
    Column(say("Applicant"), lambda p: p.applicant),
    Column(say("Call"), lambda p: p.call.title),
    Column(say("State"), lambda p: cells.state(p.state, p.get_state_display()), sort="state"),
    Column(say("Reviews"), _reviews),
    Column(
        say("Submitted"),
        lambda p: cells.when(p.submitted_at, "date", calendars.of(p.program_id)),
        sort="submitted",
    ),
)


class ProposalFilter(filters.FilterSet):
    """Narrow by state, call and text."""

    q = filters.Search(fields=["title", "ref", "applicant__name"])
    state = filters.ChoiceFilter(
        choices=[c for c in ProposalState.choices if c[0] != ProposalState.DRAFT],
        label=say("State"),
    )
    call = filters.ModelChoiceFilter(
        queryset=Call.objects.none(),
        to_field_name="ref",
        label=say("Call"),
        empty_label=say("Every call"),
    )

    class Meta:
        model = Proposal
        fields: list[str] = []


@login_required
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """Every submitted proposal of the programmes whose panel this person runs or audits."""
    realms = realm_ids_where(request.user, *OFFICE)
    if not realms:
        raise Http404
    rows = Proposal.objects.visible_to(request.user).filter(program_id__in=realms)
    rows = rows.exclude(submitted_at=None)
    found = ProposalFilter(request.GET, queryset=rows)
    calls = Call.objects.filter(program_id__in=realms)
    found.filters["call"].queryset = calls.only("ref", "title", "closes_at")
    page = paginate(
        request,
        found.qs,
        sort=SORTS,
        default="submitted",
        rows=_shown,
        filled=("submitted_at",),
    )
    table = Table(
        say("Proposals"),
        PROPOSALS,
        page,
        page,
        empty=say("No proposal yet."),
        hint=say("Proposals stand here once they are sent."),
        narrowed=found.applied,
    )
    return render(request, "proposals/list.html", {"page": page, "table": table, "filter": found})


@read
def _shown(keys: list[int]) -> QuerySet[Proposal]:
    """With the reviews in and the reviewers asked, counted for these rows alone."""
    standing = Assignment.objects.standing().filter(proposal=OuterRef("pk")).order_by()
    counted = standing.values("proposal")
    rows = Proposal.objects.filter(pk__in=keys).order_by()
    shown = rows.select_related("call", "applicant").annotate(
        asked=Subquery(counted.annotate(n=Count("pk")).values("n")),
        done=Coalesce(Subquery(counted.annotate(n=Count("review")).values("n")), 0),
    )
    return shown.only(
        "ref",
        "title",
        "state",
        "submitted_at",
        "program_id",
        "call__title",
        "applicant__name",
        "applicant__email",
    )
