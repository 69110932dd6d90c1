"""The plan: what is due, its evidence, who judges it, and the verdict."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from fellowship.web import files, forms
from fellowship.web.actions import act, attempt, form_page, form_verb, verb
from governance.rules import pinned
from governance.states import RuleKind
from proposals.attachments import size_text
from scoping import casefile, frame, policy, services
from scoping.forms import AttachForm, HandInForm, ReviewerForm, VerdictForm
from scoping.models import Fellowship, Milestone
from scoping.policy.standing import staff
from scoping.services.common import VERDICT
from scoping.states import MilestoneState
from scoping.views.scopes import form_methods


@login_required
@require_safe
def milestones(request: HttpRequest, ref: str) -> HttpResponse:
    """The plan: what is due, delivered, judged, and who holds the ball until when."""
    case = frame.load(request, ref)
    user: Any = request.user
    found = casefile.of(case).milestones
    clocks = _verdicts(found)
    rows = [
        {
            "milestone": m,
            "files": _files(m),
            "clock": clocks.get(m.pk),
            "deliver": policy.may_deliver(m, user),
            "judge": policy.may_judge(m, user),
            "judges": user.pk in (m.reviewer_id, case.mentor_id),
            "except": policy.may_except(m, user),
        }
        for m in found
    ]
    manages = staff(case, user, roles.MANAGER, what="names who judges a milestone") is None
    context = frame.context(request, case, rows=rows, manages=manages)
    return render(request, "scoping/milestones.html", context)


@login_required
@form_methods
def deliver(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Hand a milestone in, with a file where one is chosen."""
    case, milestone = _milestone(request, ref, pk)
    form, within = HandInForm(frame.posted(request), request.FILES or None), _within(case)

    def hand_in() -> Milestone:
        said = dict(form.cleaned_data)
        if file := said.pop("file"):
            services.attach_evidence(milestone=milestone, file=file, by=_me(request))
        return services.deliver_milestone(milestone=milestone, by=_me(request), **said)

    return form_verb(
        request,
        form,
        hand_in,
        template="scoping/deliver.html",
        context=lambda: _delivery(request, case, milestone, within),
        to=_page(case),
        success=say("Delivered. The reviewer has {window} for a verdict.", window=within),
    )


