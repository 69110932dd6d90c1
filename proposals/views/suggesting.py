"""Reviewers for a whole call: the panels that need some, the suggestion, and changes by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts.models import User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.programs.models import Call
from fellowship.web import cells, charts
from fellowship.web.actions import act, form_verb, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from proposals import policy, services
from proposals.forms import PutOnForm
from proposals.matching import gather, words
from proposals.models import (
    Discussion,
    Proposal,
    ReviewerProfile,
    SuggestedPanel,
    Suggestion,
    SuggestionRun,
)
from proposals.models.reviewers import USUAL_PLACES
from proposals.states import ProposalState, RunState
from proposals.views.common import OFFICE

BARS = 24
CANDIDATES = 15


# --- every call ------------------------------------------------------------------------------


def _call(row: Any) -> object:
    return cells.link(route_to("programs:call", row.ref), row.title, row.ref)


def _suggestion(row: Any) -> object:
    if row.run is None:
        return cells.NONE
    label = row.run.get_state_display()
    return cells.link(route_to("proposals:suggestion", row.run.pk), label)


def _step(request: HttpRequest) -> Any:
    def cell(row: Any) -> object:
        if row.refusal or not row.waiting:
            return ""
        url = route_to("proposals:suggest", row.ref)
        return cells.verb(
            request, url, say("Suggest anew") if row.run else say("Suggest reviewers")
        )

    return cell


@login_required
def panels(request: HttpRequest) -> HttpResponse:
    """Each call with what its panel still needs."""
    realms = realm_ids_where(request.user, *OFFICE)
    if not realms:
        raise Http404
    calls = Call.objects.filter(program_id__in=realms).select_related("program")
    page = paginate(request, calls.order_by("-closes_at", "-id"), per_page=20)
    _prepare(request, list(page))
    columns: tuple[Column[Any], ...] = (
        Column(say("Call"), _call),
        Column(say("Waiting for reviewers"), lambda c: c.waiting, num=True),
        Column(say("In review"), lambda c: c.reviewing, num=True),
        Column(say("To discuss"), lambda c: c.differing, num=True),
        Column(say("Suggestion"), _suggestion),
        Column(say("Next step"), _step(request)),
    )
    table = Table(
        say("Panels by call"),
        columns,
        page,
        empty=say("There is no call yet."),
        hint=say("Write a call on the page of its programme; panels are suggested then."),
    )
    return render(request, "proposals/panels.html", {"page": page, "table": table})


def _prepare(request: HttpRequest, calls: list[Any]) -> None:
    """Give each call its numbers, as far as the person may know of the proposals."""
    seen = Proposal.objects.visible_to(request.user).filter(call__in=calls).order_by()
    rows = seen.values_list("call_id", "state").annotate(n=Count("pk"))
    counts = {(call, state): n for call, state, n in rows}
    open_now = Discussion.objects.visible_to(request.user).open().filter(proposal__call__in=calls)
    differing = Counter(open_now.order_by().values_list("proposal__call_id", flat=True))
    runs: dict[int, SuggestionRun] = {}
    for run in SuggestionRun.objects.filter(call__in=calls).exclude(state=RunState.SET_ASIDE):
        runs.setdefault(run.call_id, run)
    for call in calls:
        call.waiting = counts.get((call.pk, ProposalState.SUBMITTED), 0)
        call.reviewing = counts.get((call.pk, ProposalState.IN_REVIEW), 0)
        call.differing = differing[call.pk]
        call.run = runs.get(call.pk)
        call.refusal = policy.may_suggest(call, _person(request))


@verb
def suggest(request: HttpRequest, ref: str) -> HttpResponse:
    """Have reviewers suggested for a call."""
    call = _office_call(request, ref)
    return act(
        request,
        lambda: services.suggest_reviewers(call=call, by=_person(request)),
        to=lambda run: str(run.get_absolute_url()),
    )


# --- one suggestion --------------------------------------------------------------------------


@login_required
@require_safe
def suggestion(request: HttpRequest, pk: int) -> HttpResponse:
    """The suggestion by proposal, what each reviewer would carry, and its button."""
    run = _run(request, pk)
    panels = _panels(request, run)
    page = paginate(request, panels.order_by("-missing", "id"), per_page=25, then=_with_people)
    lines = Suggestion.objects.filter(panel__in=panels.values("pk")).order_by()
    given = dict(lines.values_list("reviewer_id").annotate(n=Count("pk")))
    left = lines.exclude(left_out="").select_related("reviewer", "panel__proposal")
    context = {
        "run": run,
        "page": page,
        "filled": sum(given.values()),
        "empty": panels.filter(missing__gt=0).count(),
        "chart": _loads(run, given),
        "more": max(0, len(given) - BARS),
        "left": list(left.order_by("id")[:50]),
        "may_assign": policy.may_assign_suggested(run, _person(request)),
        "may_change": policy.may_suggest(run.call, _person(request)) is None
        and run.state == RunState.READY,
        "may_again": policy.may_suggest(run.call, _person(request)) is None
        and run.state in (RunState.READY, RunState.ASSIGNED, RunState.SET_ASIDE),
    }
    return render(request, "proposals/suggestion.html", context)


@login_required
def suggested(request: HttpRequest, pk: int, ref: str) -> HttpResponse:
    """The suggestion for one proposal: who, why, who else; warnings, not bans."""
    run = _run(request, pk)
    panel = _panels(request, run).filter(proposal__ref=ref).select_related("proposal").first()
    if panel is None:
        raise Http404
    panel.run = run
    same = Proposal.objects.filter(pk=panel.proposal_id)
    gathered = gather.of_call(run.call, proposals=same, reader=_person(request))
    chosen = list(panel.suggestions.select_related("reviewer"))
    form = PutOnForm(
        request.POST or None,
        people=[person.user for person in gathered.people],
        taken={s.reviewer_id for s in chosen},
    )
    return form_verb(
        request,
        form,
        lambda: services.add_suggested(
            panel=panel, reviewer=form.cleaned_data["reviewer"], by=_person(request)
        ),
        template="proposals/suggested.html",
        context=lambda: {
            "run": run,
            "panel": panel,
            "proposal": panel.proposal,
            "chosen": chosen,
            "others": _others(run, gathered, {s.reviewer_id for s in chosen}),
            "may_change": policy.may_change_suggested(panel, _person(request)),
        },
        to=reverse("proposals:suggested", args=[pk, ref]),
        success=say("The reviewer is on this panel now, with what speaks against it."),
    )


@verb
def drop(request: HttpRequest, pk: int, ref: str, line: int) -> HttpResponse:
    """Take somebody off a suggested panel."""
    run = _run(request, pk)
    rows = Suggestion.objects.filter(panel__in=_panels(request, run), panel__proposal__ref=ref)
    found = rows.select_related("panel__run").filter(pk=line).first()
    back = reverse("proposals:suggested", args=[pk, ref])
    if found is None:
        return act(request, lambda: None, to=back)
    return act(
        request,
        lambda: services.drop_suggested(suggestion=found, by=_person(request)),
        success=say("Taken off this panel."),
        to=back,
    )


@verb
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry the suggestion out."""
    run = _run(request, pk)
    return act(
        request,
        lambda: services.assign_suggested(run=run, by=_person(request)),
        success=say("The reviewers are being asked."),
        to=run.get_absolute_url(),
    )


