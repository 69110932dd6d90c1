"""The reviewer's page of one review, and the manager's panel page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from fellowship.accounts.alike import read_for
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.queries import conflict_of, realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import autosave
from fellowship.web.actions import act, attempt, form_page, reason_of, verb
from governance import hints, recused
from proposals import blindness, desk, policy, rubric, scores, services
from proposals.forms import AssignForm, ConflictForm, ReviewForm, opened_with
from proposals.models import (
    Assignment,
    ImportedEvaluation,
    Proposal,
    Review,
    ReviewDraft,
)
from proposals.views.case import frame, paper, read_scores
from proposals.views.common import OFFICE

RELATED = ("proposal__call", "proposal__program__realm", "proposal__applicant")


# --- the reviewer ----------------------------------------------------------------------------


@login_required
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The proposal left, the rubric right; before a declaration, title and parties only."""
    assignment = _mine(request, pk)
    conflict = conflict_of(request.user, assignment.proposal)
    if conflict is None:
        return declare(request, pk)
    for sent in _reviewed(assignment.pk):
        return _sent(request, assignment, sent)
    refusal = policy.may_review(assignment, _person(request))
    if refusal:
        raise Refused(refusal)
    draft: ReviewDraft | None = next(iter(_drafted(assignment.pk)), None)
    rule = rubric.of_call(assignment.proposal.call)
    form = ReviewForm(rule, data=request.POST or None, initial=draft.answers if draft else {})
    if request.method == "POST":
        done = attempt(form, lambda: _submit(request, assignment, form))
        if done:
            return _onward(request, assignment)
    version = draft.version if draft else 0
    return _review_page(request, assignment, {"form": form, "version": version})


@read
def _reviewed(assignment: int) -> QuerySet[Review]:
    return Review.objects.filter(assignment_id=assignment).prefetch_related("scores")


@read
def _drafted(assignment: int) -> QuerySet[ReviewDraft]:
    return ReviewDraft.objects.filter(assignment_id=assignment)


