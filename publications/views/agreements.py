"""The agreement on authorship: versions, who has answered, proposing, mediating."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.clocks.queries import history
from fellowship.history.queries import latest
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from governance import links
from publications import services, terms
from publications.agreement_standing import AGREEMENT, POLICY
from publications.authorship_states import AgreementState
from publications.forms.agreements import AgreementForm, MediationForm
from publications.models import AuthorshipAgreement
from publications.policy import authorship as policy
from publications.views.shared import case_of, sees_case
from scoping.models import Fellowship, ScopeOfWork


def _version(request: HttpRequest, ref: str, number: int) -> AuthorshipAgreement:
    rows = AuthorshipAgreement.objects.select_related(
        "fellowship__program", "fellowship__fellow", "mediator", "proposed_by"
    ).prefetch_related("parties__person")
    return visible_or_404(rows, request.user, fellowship__ref=ref, number=number)


@login_required
def agreements(request: HttpRequest, ref: str) -> HttpResponse:
    """The version that holds, what waits for answers, and every version before."""
    case = case_of(request.user, ref)
    rows = AuthorshipAgreement.objects.visible_to(request.user).filter(fellowship=case)
    versions = list(rows.select_related("proposed_by").order_by("-number"))
    held = policy.agreement_of(case)
    for one in (*versions, held):
        if one:
            one.fellowship = case
    context = {
        "fellowship": case,
        "sees_case": sees_case(case, request.user),
        "versions": versions,
        "held": held,
        "waiting": next((v for v in versions if v.effective_state() in _ON_ITS_WAY), None),
        "may_propose": policy.may_propose(case, _by(request)),
        "rule": terms.policy_of(case),
        "policy": terms.params_of(case).authorship,
        "in_time": held is not None and _in_time(held),
    }
    return render(request, "publications/agreements.html", context)


_ON_ITS_WAY = (AgreementState.PROPOSED, AgreementState.WITH_MEDIATOR, AgreementState.WITH_BOARD)


def _in_time(agreement: AuthorshipAgreement) -> bool:
    """Whether the first version in force held before the fellowship began."""
    first = (
        AuthorshipAgreement.objects.filter(
            fellowship_id=agreement.fellowship_id, in_force_at__isnull=False
        )
        .order_by("in_force_at")
        .values_list("in_force_at", flat=True)
        .first()
    )
    case = agreement.fellowship
    return first is not None and case.program.day(first) <= case.starts_on


@login_required
def agreement(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """One version: its people in order, their answers, and what it changes."""
    found, by = _version(request, ref, number), _by(request)
    before = (
        AuthorshipAgreement.objects.filter(fellowship_id=found.fellowship_id, number__lt=number)
        .exclude(in_force_at=None)
        .prefetch_related("parties")
        .order_by("-number")
        .first()
    )
    state = found.effective_state(now())
    party = policy.party_of(found, by)
    context = {
        "fellowship": found.fellowship,
        "sees_case": sees_case(found.fellowship, request.user),
        "agreement": found,
        "state": state,
        "parties": found.parties.all(),
        "waits_for": [p for p in found.parties.all() if not p.answer],
        "party": party,
        "before": before,
        "changes": _changes(before, found) if before else [],
        "may_answer": policy.may_answer(found, by),
        "may_withdraw": policy.may_withdraw_agreement(found, by),
        "may_ask": policy.may_ask_mediator(found, by),
        "may_mediate": policy.may_mediate(found, by),
        "may_propose": policy.may_propose(found.fellowship, by),
        "rule": terms.policy_of(found.fellowship),
        "calendar": found.fellowship.program.calendar(),
        "standing": _standing(found, state),
        "events": latest(found, 20),
    }
    return render(request, "publications/agreement.html", context)


def _standing(found: AuthorshipAgreement, state: str) -> Any:
    """Where the version stands, with those who have not answered by name."""
    rule = terms.policy_of(found.fellowship)
    return AGREEMENT.at(
        state,
        calendar=found.fellowship.program.calendar(),
        clocks=history(found),
        names={
            "Anybody named": joined(", ", (p.name for p in found.parties.all() if not p.answer))
        },
        rules={POLICY: links.to("rule", rule.pk)},
    )


def _changes(before: AuthorshipAgreement, after: AuthorshipAgreement) -> list[tuple[str, str, str]]:
    """What differs, each as heading, old and new text."""
    pairs = [
        (say("People, in order"), _people(before), _people(after)),
        (say("When company staff are authors"), before.company_criteria, after.company_criteria),
        (say("Acknowledgement"), before.acknowledgement, after.acknowledgement),
        (say("If people disagree"), before.dispute, after.dispute),
    ]
    return [(heading, old, new) for heading, old, new in pairs if old != new]


def _people(one: AuthorshipAgreement) -> str:
    """The people as text, a line for each."""
    return joined(
        "\n",
        (
            f"{p.name}: {joined(', ', p.roles)}{(say('; may publish alone') if p.alone else '')}"
            for p in one.parties.all()
            if not p.leaves
        ),
    )


@login_required
def propose(request: HttpRequest, ref: str) -> HttpResponse:
    """Propose a version, starting from the one in force or from the scope of work."""
    case = case_of(request.user, ref)
    held = policy.agreement_of(case)
    form = AgreementForm(
        request.POST or None,
        fellowship=case,
        held=held,
        starting=_starting(case, held),
        initial=_texts(case, held),
    )
    return form_verb(
        request,
        form,
        lambda: services.propose_agreement(fellowship=case, by=_by(request), **form.cleaned_data),
        template="publications/agreement_propose.html",
        context=lambda: {
            "fellowship": case,
            "held": held,
            "refused": policy.may_propose(case, _by(request)),
            "policy": terms.params_of(case).authorship,
        },
        to=lambda made: made.get_absolute_url(),
        success=say("Proposed. Everybody named is asked; it holds once all have consented."),
    )


def _starting(case: Fellowship, held: AuthorshipAgreement | None) -> list[dict[str, Any]]:
    """Who stands in the rows at first: those named now, else the fellow with the scope's roles."""
    if held:
        return [
            {
                "person": str(p.person_id),
                "orcid": p.orcid,
                "credit": p.credit,
                "alone": p.alone,
            }
            for p in held.parties.all()
            if not p.leaves
        ]
    scope = _scope(case)
    fellow = case.fellow
    roles = list(scope.credit) if scope else []
    return [{"person": str(fellow.pk), "orcid": fellow.orcid, "credit": roles, "alone": True}]


