"""The page of a case, its versions, and the decision letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import has_role
from fellowship.history.queries import latest
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.items import Link
from governance.models import Condition, Decision
from governance.rulekinds import ReviewRubric
from governance.views.replies import ways
from proposals import attachments, policy, sections, standing, status, terms
from proposals.models import Assignment, Proposal, ProposalVersion, Review
from proposals.queries import with_title
from proposals.services.case import KIND
from proposals.states import PROPOSAL_MOVES, ProposalState


@login_required
@require_safe
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """Where the case is, what was submitted, and what happened."""
    proposal = _visible(request, ref)
    mine = proposal.applicant == request.user
    versions, current = _versions(proposal.pk), proposal.current()
    for one in versions:
        one.proposal = proposal
    context = {
        **_frame(request, proposal),
        **paper(proposal, current),
        "versions": versions,
        "standing": standing.of(proposal, status.live_matter(proposal)),
        "events": latest(proposal, 20) if mine or _office(request, proposal) else [],
        "may_revise": policy.may_revise(proposal, _person(request)) if mine else None,
        "may_withdraw": policy.may_withdraw(proposal, _person(request)) if mine else None,
        "revising": mine and proposal.drafts.exists(),
        "assignment": _assignment(request, proposal),
    }
    return render(request, "proposals/detail.html", context)


@login_required
@require_safe
def version(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """One version word for word, with what it changed against the one before."""
    proposal = _visible(request, ref)
    found = proposal.versions.filter(number=number).first()
    if found is None:
        raise Http404
    before = proposal.versions.filter(number=number - 1).first()
    context = {
        **_frame(request, proposal),
        "version": found,
        **paper(proposal, found),
        "changes": _changes(proposal, before, found) if before else [],
        "before": before,
    }
    return render(request, "proposals/version.html", context)


@login_required
@require_safe
def letter(request: HttpRequest, ref: str) -> HttpResponse:
    """The board's reasoned letter, what may be done about it, and what reviewers wrote to you."""
    proposal = _visible(request, ref)
    decision = (
        Decision.objects.filter(matter__kind=KIND, matter__subject_id=proposal.pk)
        .select_related("matter__program", "rule_version", "reply_rule")
        .order_by("-id")
        .first()
    )
    if decision is None:
        raise Http404
    context = {
        **_frame(request, proposal),
        "decision": decision,
        "matter": decision.matter,
        "ways": ways(
            decision.matter, decision, request.user, party=proposal.applicant == request.user
        ),
        "conditions": Condition.objects.filter(decision=decision).select_related("owner"),
    }
    if proposal.decided_at:
        counted = Review.objects.counted().filter(proposal=proposal)
        context["comments"] = [(review.number, review.comment_applicant) for review in counted]
    return render(request, "proposals/letter.html", context)


def read_scores(rule: ReviewRubric, reviews: Iterable[Any]) -> list[Any]:
    """The reviews, each with `given`: what it gave by the criterion's name, in words."""
    names = {c.key: c.label for c in rule.criteria}
    found = list(reviews)
    for review in found:
        review.given = [
            (
                names.get(s.criterion, ""),
                say("Not applicable") if s.value is None else say("{value} of 5", value=s.value),
            )
            for s in review.scores.all()
        ]
    return found


def frame(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    """What every page of the case shows around its content."""
    return _frame(request, proposal)


def _frame(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    links = [Link(say("The case"), proposal.get_absolute_url())]
    if policy.may_manage(proposal, _person(request)) is None or _audits(request, proposal):
        links.append(Link(say("Panel"), f"{proposal.get_absolute_url()}panel/"))
    if proposal.decided_at or proposal.revision_asked_at:
        links.append(Link(say("Letter"), f"{proposal.get_absolute_url()}letter/"))
    return {
        "proposal": proposal,
        "status": status.of(proposal, request.user),
        "links": links if len(links) > 1 else [],
        "mine": proposal.applicant == request.user,
        "stage": "scope" if proposal.state == ProposalState.ACCEPTED else "recruit",
        "closed": proposal.state in PROPOSAL_MOVES.terminal,
    }


def _visible(request: HttpRequest, ref: str) -> Proposal:
    rows = _known(_person(request), now(), ref) if "\x00" not in ref else ()
    if not rows:
        raise Http404
    found: Proposal = rows[0]
    policy.seen_by(found, _person(request))
    return found


@read_for
def _known(user: Any, at: dt.datetime, ref: str) -> QuerySet[Proposal]:
    rows = with_title(Proposal.objects.select_related("call", "program", "applicant"))
    found: QuerySet[Proposal] = rows.visible_to(user).filter(ref=ref).order_by()
    return found


def paper(proposal: Proposal, found: ProposalVersion | None) -> dict[str, Any]:
    """A version as people read it: answers, terms, files, justification; or an empty draft."""
    if found is None:
        return {"document": []}
    chosen = terms.chosen(found)
    return {
        "document": terms.document(found, chosen),
        "terms": terms.shown(found, chosen),
        "files": attachments.of_version(found),
        "justification": found.answers.get(policy.JUSTIFICATION, ""),
        "remarks": found.remarks,
    }


def _changes(
    proposal: Proposal, before: ProposalVersion, after: ProposalVersion
) -> list[tuple[str, str, str]]:
    offers = {version.pk: terms.labels(terms.chosen(version)) for version in (before, after)}

    def text(version: ProposalVersion, f: sections.Field) -> str:
        value = version.answers.get(f.key)
        return sections.as_text(f, sections.shown(f, value, offers[version.pk])) if value else ""

    pairs = [(f.label, text(before, f), text(after, f)) for f in sections.FIELDS.values()]
    files = [attachments.as_text(attachments.of_version(version)) for version in (before, after)]
    pairs.append((say("Attachments"), files[0], files[1]))
    return [pair for pair in pairs if pair[1] != pair[2]]


def _assignment(request: HttpRequest, proposal: Proposal) -> Assignment | None:
    return next(iter(_assigned(proposal.pk, _person(request).pk)), None)


@read
def _assigned(proposal: int, key: int) -> QuerySet[Assignment]:
    rows = Assignment.objects.standing().filter(proposal_id=proposal, reviewer_id=key)
    return rows.order_by("pk")[:1]


@read
def _versions(proposal: int) -> QuerySet[ProposalVersion]:
    return ProposalVersion.objects.filter(proposal_id=proposal).defer("answers")


def _audits(request: HttpRequest, proposal: Proposal) -> bool:
    return has_role(request.user, proposal.program_id, roles.AUDITOR)


def _office(request: HttpRequest, proposal: Proposal) -> bool:
    return has_role(request.user, proposal.program_id, roles.MANAGER, roles.AUDITOR)


def _person(request: HttpRequest) -> Any:
    return request.user