@autosave.view
def save_review(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Autosave of a review."""
    assignment = _mine(request, pk)
    form = ReviewForm(rubric.of_call(assignment.proposal.call), data=request.POST)
    try:
        draft = services.save_review_draft(
            assignment=assignment,
            raw=form.raw(),
            version=opened_with(request.POST),
            by=_person(request),
        )
    except services.StaleReview as stale:
        return autosave.stale(stale.draft.version, stale.draft.answers)
    except ValidationError as error:
        return autosave.invalid(error.message_dict, form)
    return autosave.saved(draft.version)


@login_required
def declare(request: HttpRequest, pk: int) -> HttpResponse:
    """Conflicts before content."""
    assignment = _mine(request, pk)
    form = ConflictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.declare(
                assignment=assignment, by=_person(request), **form.cleaned_data
            ),
        )
        if done and form.cleaned_data["kind"] == Conflict.Kind.NONE:
            return redirect("proposals:review", pk=pk)
        if done:
            messages.success(request, say("Thank you. The proposal is no longer yours to see."))
            return redirect("proposals:reviews")
    found = hints.of_one(assignment.proposal, _person(request))
    blind = blindness.reads_copy(assignment)
    context = {
        "assignment": assignment,
        "noticed": list(dict.fromkeys(h.blind() if blind else h.sentence() for h in found)),
        "blind": blind,
        "read_title": blindness.title(assignment.proposal),
    }
    return form_page(request, "proposals/declare.html", form, context)


def _submit(request: HttpRequest, assignment: Assignment, form: ReviewForm) -> Review:
    raw = form.raw()
    return services.submit_review(
        assignment=assignment,
        scores=form.scores(),
        confidence=raw["confidence"],
        comment_applicant=raw["comment_applicant"],
        comment_board=raw["comment_board"],
        by=_person(request),
    )


def _onward(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """After one review, the next; after the last, the queue."""
    messages.success(request, say("Your review of {ref} is in.", ref=assignment.proposal.ref))
    following = Assignment.objects.to_do(request.user).next_first().first()
    if following and "next" in request.POST:
        return redirect("proposals:review", pk=following.pk)
    return redirect("proposals:reviews")


def _review_page(
    request: HttpRequest, assignment: Assignment, context: dict[str, Any]
) -> HttpResponse:
    person: Any = _person(request)
    person.reviews_waiting = desk.reviews_waiting(person)
    context |= {
        "assignment": assignment,
        **_paper(assignment),
        "more": person.reviews_waiting > 1,  # this one waits as well
        "first": policy.calibrated_first(assignment),
    }
    return form_page(request, "proposals/review.html", context["form"], context)


def _sent(request: HttpRequest, assignment: Assignment, sent: Review) -> HttpResponse:
    proposal = assignment.proposal
    rule = rubric.of_call(proposal.call)
    found = read_scores(rule, _counted(_person(request), now(), proposal.pk))
    context = {
        "assignment": assignment,
        "review": read_scores(rule, [sent])[0],
        "others": [review for review in found if review.pk != sent.pk],
        "board": scores.board(rule, found) if len(found) > 1 else None,
        **_paper(assignment),
    }
    return render(request, "proposals/review_sent.html", context)


def _paper(assignment: Assignment) -> dict[str, Any]:
    """What this reviewer reads: the proposal, or in a blind call its redacted copy."""
    proposal = assignment.proposal
    blind = blindness.reads_copy(assignment)
    return {
        "proposal": proposal,
        "blind": blind,
        "read_title": blindness.title(proposal),
        **(blindness.paper(proposal) if blind else paper(proposal, proposal.current())),
    }


def _mine(request: HttpRequest, pk: int) -> Assignment:
    """One's own standing assignment; recused or taken back, it is not there."""
    person = _person(request)
    found = _standing(person, now(), min(pk, 2**62))
    if not found:
        raise Http404
    assignment: Assignment = found[0]
    assignment.reviewer = person
    return assignment


@read_for
def _standing(user: Any, _: dt.datetime, pk: int) -> QuerySet[Assignment]:
    rows = Assignment.objects.standing().filter(reviewer_id=user.pk, pk=pk)
    return rows.visible_to(user).select_related(*RELATED)


# --- the manager -----------------------------------------------------------------------------


@login_required
def panel(request: HttpRequest, ref: str) -> HttpResponse:
    """Who reviews this proposal, how far they are, what they found; refer to the board."""
    proposal = manageable(request, ref)
    form = AssignForm(request.POST or None, proposal=proposal)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.ask_by_hand(
                proposal=proposal, by=_person(request), **form.cleaned_data
            ),
        )
        if done:
            messages.success(
                request, say("{reviewer} is asked to review it.", reviewer=done.reviewer)
            )
            for warning in done.warned.splitlines():
                messages.warning(request, warning)
            return redirect("proposals:panel", ref=ref)
    manages = policy.may_manage(proposal, _person(request)) is None
    assignments = _with_declarations(proposal, _assigned(proposal.pk))
    candidates = form.candidates() if manages else []
    noticed = _noticed(request, proposal, [*(a.reviewer for a in assignments), *candidates])
    for assignment in assignments:
        assignment.noticed = noticed.get(assignment.reviewer_id, [])
    rule = rubric.of_call(proposal.call)
    reviews = read_scores(rule, _counted(_person(request), now(), proposal.pk))
    effects = scores.effects_on(reviews, proposal.call_id)
    progress = policy.Progress(len(reviews), rule.reviewers_per_proposal)
    context = {
        **frame(request, proposal),
        "manages": manages,
        "assignments": assignments,
        "candidates": [(user, noticed[user.pk]) for user in candidates if user.pk in noticed],
        "reviews": reviews,
        "needed": progress.asked,
        "unchecked": blindness.unchecked(proposal),
        "recusals": recused.of_record(request.user, now(), "proposals.proposal", proposal.pk),
        "board": scores.board(rule, reviews, effects),
        "discussion": getattr(proposal, "discussion", None),
        "calibration": getattr(proposal, "calibration", None),
        "may_calibrate": policy.may_calibrate(proposal, _person(request)) if manages else None,
        "evaluations": _evaluated(_person(request), now(), proposal.pk),
        "criteria": [criterion.label.lower() for criterion in rule.criteria],
        "may_refer": policy.may_refer(proposal, _person(request), progress),
    }
    return form_page(request, "proposals/panel.html", form, context)


