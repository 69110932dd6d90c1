"""The text of a work: added, read with numbered lines, compared between versions, downloaded."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.refusals import Missing, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import files
from fellowship.web.actions import attempt, form_page
from publications import policy, services, withholding
from publications.forms import CompareForm, TextForm
from publications.models import Hit, Publication, Version
from publications.states import STANDING, PublicationState
from publications.text_states import Reading
from publications.texts.comparing import compare as compared
from publications.texts.lines import Mark, lay_out
from publications.views.shared import pages_of, publication_of


@login_required
def text(request: HttpRequest, ref: str) -> HttpResponse:
    """Add a version: type it, or hand in a file whose text is read."""
    publication = publication_of(request, ref)
    by: Any = request.user
    newest = publication.latest
    typed = newest.text if newest and newest.reading != Reading.READ else ""
    form = TextForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        initial={"text": typed},
        kind=publication.kind,
    )
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.add_version(
                publication=publication,
                by=by,
                text=_typed(form, newest),
                file=form.cleaned_data["file"],
            ),
        )
        if done:
            return _after(request, publication, done, newest)
    context = {
        "publication": publication,
        "refused": policy.may_edit(publication, by),
        "newest": newest,
    }
    return form_page(request, "publications/text.html", form, context)


def _typed(form: TextForm, newest: Version | None) -> str:
    """What was typed. The text that stood in the field beforehand does not go against a file."""
    text: str = form.cleaned_data["text"]
    untouched = newest is not None and text.split() == newest.text.split()
    return "" if form.cleaned_data["file"] and untouched else text


def _after(
    request: HttpRequest, publication: Publication, done: Version, newest: Version | None
) -> HttpResponse:
    if newest and done.pk == newest.pk:
        messages.info(request, f"Nothing changed: this is {done}, as it was.")
        return redirect(publication.get_absolute_url())
    hits = Hit.objects.filter(precheck__version=done).unanswered().count()
    left = done.redaction_checks.exclude(found="gone").count()
    if hits or left:
        number = hits + left
        things = say("one thing") if number == 1 else say("{number} things", number=number)
        messages.warning(request, f"Saved as {done}. The check found {things} to look at.")
        return redirect("publications:check", ref=publication.ref)
    messages.success(
        request, say("Saved as {done}. The check found nothing new to look at.", done=done)
    )
    if publication.authors.exists():
        return redirect(publication.get_absolute_url())
    return redirect("publications:authors", ref=publication.ref)


@login_required
@require_safe
def read(request: HttpRequest, ref: str) -> HttpResponse:
    """One version as people read it, with what is objected to and what comes later marked."""
    publication = publication_of(request, ref)
    version = _version(publication, request.GET.get("v"))
    shown = withholding.shown(publication, version, request.user)
    layout = lay_out(shown, _marks(publication, version), _number(request.GET.get("page")))
    context = {
        "publication": publication,
        "version": version,
        "versions": publication.versions.defer("text", "beneath"),
        "version_query": f"v={version.number}&",
        "laid": layout,
        "masked": shown != version.text,
        "links": pages_of(publication),
    }
    return render(request, "publications/read.html", context)


def _marks(publication: Publication, version: Version) -> list[Mark]:
    """Passages objected to or staged, where they stand in this version."""
    at = now()
    marks = []
    planned = set()
    plan = reverse("publications:disclosure", args=[publication.ref])
    for step in publication.disclosure_steps.select_related("version"):
        planned.add(step.objection_id)
        out, day = step.out(at), publication.program.day(step.on)
        said = (
            say("Public since {day:%-d %b %Y}", day=day)
            if out
            else say("Withheld from the public until {day:%-d %b %Y}", day=day)
        )
        marks += [
            Mark(p.start, p.end, said, tone="good" if out else "warn", url=f"{plan}#step-{step.pk}")
            for p in withholding.places(version.text, step)
        ]
    for one in publication.objections.select_related("version"):
        if one.state in STANDING and one.pk not in planned and not _over(one.until, at):
            what, state = one.get_ground_display().lower(), one.get_state_display().lower()
            url = services.objection_url(one)
            marks += [
                Mark(p.start, p.end, f"{one.ref}: {what}, {state}", url=url)
                for p in withholding.places(version.text, one)
            ]
    return marks


def _over(until: dt.datetime | None, at: dt.datetime) -> bool:
    return until is not None and until <= at


@login_required
@require_safe
def compare(request: HttpRequest, ref: str) -> HttpResponse:
    """Two versions side by side, the changed words marked."""
    publication = publication_of(request, ref)
    new = _version(publication, request.GET.get("to"))
    before = request.GET.get("from") or str(max(1, new.number - 1))
    old = _version(publication, before)
    texts = [withholding.shown(publication, one, request.user) for one in (old, new)]
    numbers = list(publication.versions.values_list("number", flat=True))
    context = {
        "publication": publication,
        "old": old,
        "new": new,
        "form": CompareForm(
            initial={"from": str(old.number), "to": str(new.number)},
            numbers=numbers,
        ),
        "alone": len(numbers) == 1,
        "comparison": compared(*texts),
        "links": pages_of(publication),
    }
    return render(request, "publications/compare.html", context)


@login_required
@require_safe
def file(request: HttpRequest, ref: str, number: int) -> HttpResponseBase:
    """The file of a version, for saving, to those who may see the work.

    A file that may hold a secret goes to its author alone until the check is answered.
    """
    publication = publication_of(request, ref)
    version = publication.versions.filter(number=number).defer("text", "beneath").first()
    if version is None:
        raise Http404
    return file_of(publication, version, request.user)


def file_of(publication: Publication, version: Version, user: Any) -> HttpResponseBase:
    """The file of a version. Raises Http404 where it has none, Refused while it may not go."""
    if not version.file_sha256:
        raise Http404
    if not withholding.wrote(publication, user):
        refuse(policy.may_save_file(withholding.unanswered([version.pk])[version.pk]))
    return files.download(version.file_sha256, version.file_name, version.file_mime)


@require_safe
def public(request: HttpRequest, ref: str) -> HttpResponse:
    """A released work as the public reads it: what is withheld is marked, and comes on its date."""
    rows = Publication.objects.select_related("program", "fellowship")
    publication = rows.filter(ref=ref).first()
    version = publication.latest if publication else None
    if publication is None or version is None:
        raise Missing
    at = now()
    if publication.effective_state(at) != PublicationState.RELEASED:
        raise Missing
    steps = list(publication.disclosure_steps.select_related("version"))
    marks = withholding.withheld(publication, version.text, at, steps=steps)
    marks += withholding.left_out(list(Hit.objects.filter(precheck__version=version)))
    context = {
        "publication": publication,
        "version": version,
        "released_at": publication.released_at or publication.window_ends_at,
        "authors": publication.authors.all(),
        "laid": lay_out(version.text, marks, _number(request.GET.get("page"))),
        "steps": [(step, step.out(at)) for step in steps],
    }
    return render(request, "publications/public.html", context)


def _version(publication: Publication, number: str | None) -> Version:
    """The version of this number, the newest for none; 404 for what is none."""
    rows = publication.versions.select_related("added_by")
    found = rows.filter(number=_number(number)).first() if number else rows.first()
    if found is None:
        raise Missing
    return found


def _number(said: str | None) -> int:
    """A small number from an address; 1 for anything else."""
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 7 else 1
