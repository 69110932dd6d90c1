"""The panel's manager: what is to be discussed, what all score first, and how reviewers score."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web import calendars, cells
from fellowship.web.actions import act, form_verb, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from proposals import drift, policy, services
from proposals.forms import OutcomeForm
from proposals.models import Assignment, Discussion, Proposal, Review, ReviewerProfile
from proposals.models.blind import title_for_reviewers
from proposals.models.reviewers import USUAL_PLACES
from proposals.states import ProposalState
from proposals.views.common import OFFICE
from proposals.views.panel import manageable

TALKING = (*OFFICE, roles.REVIEWER, roles.BOARD_MEMBER, roles.CHAIR)


# --- discussions -----------------------------------------------------------------------------


def _differing(discussion: Any) -> object:
    proposal = discussion.proposal
    url = route_to("proposals:discussion", proposal.ref)
    return cells.link(url, discussion.read_title, proposal.ref)


DISCUSSIONS: tuple[Column[Discussion], ...] = (
    Column(say("Proposal"), _differing),
    Column(say("Where reviewers differ"), lambda d: d.apart),
    Column(say("State"), lambda d: cells.state(d.proposal.state, d.proposal.get_state_display())),
    Column(
        say("Since"),
        lambda d: cells.when(d.opened_at, "date", calendars.of(d.proposal.program_id)),
    ),
)


@login_required
@require_safe
def discussions(request: HttpRequest) -> HttpResponse:
    """What is to be discussed before it is decided, the longest waiting first."""
    if not holds_anywhere(request.user, *TALKING):
        raise Http404
    rows = Discussion.objects.visible_to(request.user).open().order_by("opened_at", "id")
    page = paginate(request, rows, then=_titled)
    table = Table(
        say("To discuss"),
        DISCUSSIONS,
        page,
        empty=say("Reviewers agree well enough everywhere."),
        hint=say("Where scores lie far apart, a discussion opens here by itself."),
    )
    context = {"page": page, "table": table, "office": holds_anywhere(request.user, *OFFICE)}
    return render(request, "proposals/discussions.html", context)


def _titled(rows: Any) -> Any:
    """With the title as reviewers read it."""
    return rows.select_related("proposal").annotate(read_title=title_for_reviewers())


@login_required
def discussion(request: HttpRequest, ref: str) -> HttpResponse:
    """One discussion, and its outcome."""
    rows = Discussion.objects.select_related("proposal__applicant", "proposal__call", "closed_by")
    rows = rows.annotate(read_title=title_for_reviewers())
    found = visible_or_404(rows, request.user, proposal__ref=ref)
    form = OutcomeForm(request.POST or None)
    person = _person(request)
    sees = Proposal.objects.visible_to(person).filter(pk=found.proposal_id).exists()
    manages = policy.may_manage(found.proposal, person) is None
    return form_verb(
        request,
        form,
        lambda: services.close_discussion(discussion=found, by=person, **form.cleaned_data),
        template="proposals/discussion.html",
        context=lambda: {
            "discussion": found,
            "proposal": found.proposal,
            "manages": manages,
            "sees": sees,
        },
        to=reverse("proposals:discussion", args=[ref]),
        success=say("The discussion is closed with its outcome."),
    )


@verb
def calibrate(request: HttpRequest, ref: str) -> HttpResponse:
    """Have all reviewers score this one first."""
    proposal = manageable(request, ref)
    return act(
        request,
        lambda: services.calibrate(proposal=proposal, by=_person(request)),
        success=say("All reviewers who may are asked to score this one first."),
        to=reverse("proposals:panel", args=[ref]),
    )


# --- the reviewers ---------------------------------------------------------------------------


def _person_link(user: Any) -> object:
    return cells.link(route_to("proposals:reviewer", user.pk), user, user.affiliation)


REVIEWERS: tuple[Column[Any], ...] = (
    Column(say("Reviewer"), _person_link),
    Column(say("Works on"), lambda u: cells.shown(joined(", ", u.said.works_on) if u.said else "")),
    Column(say("Seat"), lambda u: cells.shown(u.said.get_seat_display() if u.said else "")),
    Column(say("Places in a call"), lambda u: u.said.places if u.said else USUAL_PLACES, num=True),
    Column(say("To score"), lambda u: u.waiting, num=True),
)


@login_required
@require_safe
def reviewers(request: HttpRequest) -> HttpResponse:
    """The panels' reviewers with what they carry."""
    realms = _realms(request)
    page = paginate(request, _panel(realms).order_by("name", "pk"))
    people: list[Any] = list(page)
    profiles = {p.user_id: p for p in ReviewerProfile.objects.filter(user__in=people)}
    waiting = dict(_to_send(_person(request), now(), [user.pk for user in people]))
    for user in people:
        user.said = profiles.get(user.pk)
        user.waiting = waiting.get(user.pk, 0)
    table = Table(
        say("Reviewers"),
        REVIEWERS,
        people,
        empty=say("Nobody is on the panel yet."),
        hint=say("Give somebody the role of panel reviewer, or bring many by a list."),
    )
    return render(request, "proposals/reviewers.html", {"page": page, "table": table})


@login_required
@require_safe
def reviewer(request: HttpRequest, pk: int) -> HttpResponse:
    """One reviewer's drift report, over the programmes this person runs or audits."""
    realms = _realms(request)
    found = _panel(realms).filter(pk=pk).first()
    if found is None:
        raise Http404
    context = {
        "reviewer": found,
        "report": drift.report(found, reader=_person(request), realm_ids=realms),
        "from_": drift.SHOWN_FROM,
    }
    return render(request, "proposals/drift.html", context)


@read_for
def _to_send(user: Any, at: dt.datetime, people: list[int]) -> QuerySet[Any, Any]:
    """How many reviews each still has to send, of proposals the reader may see."""
    seen = Proposal.objects.visible_to(user).exclude(applicant=user)
    sent = Review.objects.filter(assignment=OuterRef("pk"))  # not `review=None`: no join is planned
    rows = Assignment.objects.standing().filter(
        ~Exists(sent),
        reviewer__in=people,
        proposal__in=seen.filter(state=ProposalState.IN_REVIEW).values("pk"),
    )
    found: QuerySet[Any, Any] = rows.order_by().values_list("reviewer_id").annotate(n=Count("pk"))
    return found


def _panel(realms: list[int]) -> Any:
    live = RoleAssignment.objects.live().filter(realm_id__in=realms, role=roles.REVIEWER)
    return User.objects.filter(pk__in=live.values("user_id"))


def _realms(request: HttpRequest) -> list[int]:
    realms = realm_ids_where(request.user, *OFFICE)
    if not realms:
        raise Http404
    return realms


def _person(request: HttpRequest) -> Any:
    return request.user