@verb
def unassign(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Take an assignment back."""
    proposal = manageable(request, ref)
    assignment = Assignment.objects.filter(proposal=proposal, pk=pk).first()
    if assignment is None:
        raise Http404
    reason = reason_of(request)
    return act(
        request,
        lambda: services.unassign_reviewer(
            assignment=assignment, by=_person(request), reason=reason
        ),
        success=say("The assignment is taken back."),
        to=reverse("proposals:panel", args=[ref]),
    )


@verb
def refer(request: HttpRequest, ref: str) -> HttpResponse:
    """Hand the proposal to the board."""
    proposal = manageable(request, ref)
    return act(
        request,
        lambda: services.refer_to_board(proposal=proposal, by=_person(request)),
        success=say("It is with the board now."),
        to=reverse("proposals:panel", args=[ref]),
    )


def manageable(request: HttpRequest, ref: str) -> Proposal:
    """A submitted proposal whose panel this person runs or audits, never their own."""
    rows = _manageable(_person(request), now(), ref) if "\x00" not in ref else ()
    if not rows:
        raise Http404
    found: Proposal = rows[0]
    policy.seen_by(found, _person(request))
    return found


@read_for
def _manageable(user: Any, at: dt.datetime, ref: str) -> QuerySet[Proposal]:
    realms = realm_ids_where(user, *OFFICE)
    rows = Proposal.objects.visible_to(user).filter(program_id__in=realms, ref=ref)
    rows = rows.exclude(applicant_id=user.pk).order_by()
    return rows.select_related("call", "program", "applicant", "discussion", "calibration")


def _noticed(request: HttpRequest, proposal: Proposal, people: list[User]) -> dict[int, list[str]]:
    """What the records say of each person and the team, as far as the reader may know it."""
    found = hints.readable(hints.of([proposal], people), request.user)
    names = {user.pk: str(user) for user in people}
    return {pk: [hint.sentence(names[pk]) for hint in said] for (_, pk), said in found.items()}


def _with_declarations(proposal: Proposal, rows: Any) -> list[Any]:
    """The assignments, each with what its reviewer declared."""
    said = {pk: str(Conflict.Kind(kind).label) for pk, kind in _declared(proposal.pk)}
    assignments = list(rows)
    for assignment in assignments:
        assignment.declared = said.get(assignment.reviewer_id, say("Not yet"))
    return assignments


@read_for
def _counted(user: Any, at: dt.datetime, proposal: int) -> QuerySet[Review]:
    """The reviews that count, as far as the person may read them."""
    rows = Review.objects.visible_to(user).counted().filter(proposal_id=proposal)
    return rows.prefetch_related("scores")


@read_for
def _evaluated(user: Any, at: dt.datetime, proposal: int) -> QuerySet[ImportedEvaluation]:
    return ImportedEvaluation.objects.visible_to(user).filter(proposal_id=proposal)


@read
def _assigned(proposal: int) -> QuerySet[Assignment]:
    rows = Assignment.objects.standing().filter(proposal_id=proposal)
    return rows.select_related("reviewer", "review")


@read
def _declared(proposal: int) -> QuerySet[Conflict, Any]:
    rows = Conflict.objects.filter(subject_type="proposals.proposal", subject_id=proposal)
    return rows.values_list("user_id", "kind")


def _person(request: HttpRequest) -> Any:
    return request.user
