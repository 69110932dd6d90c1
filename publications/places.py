"""Where publications appear outside their own pages: navigation, home, and words for verbs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Min, Q, QuerySet

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import say
from fellowship.web import nav, verbs, work
from publications import policy
from publications.models import Publication
from publications.states import (
    Ask,
    Ground,
    Kind,
    ObjectionState,
    Proposal,
    PublicationState,
    ReleasedBy,
    ReviewTrack,
    Saved,
    WorkClass,
)
from publications.text_states import HitAnswer, HitKind
from scoping import casefile, panels
from scoping.models import Fellowship

DESK = (
    roles.MANAGER,
    roles.POLICY_REVIEWER,
    roles.LEGAL_REVIEWER,
    roles.REVIEWER,
    roles.AUDITOR,
    roles.SPONSOR,
)

nav.register(
    say("Publications"),
    "publications:index",
    visible=lambda user: holds_anywhere(user, *DESK),
    section="publications",
    order=45,
)
nav.register(
    say("My publications"),
    "publications:index",
    visible=lambda user: holds_anywhere(user, roles.FELLOW),
    section="portal",
    order=45,
    rail=True,
)
nav.register(
    say("Publications to review"),
    "publications:desk",
    visible=lambda user: holds_anywhere(
        user, roles.POLICY_REVIEWER, roles.LEGAL_REVIEWER, roles.REVIEWER
    ),
    section="publications",
    order=46,
)
verbs.register(
    {
        "publications.draft": say("began the publication"),
        "publications.set_authors": say("named the authors"),
        "publications.add_version": say("added a version"),
        "publications.declare_sources": say("declared what the work uses"),
        "publications.answer_hit": say("answered what the check found"),
        "publications.plan_step": say("planned a passage for a later date"),
        "publications.extend_step": say("put a withheld passage off"),
        "publications.release_early": say("let a withheld passage out early"),
        "publications.disclose": say("let a withheld passage out on its date"),
        "publications.submit": say("submitted the work for review"),
        "publications.withdraw": say("withdrew the work"),
        "publications.release": say("released the work"),
        "publications.escalate": say("took the work to the board after silence"),
        "publications.return_to_review": say("gave the review one more window"),
        "publications.record_outcome": say("recorded where it appeared"),
        "publications.assign_reviewer": say("assigned a reviewer"),
        "publications.advise": say("gave scientific advice"),
        "publications.object": say("objected to a passage"),
        "publications.hold_passage": say("held a passage because of an alarm"),
        "publications.accept_objection": say("accepted the objection"),
        "publications.offer_wording": say("offered other wording"),
        "publications.contest": say("contested the objection"),
        "publications.agree_wording": say("agreed to other wording"),
        "publications.withdraw_objection": say("withdrew the objection"),
        "publications.decide_dispute": say("decided the contested passage"),
        "publications.clear": say("ended the policy review"),
        "publications.decline_wording": say("declined the other wording"),
        "publications.name_mediator": say("named a mediator"),
        "publications.propose": say("proposed a way for the passage"),
        "publications.answer_proposal": say("answered the mediator’s proposal"),
        "publications.take_proposal": say("took the mediator’s proposal"),
        "publications.refer_dispute": say("brought the contested passage before the board"),
        "publications.extend_window": say("extended the review window"),
        "publications.ask": say("asked the author a question"),
        "publications.reply": say("answered the reviewer’s question"),
        "publications.question_lapsed": say("let the window run on without an answer"),
        "publications.save_wording": say("saved wording for others"),
        "publications.retire_wording": say("put saved wording away"),
    }
)
verbs.register_values(
    {
        "class": WorkClass.choices,
        "publications.kind": Kind.choices,
        "publications.release.kind": ReleasedBy.choices,
        "publications.state": (*PublicationState.choices, *ObjectionState.choices),
        "publications.policy": (("cleared", say("Ended without objection")),),
        "ground": Ground.choices,
        "ask": Ask.choices,
        "track": ReviewTrack.choices,
        "publications.hit": HitKind.choices,
        "publications.answer_hit.answer": HitAnswer.choices,
        "publications.proposal": Proposal.choices,
        "publications.use": Saved.choices,
        "publications.side": (("author", say("The author")), ("reviewer", say("Whoever objected"))),
    }
)
verbs.register_fields(
    {
        "publications.release.kind": say("released because"),
        "publications.policy": say("policy review"),
    }
)


_DESK = work.Rest(say("publications to review"), "publications:desk")
_IN_REVIEW = work.Rest(
    say("works in review"), "publications:index", f"state={PublicationState.IN_REVIEW}"
)


@prepared
def _under_review(key: int, at: dt.datetime) -> QuerySet[Publication]:
    return Publication.objects.filter(state=PublicationState.IN_REVIEW, window_ends_at__gt=at)


@prepared
def _reviewed_by(key: int, at: dt.datetime) -> QuerySet[Publication]:
    return Publication.objects.filter(
        state=PublicationState.IN_REVIEW, reviewers__reviewer_id=key, window_ends_at__gt=at
    )


@prepared
def _of_fellow(key: int, at: dt.datetime) -> QuerySet[Publication]:
    return Publication.objects.filter(
        state=PublicationState.IN_REVIEW, fellowship__fellow_id=key, window_ends_at__gt=at
    )


@work.register_for(*DESK, roles.MENTOR, when=_reviewed_by, rest=_DESK)
def to_review(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Works in review that the person reviews and has not finished with."""
    rows = Publication.objects.filter(
        state=PublicationState.IN_REVIEW, reviewers__reviewer=user, window_ends_at__gt=at
    ).prefetch_related("reviewers", "scientific_reviews")
    for publication in rows.order_by("window_ends_at", "id")[: work.GIVEN]:
        tracks = {r.track for r in publication.reviewers.all() if r.reviewer_id == user.pk}
        advised = any(r.reviewer_id == user.pk for r in publication.scientific_reviews.all())
        if tracks == {ReviewTrack.SCIENTIFIC} and advised:
            continue
        if tracks == {ReviewTrack.POLICY} and publication.policy_cleared_at:
            continue
        yield work.WorkItem(
            title=say("Review: {title}", title=publication.title),
            url=publication.get_absolute_url(),
            due=publication.window_ends_at,
            silence=say("It is released.")
            if publication.silence_releases
            else say("It goes to the board."),
            kind="publication",
            case_ref=publication.ref,
            program_id=publication.program_id,
        )