@login_required
@form_methods
def attach(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Attach one file to what will be handed in; what was typed beside it stands again."""
    case, milestone = _milestone(request, ref, pk)
    to = reverse("scoping:deliver", args=[case.ref, milestone.pk])
    if request.method != "POST":
        return redirect(to)
    form: HandInForm = AttachForm(request.POST, request.FILES)
    done = None
    if form.is_valid():
        file = form.cleaned_data["file"]
        done = attempt(
            form,
            lambda: services.attach_evidence(milestone=milestone, file=file, by=_me(request)),
        )
    if done is not None:
        messages.success(request, say("The file is attached."))
        typed = {name: form.cleaned_data[name] for name in form.fields if name != "file"}
        if not any(typed.values()):
            return redirect(to)
        form = HandInForm(initial=typed)
        milestone.refresh_from_db(fields=["files"])
    context = _delivery(request, case, milestone, _within(case))
    return form_page(request, "scoping/deliver.html", form, context)


@verb
def remove(request: HttpRequest, ref: str, pk: int, digest: str) -> HttpResponse:
    """Take a file away before it is handed in."""
    case, milestone = _milestone(request, ref, pk)
    return act(
        request,
        lambda: services.remove_evidence(milestone=milestone, sha256=digest, by=_me(request)),
        success=say("The file is no longer attached."),
        to=reverse("scoping:deliver", args=[case.ref, milestone.pk]),
    )


@login_required
@require_safe
def evidence(request: HttpRequest, ref: str, pk: int, digest: str) -> HttpResponseBase:
    """One file of a milestone, for saving, to those who see the case."""
    _, milestone = _milestone(request, ref, pk)
    found = next((file for file in milestone.files if file["sha256"] == digest), None)
    if found is None:
        raise Http404
    return files.download(found["sha256"], found["name"], found["mime"])


@login_required
@form_methods
def verdict(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Read the evidence, and give the verdict with its reason."""
    case, milestone = _milestone(request, ref, pk)
    form = VerdictForm(frame.posted(request), milestone=milestone)
    return form_verb(
        request,
        form,
        lambda: _judge(milestone, _me(request), **form.cleaned_data),
        template="scoping/verdict.html",
        context=lambda: frame.context(
            request,
            case,
            milestone=milestone,
            files=_files(milestone),
            clock=_verdicts([milestone]).get(milestone.pk),
            refusal=policy.may_judge(milestone, _me(request)),
        ),
        to=_page(case),
        success=say("The verdict stands, and the fellow is told."),
    )


def _judge(milestone: Milestone, by: Any, decision: str, reason: str) -> Milestone:
    if decision == "return":
        return services.return_milestone(milestone=milestone, by=by, reason=reason)
    outcome = "" if decision == "accept" else decision
    return services.accept_milestone(milestone=milestone, by=by, reason=reason, outcome=outcome)


@verb
def let_go(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Let a planned milestone go."""
    case, milestone = _milestone(request, ref, pk)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        context = frame.context(request, case, title=milestone.title)
        return form_page(request, "scoping/reason.html", form, context)
    return act(
        request,
        lambda: services.except_milestone(
            milestone=milestone, by=_me(request), **form.cleaned_data
        ),
        success=say("Excepted, with your reason."),
        to=_page(case),
    )


@login_required
@form_methods
def reviewer(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Name who judges a milestone."""
    case, milestone = _milestone(request, ref, pk)
    form = ReviewerForm(
        frame.posted(request), fellowship=case, initial={"reviewer": milestone.reviewer_id}
    )
    return form_verb(
        request,
        form,
        lambda: services.name_reviewer(milestone=milestone, by=_me(request), **form.cleaned_data),
        template="scoping/reviewer.html",
        context=lambda: frame.context(
            request,
            case,
            milestone=milestone,
            refusal=policy.may_name_reviewer(milestone, None, _me(request)),
        ),
        to=_page(case),
        success=say("Named."),
    )


def _delivery(
    request: HttpRequest, case: Fellowship, milestone: Milestone, within: Window
) -> dict[str, Any]:
    return frame.context(
        request,
        case,
        milestone=milestone,
        files=_files(milestone),
        refusal=policy.may_deliver(milestone, _me(request)),
        within=within,
    )


def _within(case: Fellowship) -> Window:
    """How soon a verdict follows what was delivered."""
    window: Window = pinned(case, RuleKind.FELLOWSHIP_POLICY).params.verdict
    return window


def _files(milestone: Milestone) -> list[dict[str, Any]]:
    """The files with their size in words and whether they were handed in."""
    return [
        {**file, "size_text": size_text(file["size"]), "kept": milestone.handed_in(file)}
        for file in milestone.files
    ]


def _verdicts(found: list[Milestone]) -> dict[int, Clock]:
    """The clocks of the verdicts waited for, by milestone; one query, none where nothing waits."""
    waiting = [m.pk for m in found if m.state == MilestoneState.DELIVERED]
    if not waiting:
        return {}
    clocks = Clock.objects.open().filter(
        kind=VERDICT, subject_type=Milestone._meta.label_lower, subject_id__in=waiting
    )
    return {clock.subject_id: clock for clock in clocks}


def _milestone(request: HttpRequest, ref: str, pk: int) -> tuple[Fellowship, Milestone]:
    case = frame.load(request, ref)
    milestone = get_object_or_404(
        Milestone.objects.select_related("reviewer", "judged_by", "delivered_by"),
        pk=pk,
        fellowship=case,
    )
    milestone.fellowship = case
    return case, milestone


def _page(case: Fellowship) -> str:
    return reverse("scoping:milestones", args=[case.ref])


def _me(request: HttpRequest) -> Any:
    return request.user
