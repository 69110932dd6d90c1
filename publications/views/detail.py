"""The page of one publication, made of parts: its clocks, objections, text and authors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import (
    Count,
    Model,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.clocks.models import Clock
from fellowship.clocks.queries import history
from fellowship.clocks.states import State
from fellowship.history.models import Event
from fellowship.history.queries import about_any
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web.components.timeline import entry
from fellowship.web.components.times import text as when_text
from fellowship.web.items import Entry
from governance import links
from governance.standing import matters_about
from publications import clockfaces, ladder, policy, services, standing, terms, withholding
from publications.models import (
    DisclosureStep,
    Hit,
    Mediation,
    Objection,
    Publication,
    Question,
    RedactionCheck,
    ReviewerAssignment,
)
from publications.states import UNSETTLED, ObjectionState, PublicationState, ReviewTrack
from publications.text_states import Redacted
from publications.views.shared import publication_of
from scoping.models import Fellowship

_PEOPLE = (
    Prefetch("reviewers", ReviewerAssignment.objects.select_related("reviewer")),
    Prefetch("questions", Question.objects.select_related("asked_by")),
)
CAN_MARK = say("Ask to redact, stage or briefly delay a marked passage, on a listed ground.")
CAN_ADVISE = say("Advise the author. It cannot block, and nothing waits for it.")


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """Where it is, both clocks, who may still object on which ground, what silence means."""
    publication = publication_of(request, ref)
    prefetch_related_objects([publication], *_PEOPLE)
    at, by = now(), request.user
    state = publication.effective_state(at)
    objections = list(
        publication.objections.select_related(
            "raised_by", "owner", "version", "mediation__mediator"
        ).order_by("raised_at", "id")
    )
    for one in objections:
        one.publication = publication
    clocks = _clocks(publication, objections, state, at, by)
    return render(
        request,
        "publications/detail.html",
        {
            "publication": publication,
            "state": state,
            "in_review": state == PublicationState.IN_REVIEW,
            "released": state == PublicationState.RELEASED,
            "released_on": _released_on(publication),
            "sees_case": Fellowship.objects.visible_to(by)
            .filter(pk=publication.fellowship_id)
            .exists(),
            "events": _history(publication, [*objections, *clocks["advice"]]),
            **clocks,
            **_objections(publication, objections, at, by),
            **_text(publication, at, by),
            **_authors(publication),
            **_acts(publication, by),
        },
    )


def _history(publication: Publication, reviews: Sequence[Model]) -> list[Event | Entry]:
    """The latest of the work, its objections and advice; what these say stands in their cards."""
    label, objection = publication._meta.label_lower, Objection._meta.label_lower

    def line(event: Event) -> Event | Entry:
        if event.subject_type == label:
            return event
        url = f"#{event.subject_ref}" if event.subject_type == objection else ""
        return replace(entry(event), reason="", changes=(), url=url)

    return [line(event) for event in about_any(publication, *reviews)[:30]]


def _clocks(
    publication: Publication, objections: Sequence[Objection], state: str, at: dt.datetime, by: Any
) -> dict[str, Any]:
    """Who reviews on which track, what runs, and where the work stands."""
    reviewers = list(publication.reviewers.all())
    rule = terms.policy_of(publication.fellowship)
    answers = _answer_clocks(objections)
    answer_due = min(
        (
            o.step_due_at
            for o in objections
            if o.state == ObjectionState.OPEN and o.step_due_at and not o.step_over(at)
        ),
        default=None,
    )
    policy_people = [r for r in reviewers if r.track == ReviewTrack.POLICY]
    science_people = [r for r in reviewers if r.track == ReviewTrack.SCIENTIFIC]
    advice = list(publication.scientific_reviews.select_related("reviewer", "version"))
    for one in advice:
        one.publication = publication
    ran = history(publication)
    faces = _faces(publication, ran, reviewers, bool(advice), at)
    title = say("Both clocks")
    questions = list(publication.questions.all())
    for question in questions:
        question.publication = publication
    return {
        "answer_due": answer_due,
        "policy_people": policy_people,
        "science_people": science_people,
        "advice": advice,
        "faces": faces,
        "tracks": (
            (ReviewTrack.POLICY.label, CAN_MARK),
            (ReviewTrack.SCIENTIFIC.label, CAN_ADVISE),
        ),
        "clock_chart": clockfaces.chart(faces, publication.program.calendar(), title=title)
        if faces
        else None,
        "pauses": [pause for one in faces for pause in one.pauses],
        "extension": getattr(publication, "extension", None),
        "questions": [(one, one.open(at), policy.may_reply(one, by)) for one in questions],
        "question_mine": next((one for one in questions if one.open(at)), None),
        "standing": standing.of(
            publication,
            state,
            clocks=[*(c for c in ran if c.kind != services.ADVICE_CLOCK), *answers],
            answer_due=answer_due,
            objections=objections,
            reviewers=[str(r.reviewer) for r in policy_people],
            rules={standing.POLICY: links.to("rule", rule.pk)},
        ),
    }


def _faces(
    publication: Publication,
    ran: Sequence[Clock],
    reviewers: Sequence[ReviewerAssignment],
    advised: bool,
    at: dt.datetime,
) -> list[clockfaces.Face]:
    """Both clocks, the newest of each kind."""
    newest = {clock.kind: clock for clock in ran}
    calendar, found = publication.program.calendar(), []
    for track, kind, can in (
        (ReviewTrack.POLICY, services.WINDOW_CLOCK, CAN_MARK),
        (ReviewTrack.SCIENTIFIC, services.ADVICE_CLOCK, CAN_ADVISE),
    ):
        clock = newest.get(kind)
        if clock is None:
            continue
        window = track == ReviewTrack.POLICY
        due_at = publication.window_ends_at if window else clock.due_at
        people = [str(r.reviewer) for r in reviewers if r.track == track]
        found.append(
            clockfaces.face(
                clock,
                label=str(track.label),
                holder=joined(", ", people) or say("Nobody yet"),
                can=can,
                due_at=due_at or clock.due_at,
                at=at,
                calendar=calendar,
                over=_ended(publication, clock, advised and not window, at),
                ended="good" if window or advised else "plain",
            )
        )
    return found


def _ended(publication: Publication, clock: Clock, advised: bool, at: dt.datetime) -> str:
    """How a review ended, in words; empty while it runs."""
    if advised:
        return say("Advice given")
    if clock.kind == services.ADVICE_CLOCK and at >= clock.due_at:
        return say("Over, no advice given")
    if clock.kind == services.WINDOW_CLOCK and publication.policy_cleared_at:
        return say("Ended by the reviewers")
    return say("Ended") if clock.state == State.STOPPED else ""


def _objections(
    publication: Publication, objections: Sequence[Objection], at: dt.datetime, by: Any
) -> dict[str, Any]:
    """Each objection with its step of the ladder, and what the person may do about it."""
    rows = []
    read = withholding.excerpts(objections, by)
    matters = matters_about([one for one in objections if one.state in _BOARDED], by)
    for one in objections:
        mediation = getattr(one, "mediation", None)
        rows.append(
            {
                "objection": one,
                "read": read[one.pk],
                "state": one.effective_state(at),
                "step": ladder.step_of(one, mediation, at),
                "mediation": mediation,
                "matter": matters.get(one.pk),
                "may_answer": policy.may_answer(one, "accept", by),
                "may_contest": policy.may_answer(one, "contest", by),
                "may_agree": policy.may_settle(one, "agree", by),
                "may_settle": policy.may_settle(one, "withdraw", by),
                "may_name": policy.may_name_mediator(one, by),
                "may_propose": policy.may_propose(one, mediation or Mediation(), by),
                "may_say": policy.may_say(one, mediation or Mediation(), by),
            }
        )
    return {
        "objections": rows,
        "step_mine": next((row for row in rows if _waits(row)), None),
        "open_mine": [
            o for o in objections if o.state == ObjectionState.OPEN and not o.step_over(at)
        ],
        "withheld": any(o.withholds(at) for o in objections),
        "unsettled": [o for o in objections if o.effective_state(at) in UNSETTLED],
    }


_BOARDED = (ObjectionState.WITH_BOARD, ObjectionState.UPHELD, ObjectionState.OVERRULED)


def _waits(row: dict[str, Any]) -> bool:
    """Whether a step of the ladder waits for the person: a mediator, a way, an answer to one."""
    unnamed = row["mediation"] is None or row["mediation"].mediator_id is None
    return None in (row["may_say"], row["may_propose"], row["may_agree"]) or (
        unnamed and row["may_name"] is None
    )


def _text(publication: Publication, at: dt.datetime, by: Any) -> dict[str, Any]:
    """The versions, what the check left open, what comes later, and what the work uses."""
    hits = Hit.objects.visible_to(by).unanswered().filter(precheck__version=OuterRef("pk"))
    left = RedactionCheck.objects.filter(version=OuterRef("pk")).exclude(found=Redacted.GONE)
    steps = DisclosureStep.objects.ahead(at).filter(publication=OuterRef("publication"))
    versions = list(
        publication.versions.defer("text", "beneath").annotate(
            hits_open=_counted(hits, "precheck__version"),
            redactions_left=_counted(left, "version"),
            steps_ahead=_counted(steps, "publication"),
        )
    )
    newest = versions[0] if versions else None
    found = newest.hits_open if newest else 0
    there = newest.redactions_left if newest else 0
    return {
        "versions": versions,
        "hits_open": found,
        "hits_said": say("{found} to answer", found=found),
        "redactions_left": there,
        "redactions_said": say("{there} still there", there=there),
        "steps_ahead": newest.steps_ahead if newest else 0,
        "sources": publication.sources.select_related(
            "dataset", "finding", "artifact", "release__output", "release__request"
        ),
    }


def _counted(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many there are of each version, within the question for the versions."""
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _authors(publication: Publication) -> dict[str, Any]:
    """The authors in order."""
    return {"authors": publication.authors.all(), "outcomes": publication.outcomes.all()}


