"""The applicant's pages of writing: my proposals, the task list, its sections, revisions."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import joined, say, say_n
from fellowship.programs.models import Call
from fellowship.web import autosave
from fellowship.web.actions import act, form_page, verb
from fellowship.web.items import Task, Tone
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from proposals import answers as reading
from proposals import attachments, policy, sections, services, status
from proposals.forms import SectionForm, described, flat, opened_with
from proposals.models import Draft, Proposal
from proposals.queries import with_title
from proposals.sections import Answers, Section


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The person's own proposals, the latest first."""
    page = paginate(request, with_title(own(request)), per_page=20)
    return render(request, "proposals/mine.html", {"page": page})


@login_required
def start(request: HttpRequest, ref: str) -> HttpResponse:
    """Begin a proposal for a call, or go on with the one begun; opened, it leads to the call."""
    call = visible_or_404(Call, request.user, ref=ref)
    if request.method != "POST":
        return redirect("programs:call", ref=ref)
    return act(
        request,
        lambda: services.start_proposal(call=call, by=person(request)),
        to=lambda made: reverse("proposals:edit", args=[made.ref]),
    )


@login_required
@require_safe
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """The task list of the draft, or of a revision under way."""
    proposal = writable(request, ref)
    answers = services.draft_answers(proposal)
    wrong = reading.unfinished(answers, sections.labels(proposal.program))
    tasks = [_task(proposal, section, answers, wrong) for section in sections.SECTIONS]
    return render(
        request,
        "proposals/edit.html",
        {
            "proposal": proposal,
            "title": answers.get("title") or say("Untitled proposal"),
            "tasks": [*tasks, _files(proposal)],
            "asked": len(tasks),
            "done": sum(1 for task in tasks if task.status == "Done"),
            "wrote_before": own(request).exclude(pk=proposal.pk).exists(),
            "status": status.of(proposal, request.user),
            "may_withdraw": policy.may_withdraw(proposal, person(request)),
        },
    )


@login_required
def section(request: HttpRequest, ref: str, key: str) -> HttpResponse:
    """One section of the application."""
    proposal, found = writable(request, ref), _section(key)
    draft = draft_of(proposal, found)
    answers = draft.answers or _known(request, found)
    form = SectionForm(
        found, described(proposal.program), answers=answers, data=request.POST or None
    )
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


@autosave.view
def save(request: HttpRequest, ref: str, key: str) -> HttpResponseBase:
    """Autosave of one section."""
    proposal, found = writable(request, ref), _section(key)
    offers = sections.labels(proposal.program)
    form = SectionForm(found, offers, answers={}, data=request.POST)
    try:
        draft = _save(request, proposal, found, form.raw(), judged=False)
    except services.StaleDraft as stale:
        return autosave.stale(stale.draft.version, flat(found, stale.draft.answers))
    except ValidationError as error:
        return autosave.invalid(error.message_dict, form)
    return autosave.saved(draft.version)


@verb
def revise(request: HttpRequest, ref: str) -> HttpResponse:
    """Open the submitted text for a revision."""
    proposal = visible_or_404(own(request), request.user, ref=ref)
    return act(
        request,
        lambda: services.begin_revision(proposal=proposal, by=person(request)),
        to=reverse("proposals:edit", args=[ref]),
    )


@verb
def discard(request: HttpRequest, ref: str) -> HttpResponse:
    """Let a revision go."""
    proposal = visible_or_404(own(request), request.user, ref=ref)
    return act(
        request,
        lambda: services.discard_revision(proposal=proposal, by=person(request)),
        success=say("The revision is gone; the submitted text stands."),
        to=reverse("proposals:detail", args=[ref]),
    )


def own(request: HttpRequest) -> Any:
    """The proposals of the person who asks."""
    related = ("call", "program__realm", "applicant")
    return Proposal.objects.filter(applicant=person(request)).select_related(*related)


def writable(request: HttpRequest, ref: str) -> Proposal:
    """One's own proposal with a draft open for writing; refused with the reason otherwise."""
    proposal: Proposal = visible_or_404(own(request), request.user, ref=ref)
    refuse(policy.may_edit(proposal, person(request)))
    return proposal


def _section(key: str) -> Section:
    if key not in sections.BY_KEY:
        raise Http404
    return sections.BY_KEY[key]


def draft_of(proposal: Proposal, found: Section) -> Draft:
    """What is drafted of a section; an empty draft, not stored, where nothing is."""
    there = Draft.objects.filter(proposal=proposal, section=found.key).first()
    return there or Draft(proposal=proposal, section=found.key)


def _known(request: HttpRequest, found: Section) -> Answers:
    """What the person's profile answers already: the first row of an unwritten team."""
    if found.key != "team":
        return {}
    who = person(request)
    row = {"name": str(who), "affiliation": who.affiliation, "orcid": who.orcid}
    return {"team": [{key: value for key, value in row.items() if value}]}


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
        by=person(request),
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
    if found.key in keys[:-1]:
        following = keys[keys.index(found.key) + 1]
        return reverse("proposals:section", args=[proposal.ref, following])
    return reverse("proposals:check", args=[proposal.ref])


def _task(
    proposal: Proposal, found: Section, answers: Answers, unfinished: list[reading.Unfinished]
) -> Task:
    missing = found.missing(answers)
    wrong = [f"{f.label}: {reason}" for section, f, reason in unfinished if section == found]
    words: tuple[str, Tone] = (say("Not started"), "plain")
    if not missing and not wrong:
        words = (say("Done"), "good")
    elif found.begun(answers):
        words = (say("In progress"), "accent")
    hint = (
        say("Missing: {label}.", label=joined(", ", (f.label.lower() for f in missing)))
        if missing
        else ""
    )
    return Task(
        found.title,
        url=reverse("proposals:section", args=[proposal.ref, found.key]),
        status=words[0],
        tone=words[1],
        hint=" ".join([hint, *wrong]).strip() if found.begun(answers) else "",
    )


def _files(proposal: Proposal) -> Task:
    there = len(attachments.of_draft(proposal))
    return Task(
        say("Attachments"),
        url=reverse("proposals:attachments", args=[proposal.ref]),
        status=say_n(there, "{n} file", "{n} files") if there else say("Optional"),
        tone="good" if there else "plain",
        hint="" if there else say("Figures, instruments, a letter of support."),
    )


def person(request: HttpRequest) -> Any:
    """Whoever asks, signed in."""
    return request.user