@work.register_for(roles.MANAGER, when=_under_review, rest=_IN_REVIEW)
def to_staff(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Works in review that lack a reviewer on the policy track."""
    rows = (
        Publication.objects.visible_to(user)
        .filter(state=PublicationState.IN_REVIEW, window_ends_at__gt=at)
        .exclude(reviewers__track=ReviewTrack.POLICY)
    )
    for publication in rows.order_by("window_ends_at", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=say("Assign reviewers: {title}", title=publication.title),
            url=publication.get_absolute_url(),
            due=publication.window_ends_at,
            silence=say("Its window passes without a review."),
            kind="publication",
            case_ref=publication.ref,
            program_id=publication.program_id,
        )


@work.register_for(roles.FELLOW, when=_of_fellow, rest=_IN_REVIEW)
def to_wait_for(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Works the author waits for."""
    rows = Publication.objects.filter(
        fellowship__fellow=user, state=PublicationState.IN_REVIEW, window_ends_at__gt=at
    )
    for publication in rows.order_by("window_ends_at", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=publication.title,
            url=publication.get_absolute_url(),
            due=publication.window_ends_at,
            holder=say("the reviewers"),
            silence=say("It is released.")
            if publication.silence_releases
            else say("It goes to the board."),
            kind="publication",
            case_ref=publication.ref,
            program_id=publication.program_id,
        )


def _of_case(fellowship: Fellowship, at: dt.datetime) -> list[Any]:
    """The works of a case, the latest first, each with the day an objection is to be answered by.

    Asked once for a page: the case is visible, so they are.
    """
    waits = Q(objections__state=ObjectionState.OPEN, objections__step_due_at__gt=at)
    rows = Publication.objects.filter(fellowship=fellowship).annotate(
        answer_due=Min("objections__step_due_at", filter=waits)
    )
    found = rows.defer("abstract", "acknowledgement").order_by("-id")
    return casefile.of(fellowship).once("publications.works", lambda: list(found[:20]))


@panels.register
def case_publications(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[panels.Panel]:
    """What this case publishes, and the way to begin."""
    may_draft = policy.may_draft(fellowship, user) is None
    found = _of_case(fellowship, at)
    if found or may_draft:
        yield panels.Panel(
            "publications.case",
            say("Publications"),
            "publications/_case.html",
            {"publications": found, "may_draft": may_draft},
            order=70,
        )


@panels.register_next
def case_reviews(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[panels.NextStep]:
    """Objections to answer, and windows that end."""
    for one in _of_case(fellowship, at):
        url = one.get_absolute_url()
        if one.answer_due:
            yield panels.NextStep(
                say("An objection to answer: {ref}", ref=one.ref),
                one.answer_due,
                f"{url}#objections",
                mine=fellowship.fellow_id == user.pk,
            )
        if one.effective_state(at) == PublicationState.IN_REVIEW:
            said = say("The review window ends: {ref}", ref=one.ref)
            yield panels.NextStep(said, one.window_ends_at, url)


def to_answer_first(fellowship: Fellowship, user: Any, at: dt.datetime) -> panels.Banner | None:
    """An objection that its author has to answer, where nothing of the case is due before."""
    dues = [(one.answer_due, one) for one in _of_case(fellowship, at) if one.answer_due]
    if fellowship.fellow_id != user.pk or not dues:
        return None
    due, one = min(dues, key=lambda pair: pair[0])
    first = casefile.of(fellowship).next_milestone
    if first is not None and first.due_on < fellowship.program.day(due):
        return None
    return panels.Banner(
        say("With you: an objection to answer"),
        by=due,
        detail=say("Of “{title}” only the marked passage waits.", title=one.title),
        silence=say("If you stay silent, the passage is treated as the objection asks."),
        tone="you",
        url=f"{one.get_absolute_url()}#objections",
        label=say("Answer it"),
    )


panels.register_banner(to_answer_first, order=50)
