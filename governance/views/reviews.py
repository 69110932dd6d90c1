"""The independent review of a decision: asked for, named, declared, found; as each may see it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, RoleAssignment, User
from fellowship.accounts.queries import conflict_of
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web.actions import attempt, form_page, form_verb
from governance import ballot_box, docket, dossiers, kinds, recourse, services, standing
from governance.forms.matters import DeclareForm
from governance.models import IndependentReview, Matter, Reply, ReviewSeat, Vote
from governance.policy import replies as policy
from governance.reply_forms import AskReviewForm, FindingForm, NameForm
from governance.review_states import ENDED_REVIEW, ReviewState
from governance.services.reviews import SILENCE
from governance.views.common import person, posted
from governance.views.replies import decided

MOST = 200


@login_required
def review(request: HttpRequest, ref: str) -> HttpResponse:
    """The review as each may see it; a POST asks for it."""
    found = _review(request, ref)
    return _ask(request, ref) if found is None else _page(request, found)


def _ask(request: HttpRequest, ref: str) -> HttpResponse:
    """The page on which a party asks; there is none for anybody else."""
    matter = decided(request, ref)
    if not ballot_box.is_party(matter, person(request)):
        raise Http404
    decision = matter.decision
    form = AskReviewForm(posted(request))
    return form_verb(
        request,
        form,
        lambda: services.ask_review(decision=decision, by=person(request), **form.cleaned_data),
        template="governance/review_ask.html",
        context=lambda: {
            "matter": matter,
            "decision": decision,
            "refused": policy.may_ask(decision, person(request)),
            "clock": recourse.request_clock(decision),
        },
        to=lambda made: made.get_absolute_url(),
        success=say("Asked for. You are told who carries it out."),
    )


@login_required
@require_POST
def name(request: HttpRequest, ref: str) -> HttpResponse:
    """Give the review to people who took no part."""
    found = _found(request, ref)
    form = _name_form(request, found)
    if form is None:
        raise Http404
    if form.is_valid():
        done = attempt(
            form,
            lambda: services.name_reviewers(
                review=found, by=person(request), reviewers=form.chosen()
            ),
        )
        if done:
            messages.success(request, say("Named. They were told, and so was the party."))
            return redirect(found.get_absolute_url())
    return _page(request, found, name_form=form)


@login_required
@require_POST
def declare(request: HttpRequest, ref: str) -> HttpResponse:
    """A reviewer's declaration, before any content."""
    found = _found(request, ref)
    form = DeclareForm(request.POST)
    if form.is_valid():
        done = attempt(
            form,
            lambda: services.declare_for_review(
                review=found, by=person(request), **form.cleaned_data
            ),
        )
        if done and done.kind == Conflict.Kind.NONE:
            return redirect(found.get_absolute_url())
        if done:
            messages.success(request, say("Recorded. Somebody else is named in your place."))
            return redirect("/")
    return _page(request, found, declare_form=form)


@login_required
@require_POST
def find(request: HttpRequest, ref: str) -> HttpResponse:
    """A reviewer's finding, with its reasons."""
    found = _found(request, ref)
    form = FindingForm(request.POST)
    if form.is_valid():
        done = attempt(
            form,
            lambda: services.give_finding(review=found, by=person(request), **form.cleaned_data),
        )
        if done:
            messages.success(request, say("Your finding is given."))
            return redirect(found.get_absolute_url())
    return _page(request, found, finding_form=form)


