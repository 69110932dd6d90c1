"""The page of one publication, made of parts: its clocks, objections, text and authors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.clocks.models import Clock
from fellowship.clocks.queries import history
from fellowship.clocks.states import ALIVE
from fellowship.history.queries import timeline
from fellowship.kernel.time import now
from fellowship.web.components.times import text as when_text
from governance import links
from publications import policy, services, standing, terms
from publications.models import Objection, Publication
from publications.states import UNSETTLED, ObjectionState, PublicationState, ReviewTrack
from publications.views.shared import publication_of
from scoping.models import Fellowship


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """Where it is, both clocks, who may still object on which ground, what silence means."""
    publication = publication_of(request, ref)
    at, by = now(), request.user
    state = publication.effective_state(at)
    objections = list(
        publication.objections.select_related("raised_by", "version").order_by("raised_at", "id")
    )
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
            "events": timeline(publication)[:30],
            **_clocks(publication, objections, state),
            **_objections(publication, objections, at, by),
            **_text(publication),
            **_authors(publication),
            **_acts(publication, by),
        },
    )


def _clocks(
    publication: Publication, objections: Sequence[Objection], state: str
) -> dict[str, Any]:
    """Who reviews on which track, what runs, and where the work stands."""
    reviewers = list(publication.reviewers.select_related("reviewer"))
    rule = terms.policy_of(publication.fellowship)
    answers = _answer_clocks(objections)
    answer_due = min((c.due_at for c in answers if c.state in ALIVE), default=None)
    policy_people = [r for r in reviewers if r.track == ReviewTrack.POLICY]
    return {
        "answer_due": answer_due,
        "policy_people": policy_people,
        "science_people": [r for r in reviewers if r.track == ReviewTrack.SCIENTIFIC],
        "advice": list(publication.scientific_reviews.select_related("reviewer", "version")),
        "standing": standing.of(
            publication,
            state,
            clocks=[*history(publication), *answers],
            answer_due=answer_due,
            objections=objections,
            reviewers=[str(r.reviewer) for r in policy_people],
            rules={standing.POLICY: links.to("rule", rule.pk)},
        ),
    }


def _objections(
    publication: Publication, objections: Sequence[Objection], at: dt.datetime, by: Any
) -> dict[str, Any]:
    """Each objection with what the person may do about it."""
    return {
        "objections": [
            (o, policy.may_answer(o, "accept", by), policy.may_settle(o, "withdraw", by))
            for o in objections
        ],
        "open_mine": [o for o in objections if o.state == ObjectionState.OPEN],
        "withheld": any(o.withholds(at) for o in objections),
        "unsettled": [o for o in objections if o.state in UNSETTLED],
    }


def _text(publication: Publication) -> dict[str, Any]:
    """The versions, and what the work declares it uses."""
    return {
        "versions": publication.versions.select_related("added_by"),
        "sources": publication.sources.select_related("dataset", "finding"),
    }


def _authors(publication: Publication) -> dict[str, Any]:
    """The authors in order."""
    return {"authors": publication.authors.all()}


def _acts(publication: Publication, by: Any) -> dict[str, Any]:
    """Why the person may not do each thing, or None."""
    return {
        "may_edit": policy.may_edit(publication, by),
        "may_submit": policy.may_submit(publication, by),
        "may_advise": policy.may_advise(publication, by),
        "may_object": policy.may_object(publication, by),
        "may_clear": policy.may_clear(publication, by),
        "may_assign": policy.may_staff(publication, by),
        "may_record": policy.may_record_outcome(publication, by),
    }


def _released_on(publication: Publication) -> str:
    at = publication.released_at or publication.window_ends_at
    return f"Released {when_text(at)}" if at else "Released"


def _answer_clocks(objections: Sequence[Objection]) -> list[Clock]:
    """The clocks of the author's answers, with their pauses."""
    if not objections:
        return []
    rows = Clock.objects.filter(
        kind=services.ANSWER_CLOCK,
        subject_type=Objection._meta.label_lower,
        subject_id__in=[one.pk for one in objections],
    )
    return list(rows.prefetch_related("pauses"))
