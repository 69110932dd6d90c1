"""The applicant's pages: my proposals, the task list, its sections, checking and submitting."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from fellowship.kernel.refusals import refuse
from fellowship.programs.models import Call
from fellowship.web import autosave, forms
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.items import Row, Task, Tone
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from proposals import answers as reading
from proposals import checks, policy, sections, services, status
from proposals.forms import SectionForm, flat, opened_with
from proposals.models import Draft, Proposal
from proposals.queries import with_title
from proposals.sections import Answers, Section
from proposals.states import ProposalState


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The person's own proposals, the latest first."""
    page = paginate(request, with_title(_own(request)), per_page=20)
    return render(request, "proposals/mine.html", {"page": page})


@login_required
def start(request: HttpRequest, ref: str) -> HttpResponse:
    """Begin a proposal for a call, or go on with the one begun; opened, it leads to the call."""
    call = visible_or_404(Call, request.user, ref=ref)
    if request.method != "POST":
        return redirect("programs:call", ref=ref)
    return act(
        request,
        lambda: services.start_proposal(call=call, by=_person(request)),
        to=lambda made: reverse("proposals:edit", args=[made.ref]),
    )


@login_required
@require_safe
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """The task list of the draft, or of a revision under way."""
    proposal = _writable(request, ref)
    answers = services.draft_answers(proposal)
    wrong = reading.unfinished(answers, sections.labels(proposal.program))
    tasks = [_task(proposal, section, answers, wrong) for section in sections.SECTIONS]
    done = sum(1 for task in tasks if task.status == "Done")
    return render(
        request,
        "proposals/edit.html",
        {
            "proposal": proposal,
            "title": answers.get("title") or "Untitled proposal",
            "tasks": tasks,
            "done": done,
            "status": status.of(proposal, request.user),
            "may_withdraw": policy.may_withdraw(proposal, _person(request)),
        },
    )


@login_required
def section(request: HttpRequest, ref: str, key: str) -> HttpResponse:
    """One section of the application."""
    proposal, found = _writable(request, ref), _section(key)
    draft = _draft(proposal, found)
    offers = sections.labels(proposal.program)
    form = SectionForm(found, offers, answers=draft.answers, data=request.POST or None)
    if request.method == "POST":
        saved: Draft | None = None
        try:
            saved = _save(request, proposal, found, form.raw())
        except services.StaleDraft as stale:
            return _conflict(request, proposal, found, form, stale)
        except ValidationError as error:
            form.add_error(None, error)
        if saved and "more" in request.POST:
            return redirect("proposals:section", ref=ref, key=key)
        if saved:
            return redirect(_next(proposal, found))
    context = {"proposal": proposal, "section": found, "version": draft.version}
    return form_page(request, "proposals/section.html", form, context)


@login_required
@require_POST
def save(request: HttpRequest, ref: str, key: str) -> HttpResponseBase:
    """Autosave of one section."""
    proposal, found = _writable(request, ref), _section(key)
    offers = sections.labels(proposal.program)
    form = SectionForm(found, offers, answers={}, data=request.POST)
    try:
        draft = _save(request, proposal, found, form.raw(), judged=False)
    except services.StaleDraft as stale:
        return autosave.stale(stale.draft.version, flat(found, stale.draft.answers))
    except ValidationError as error:
        return autosave.invalid(error.message_dict, form)
    return autosave.saved(draft.version)


@login_required
@require_safe
def check(request: HttpRequest, ref: str) -> HttpResponse:
    """Every answer on one page, what is missing, and what a reader will stumble on."""
    proposal = _writable(request, ref)
    answers = services.draft_answers(proposal)
    offers = sections.labels(proposal.program)
    context = {
        "proposal": proposal,
        "sections": [_answers_of(proposal, s, answers, offers) for s in sections.SECTIONS],
        "advice": checks.advise(answers),
        "unfinished": reading.unfinished(answers, offers),
        "refusal": _may_send(proposal, answers, offers, _person(request)),
        "revision": proposal.state != ProposalState.DRAFT,
    }
    return render(request, "proposals/check.html", context)


@verb
def submit(request: HttpRequest, ref: str) -> HttpResponse:
    """Submit the draft or the revision."""
    proposal = visible_or_404(_own(request), request.user, ref=ref)
    first = proposal.state == ProposalState.DRAFT
    name = "proposals:receipt" if first else "proposals:detail"
    return act(
        request,
        lambda: services.submit_proposal(proposal=proposal, by=_person(request)),
        success="" if first else "The revision is in; it replaces the text before.",
        to=reverse(name, args=[ref]),
    )


@login_required
@require_safe
def receipt(request: HttpRequest, ref: str) -> HttpResponse:
    """The reference, what was received, and what comes next."""
    proposal = visible_or_404(_own(request), request.user, ref=ref)
    version = proposal.versions.filter(number=1).first()
    if version is None:
        raise Http404
    context = {
        "proposal": proposal,
        "version": version,
        "status": status.of(proposal, request.user),
    }
    return render(request, "proposals/receipt.html", context)