def _page(
    request: HttpRequest,
    found: IndependentReview,
    *,
    name_form: NameForm | None = None,
    declare_form: DeclareForm | None = None,
    finding_form: FindingForm | None = None,
) -> HttpResponse:
    user, matter = person(request), found.decision.matter
    seats = list(found.seats.standing().select_related("reviewer"))
    seat = next((s for s in seats if s.reviewer_id == user.pk), None)
    undeclared = seat is not None and conflict_of(user, kinds.subject_of(matter)) is None
    form = name_form or declare_form or finding_form
    context = {
        "review": found,
        "matter": matter,
        "decision": found.decision,
        "label": docket.kind_label(matter.kind),
        "calendar": matter.program.calendar(),
        "ended": found.state in ENDED_REVIEW,
        "standing": standing.of_review(found, [s.reviewer for s in seats]),
        "silence": SILENCE,
        "seats": seats,
        "seat": seat,
        "mine": found.asked_by_id == user.pk,
        "known": Matter.objects.visible_to(user).filter(pk=matter.pk).exists(),
        "undeclared": undeclared,
        "findings": _findings(found, seats, seat),
        "replies": Reply.objects.filter(decision=found.decision),
        "name_form": name_form or _name_form(request, found),
        "declare_form": declare_form or DeclareForm(),
        **(_content(seat) if seat and not undeclared else {}),
        "finding_form": finding_form or FindingForm(),
    }
    if undeclared:
        context["parties"] = [p.user for p in matter.parties.select_related("user")]
        return form_page(request, "governance/review_declare.html", form or DeclareForm(), context)
    return form_page(request, "governance/review.html", form or FindingForm(), context)


def _content(seat: ReviewSeat) -> dict[str, Any]:
    """What a reviewer reads: the dossier, the reasons of the votes without names, the letter."""
    matter = seat.review.decision.matter
    votes = Vote.objects.filter(ballot_seat__ballot__matter=matter).order_by("position", "id")
    return {
        "reads": True,
        "may_find": seat.review.state == ReviewState.UNDER_REVIEW and not seat.finding,
        "sections": dossiers.sections(dossiers.read_by(seat.reviewer, matter)(matter.dossier.body)),
        "votes": [(vote.get_position_display(), vote.rationale) for vote in votes],
    }


def _findings(
    found: IndependentReview, seats: list[ReviewSeat], seat: ReviewSeat | None
) -> list[ReviewSeat]:
    """The findings: all once the review has ended, before that one's own."""
    if found.state in ENDED_REVIEW:
        return [s for s in seats if s.finding]
    return [seat] if seat and seat.finding else []


def _name_form(request: HttpRequest, found: IndependentReview) -> NameForm | None:
    """The people who may be named, for whoever names them."""
    user = person(request)
    if policy.may_name(found, user) is not None:
        return None
    rule = found.decision.reply_rule
    needed = rule.params.independent_reviewers if rule else 1
    return NameForm(posted(request), people=_candidates(found, user), needed=needed)


def _candidates(found: IndependentReview, user: User) -> list[tuple[User, str]]:
    matter = found.decision.matter
    out = recourse.took_part(matter) | ballot_box.recused_ids(matter) | {user.pk}
    out |= set(matter.parties.values_list("user_id", flat=True))
    held = RoleAssignment.objects.live(now()).filter(
        realm_id=matter.program_id, role__in=policy.SERVES, user__is_active=True
    )
    people: dict[User, list[str]] = {}
    rows = held.exclude(user_id__in=out).select_related("user")
    for row in rows.order_by("user__name", "user_id", "role")[:MOST]:
        people.setdefault(row.user, []).append(str(roles.ROLES[row.role].label))
    return [(user, joined(", ", dict.fromkeys(held_as))) for user, held_as in people.items()]


# --- who sees what ---------------------------------------------------------------------------


def _review(request: HttpRequest, ref: str) -> IndependentReview | None:
    rows = IndependentReview.objects.visible_to(request.user).select_related(
        "decision__matter__program", "decision__reply_rule", "decision__rule_version", "asked_by",
        "successor",
    )  # fmt: skip
    return rows.filter(decision__matter__ref=ref).first()


def _found(request: HttpRequest, ref: str) -> IndependentReview:
    found = _review(request, ref)
    if found is None:
        raise Http404
    return found
