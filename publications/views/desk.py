"""The reviewers' desk: what waits, by deadline, on each track; and wording used again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import calendars, cells
from fellowship.web.actions import act, form_verb, verb
from fellowship.web.columns import Column, Table
from fellowship.web.items import Link
from fellowship.web.tables import paginate
from publications import policy, services
from publications.forms import SavedWordingForm
from publications.models import (
    Objection,
    Publication,
    ReviewerAssignment,
    SavedWording,
    ScientificReview,
)
from publications.models.ladder import SAVERS
from publications.states import (
    UNSETTLED,
    ObjectionState,
    PublicationState,
    ReviewTrack,
    Saved,
    WorkClass,
)


def _name(work: Publication) -> object:
    return cells.link(route_to("publications:detail", work.ref), work.title, work.ref)


def _versions(work: Any) -> object:
    if not work.newest or work.newest == 1:
        return work.newest or "–"
    url = route_to("publications:compare", work.ref)
    return cells.link(
        url,
        say("{newest} and {newest2}", newest=work.newest - 1, newest2=work.newest),
        say("side by side"),
    )


def _policy_due(work: Publication) -> object:
    return cells.due(work.window_ends_at, calendars.of(work.program_id))


def _advice_due(work: Any) -> object:
    return cells.due(work.advice_due_at, calendars.of(work.program_id), done=bool(work.advised))


def _policy_task(work: Any) -> object:
    if work.to_judge:
        return cells.tag(
            say("Answer wording: {count}", count=cells.count(work.to_judge, "objection")), "accent"
        )
    if work.policy_cleared_at:
        return cells.tag(say("Ended"), "good")
    return cells.link(route_to("publications:object", work.ref), say("Read and mark"))


def _advice_task(work: Any) -> object:
    if work.advised:
        return cells.tag(say("Advice given"), "good")
    return cells.link(route_to("publications:advise", work.ref), say("Read and advise"))


POLICY: tuple[Column[Any], ...] = (
    Column(say("Work"), _name),
    Column(say("Class"), lambda p: WorkClass(p.work_class).label),
    Column(say("Window ends"), _policy_due, num=True),
    Column(say("Versions"), _versions),
    Column(say("Open objections"), lambda p: p.open_objections, num=True),
    Column(say("Yours to do"), _policy_task),
)
SCIENCE: tuple[Column[Any], ...] = (
    Column(say("Work"), _name),
    Column(say("Class"), lambda p: WorkClass(p.work_class).label),
    Column(say("Advice by"), _advice_due, num=True),
    Column(say("Versions"), _versions),
    Column(say("Yours to do"), _advice_task),
)


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """Works the person reviews, the nearest deadline first, each track by itself."""
    person: Any = request.user
    at = now()
    mine = ReviewerAssignment.objects.filter(reviewer=person, publication=OuterRef("pk"))
    track = request.GET.get("track", "")
    counted = {
        key: Publication.objects.visible_to(person)
        .filter(_waits(key, at), Exists(mine.filter(track=key)))
        .count()
        for key in ReviewTrack.values
    }
    if track not in ReviewTrack.values:
        track = max(ReviewTrack.values, key=lambda key: (counted[key], key == ReviewTrack.POLICY))
    rows = Publication.objects.visible_to(person).filter(
        _waits(track, at), Exists(mine.filter(track=track))
    )
    policy_track = track == ReviewTrack.POLICY
    sort = {"deadline": "window_ends_at" if policy_track else "advice_due_at"}

    def read(found: QuerySet[Publication]) -> QuerySet[Publication]:
        return _read(found, person)

    page = paginate(request, rows, sort=sort, default="deadline", then=read)
    table = Table(
        str(ReviewTrack(track).label),
        POLICY if policy_track else SCIENCE,
        page,
        page,
        empty=say("Nothing waits for you on this track."),
        hint=say("The programme manager asks you; you are told when it happens."),
    )
    tracks = [
        Link(label, f"{reverse('publications:desk')}?track={key}", counted[key])
        for key, label in ReviewTrack.choices
    ]
    return render(
        request,
        "publications/desk.html",
        {
            "page": page,
            "table": table,
            "tracks": tracks,
            "track": track,
            "mediating": Objection.objects.filter(
                mediation__mediator=person, state=ObjectionState.CONTESTED, step_due_at__gt=at
            )
            .select_related("publication")
            .order_by("step_due_at", "id")[:20],
        },
    )


def _waits(track: str, at: Any) -> Q:
    """Works on which the track may still act: until the window ends; advice until its own time."""
    in_review = Q(state=PublicationState.IN_REVIEW, window_ends_at__gt=at)
    if track == ReviewTrack.POLICY:
        return in_review
    submitted = Q(submitted_at__isnull=False) & ~Q(state=PublicationState.WITHDRAWN)
    return in_review | (submitted & Q(advice_due_at__gt=at))


def _read(rows: QuerySet[Publication], person: Any) -> QuerySet[Publication]:
    given = ScientificReview.objects.filter(publication=OuterRef("pk"), reviewer=person)
    mine = Q(objections__raised_by=person) | Q(objections__owner=person)
    return rows.annotate(
        open_objections=Count(
            "objections", filter=Q(objections__state__in=UNSETTLED), distinct=True
        ),
        to_judge=Count(
            "objections",
            filter=mine & Q(objections__state=ObjectionState.REWORDED),
            distinct=True,
        ),
        advised=Exists(given),
        newest=Max("versions__number"),
    ).defer("abstract", "acknowledgement")


def _wording_cell(wording: SavedWording) -> object:
    return cells.beside(wording.title, cells.meta(wording.text[:200]))


@login_required
def wordings(request: HttpRequest) -> HttpResponse:
    """Saved wording of the programmes the person reviews in, and the way to add some."""
    person: Any = request.user
    programs = Program.objects.filter(pk__in=realm_ids_where(person, *SAVERS)).order_by("name")
    if not programs:
        return render(request, "publications/wordings.html", {"none": True})
    form = SavedWordingForm(request.POST or None, programs=programs)

    def context() -> dict[str, Any]:
        rows = SavedWording.objects.filter(program__in=programs, retired_at=None)
        sort = {"title": "title", "new": "-added_at"}
        page = paginate(
            request,
            rows,
            sort=sort,
            default="title",
            then=lambda found: found.select_related("program", "added_by"),
        )
        columns: tuple[Column[Any], ...] = (
            Column(say("Title"), _wording_cell, sort="title"),
            Column(say("For"), lambda w: Saved(w.use).label),
            Column(say("Saved by"), lambda w: w.added_by),
            Column(say("When"), lambda w: cells.when(w.added_at, "date"), sort="new"),
        )
        acts = {wording.pk: _away(request, wording) for wording in page}
        if any(acts.values()):
            columns += (Column(say("Action"), lambda w: acts[w.pk] or cells.NONE),)
        table = Table(
            say("Saved wording"),
            columns,
            page,
            page,
            empty=say("Nothing is saved yet."),
            hint=say("Save the first below; it is offered where reviewers write."),
        )
        return {"page": page, "table": table}

    return form_verb(
        request,
        form,
        lambda: services.save_wording(by=person, **form.cleaned_data),
        template="publications/wordings.html",
        context=context,
        to=reverse("publications:wordings"),
        success=say("Saved. Reviewers of the programme find it where they write."),
    )


def _away(request: HttpRequest, wording: SavedWording) -> object:
    if policy.may_retire(wording, request.user) is not None:  # type: ignore[arg-type]
        return ""
    return cells.verb(request, route_to("publications:wording_retire", wording.pk), "Put away")


@verb
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a saved wording away."""
    person: Any = request.user
    rows = SavedWording.objects.filter(program__in=realm_ids_where(person, *SAVERS))
    wording = get_object_or_404(rows, pk=pk)
    return act(
        request,
        lambda: services.retire_wording(wording=wording, by=person),
        success=say("Put away. What was written with it stays."),
        to=reverse("publications:wordings"),
    )