def _texts(case: Fellowship, held: AuthorshipAgreement | None) -> dict[str, Any]:
    if held:
        return {
            "company_criteria": held.company_criteria,
            "acknowledgement": held.acknowledgement,
            "dispute": held.dispute,
            "mediator": held.mediator_id,
        }
    said, scope = terms.params_of(case), _scope(case)
    return {
        "company_criteria": said.authorship.company_criteria,
        "acknowledgement": (scope.terms.get("acknowledgement", "") if scope else "")
        or said.citation.acknowledgement,
        "dispute": say(
            "Whoever refuses says why. The mediator hears everybody and advises within "
            "{mediation}; what is not settled then goes to the board, which decides "
            "whether the version holds.",
            mediation=said.authorship.mediation,
        ),
    }


def _scope(case: Fellowship) -> ScopeOfWork | None:
    signed = ScopeOfWork.objects.filter(fellowship=case, signed_at__isnull=False)
    return signed.order_by("-number").first()


@verb
def consent(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Consent to a version."""
    found = _version(request, ref, number)
    return act(
        request,
        lambda: services.consent_to_agreement(agreement=found, by=_by(request)),
        success=say("You have consented."),
        to=found.get_absolute_url(),
    )


@verb
def refuse_(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Refuse a version, with the reason."""
    found = _version(request, ref, number)
    return act(
        request,
        lambda: services.refuse_agreement(
            agreement=found, by=_by(request), reason=reason_of(request)
        ),
        success=say("You have refused. The agreement stays as it was."),
        to=found.get_absolute_url(),
    )


@verb
def withdraw(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Take one's proposal back."""
    found = _version(request, ref, number)
    return act(
        request,
        lambda: services.withdraw_agreement(
            agreement=found, by=_by(request), reason=reason_of(request)
        ),
        success=say("Withdrawn."),
        to=reverse("publications:agreements", args=[ref]),
    )


@verb
def ask_mediator(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Bring a refused version to the mediator."""
    found = _version(request, ref, number)
    return act(
        request,
        lambda: services.ask_mediator(agreement=found, by=_by(request), reason=reason_of(request)),
        success=say("The mediator has it now."),
        to=found.get_absolute_url(),
    )


@login_required
def mediate(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """The mediator's advice, and where the version goes."""
    found = _version(request, ref, number)
    form = MediationForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.mediate(agreement=found, by=_by(request), **form.cleaned_data),
        template="publications/agreement_mediate.html",
        context=lambda: {
            "fellowship": found.fellowship,
            "agreement": found,
            "parties": found.parties.all(),
            "refused": policy.may_mediate(found, _by(request)),
        },
        to=found.get_absolute_url(),
        success=say("Sent. Everybody named has it."),
    )


def _by(request: HttpRequest) -> Any:
    return request.user