@verb
def revise(request: HttpRequest, ref: str) -> HttpResponse:
    """Open the submitted text for a revision."""
    proposal = visible_or_404(_own(request), request.user, ref=ref)
    return act(
        request,
        lambda: services.begin_revision(proposal=proposal, by=_person(request)),
        to=reverse("proposals:edit", args=[ref]),
    )


@verb
def discard(request: HttpRequest, ref: str) -> HttpResponse:
    """Let a revision go."""
    proposal = visible_or_404(_own(request), request.user, ref=ref)
    return act(
        request,
        lambda: services.discard_revision(proposal=proposal, by=_person(request)),
        success="The revision is gone; the submitted text stands.",
        to=reverse("proposals:detail", args=[ref]),
    )


@login_required
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Withdraw, with a reason."""
    proposal = visible_or_404(_own(request), request.user, ref=ref)
    form = forms.ReasonForm(request.POST or None, label="Why do you withdraw it?")
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.withdraw_proposal(
                proposal=proposal, by=_person(request), **form.cleaned_data
            ),
        )
        if done:
            messages.success(request, f"{proposal.ref} is withdrawn.")
            return redirect("proposals:detail", ref=ref)
    context = {"proposal": proposal, "refusal": policy.may_withdraw(proposal, _person(request))}
    return form_page(request, "proposals/withdraw.html", form, context)


def _own(request: HttpRequest) -> Any:
    related = ("call", "program__realm", "applicant")
    return Proposal.objects.filter(applicant=_person(request)).select_related(*related)


def _writable(request: HttpRequest, ref: str) -> Proposal:
    """One's own proposal with a draft open for writing; refused with the reason otherwise."""
    proposal: Proposal = visible_or_404(_own(request), request.user, ref=ref)
    refuse(policy.may_edit(proposal, _person(request)) or policy.has_draft(proposal))
    return proposal


def _section(key: str) -> Section:
    if key not in sections.BY_KEY:
        raise Http404
    return sections.BY_KEY[key]


def _draft(proposal: Proposal, found: Section) -> Draft:
    there = Draft.objects.filter(proposal=proposal, section=found.key).first()
    return there or Draft(proposal=proposal, section=found.key)


def _save(
    request: HttpRequest,
    proposal: Proposal,
    found: Section,
    raw: dict[str, Any],
    *,
    judged: bool = True,
) -> Draft:
    return services.save_section(
        proposal=proposal,
        section=found.key,
        raw=raw,
        version=opened_with(request.POST),
        by=_person(request),
        judged=judged,
    )


def _conflict(
    request: HttpRequest,
    proposal: Proposal,
    found: Section,
    form: SectionForm,
    stale: services.StaleDraft,
) -> HttpResponse:
    """Both texts: what is stored, and what was sent. The person's own stays in the form."""
    stored = flat(found, stale.draft.answers)
    differences = [
        (bound.label, str(stored.get(bound.name, "")), str(bound.value() or ""))
        for bound in form.visible_fields()
        if str(stored.get(bound.name, "")) != str(bound.value() or "")
    ]
    context = {
        "proposal": proposal,
        "section": found,
        "form": form,
        "version": stale.draft.version,
        "stale": stale.refusal,
        "differences": differences,
    }
    return render(request, "proposals/section.html", context, status=409)


def _next(proposal: Proposal, found: Section) -> str:
    keys = [s.key for s in sections.SECTIONS]
    after = keys.index(found.key) + 1
    if after < len(keys):
        return reverse("proposals:section", args=[proposal.ref, keys[after]])
    return reverse("proposals:check", args=[proposal.ref])


def _task(
    proposal: Proposal, found: Section, answers: Answers, unfinished: list[reading.Unfinished]
) -> Task:
    missing = found.missing(answers)
    wrong = [f"{f.label}: {reason}" for section, f, reason in unfinished if section == found]
    words: tuple[str, Tone] = ("Not started", "plain")
    if not missing and not wrong:
        words = ("Done", "good")
    elif found.begun(answers):
        words = ("In progress", "accent")
    hint = f"Missing: {', '.join(f.label.lower() for f in missing)}." if missing else ""
    return Task(
        found.title,
        url=reverse("proposals:section", args=[proposal.ref, found.key]),
        status=words[0],
        tone=words[1],
        hint=" ".join([hint, *wrong]).strip() if found.begun(answers) else "",
    )


def _answers_of(
    proposal: Proposal, found: Section, answers: Answers, offers: Any
) -> tuple[Section, list[Row], str]:
    url = reverse("proposals:section", args=[proposal.ref, found.key])
    rows = []
    for f in found.fields:
        value = answers.get(f.key)
        if not f.asked(answers) or (not f.required and not sections.answered(value)):
            continue
        text = "Not answered"
        if sections.answered(value):
            text = sections.as_text(f, sections.shown(f, value, offers))
        rows.append(Row(f.label, text, url=f"{url}#id_{f.key}"))
    return found, rows, url


def _may_send(proposal: Proposal, answers: Answers, offers: Any, person: Any) -> Any:
    found = sections.only_known(answers)
    if proposal.state == ProposalState.DRAFT:
        return policy.may_submit(proposal, person, found, offers)
    return policy.may_revise(proposal, person) or policy.complete(found, offers)


def _person(request: HttpRequest) -> Any:
    return request.user