def _acts(publication: Publication, by: Any) -> dict[str, Any]:
    """Why the person may not do each thing, or None."""
    return {
        "may_edit": policy.may_edit(publication, by),
        "may_submit": policy.may_submit(publication, by)
        if publication.state == PublicationState.DRAFT
        else None,
        "may_advise": policy.may_advise(publication, by),
        "may_object": policy.may_object(publication, by),
        "may_clear": policy.may_clear(publication, by),
        "may_extend": policy.may_extend(publication, by),
        "may_shorten": policy.may_take_shortcut(publication, by),
        "may_ask": min(
            (policy.may_ask(publication, track, by) for track in ReviewTrack.values),
            key=lambda refused: refused is not None,
        ),
        "may_assign": policy.may_staff(publication, by),
        "may_record": policy.may_record_outcome(publication, by),
    }


def _released_on(publication: Publication) -> str:
    at = publication.released_from
    return say("Released {when_text}", when_text=when_text(at)) if at else say("Released")


def _answer_clocks(objections: Sequence[Objection]) -> list[Clock]:
    """The clocks of every step of the objections, with their pauses."""
    if not objections:
        return []
    rows = Clock.objects.filter(
        kind__in=services.STEP_CLOCKS,
        subject_type=Objection._meta.label_lower,
        subject_id__in=[one.pk for one in objections],
    )
    return list(rows.prefetch_related("pauses"))