@verb
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the suggestion lie."""
    run = _run(request, pk)
    return act(
        request,
        lambda: services.set_aside(run=run, by=_person(request)),
        success=say("The suggestion is set aside. Nobody was asked."),
        to=reverse("proposals:panels"),
    )


def _panels(request: HttpRequest, run: SuggestionRun) -> Any:
    """Its lines about proposals this person may see, never their own."""
    seen = Proposal.objects.visible_to(request.user).filter(call=run.call_id)
    seen = seen.exclude(applicant=_person(request))
    return SuggestedPanel.objects.filter(run=run, proposal__in=seen.values("pk"))


def _with_people(panels: Any) -> Any:
    return panels.select_related("proposal__applicant").prefetch_related("suggestions__reviewer")


def _loads(run: SuggestionRun, given: dict[int, int]) -> Any:
    """What each reviewer would carry, the fullest first."""
    most = sorted(given, key=lambda pk: (-given[pk], pk))[:BARS]
    if not most:
        return None
    people = {user.pk: user for user in User.objects.filter(pk__in=most)}
    said = ReviewerProfile.objects.filter(user__in=most).values_list("user_id", "places")
    places = dict(said)
    return charts.bars(
        [
            charts.Bar(
                str(people[pk]),
                given[pk],
                say("{places} a call", places=places.get(pk, USUAL_PLACES)),
            )
            for pk in most
        ],
        title=say("Reviews each would be asked for"),
        unit=say("reviews"),
    )


def _others(run: SuggestionRun, gathered: gather.Gathered, taken: set[int]) -> list[Any]:
    """Who else could be asked, the best fit first, with reasons and warnings."""
    if not gathered.cases:
        return []
    case, pool = gathered.cases[0], gathered.pool()
    mine = Suggestion.objects.filter(panel__run=run).order_by()
    given = dict(mine.values_list("reviewer_id").annotate(n=Count("pk")))
    ranked = sorted(range(len(gathered.people)), key=lambda i: (int(pool.cost[0, i]), i))
    found = []
    for i in ranked:
        person = gathered.people[i]
        key = person.user.pk
        barred = (case.proposal.pk, key) in gathered.barred
        if barred or key in taken or key in case.panel:
            continue
        panel, used = case.panel | taken, person.used + given.get(key, 0)
        why = words.why(gathered, case, person, panel, used)
        found.append((person.user, why, words.warnings(gathered, case, person, panel, used)))
    return found[:CANDIDATES]


def _run(request: HttpRequest, pk: int) -> SuggestionRun:
    rows = SuggestionRun.objects.select_related("call__program", "asked_by", "assigned_by")
    return visible_or_404(rows, request.user, pk=pk)


def _office_call(request: HttpRequest, ref: str) -> Call:
    realms = realm_ids_where(request.user, *OFFICE)
    rows = Call.objects.filter(program_id__in=realms).select_related("program")
    return visible_or_404(rows, request.user, ref=ref)


def _person(request: HttpRequest) -> Any:
    return request.user
