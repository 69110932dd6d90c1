"""What the check found, shown to the author first; and whether redactions were carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.web.actions import attempt, form_page
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from publications import policy, services, withholding
from publications.forms import HitForm
from publications.models import Hit, PreCheck, Publication, Version
from publications.services.prechecks import key_of
from publications.texts.lines import line_of, line_starts
from publications.views.shared import pages_of, publication_of

AROUND: Final = 90
SHOWN: Final = 20
"""Hits on one page."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A hit as it is shown: its line, the words around it, and why it may not be answered."""

    hit: Hit
    line: int | None
    before: str
    words: str
    after: str
    refused: Refusal | None
    form: HitForm | None


@login_required
def check(request: HttpRequest, ref: str) -> HttpResponse:
    """The hits of the newest version with their answers, and the passages that had to go."""
    publication = publication_of(request, ref)
    by: Any = request.user
    version = publication.latest
    found = PreCheck.objects.filter(version=version).first() if version else None
    bound: tuple[Hit, HitForm] | None = None
    if request.method == "POST":
        hit = visible_or_404(_hits(version), by, pk=request.POST.get("hit") or "")
        form = HitForm(request.POST, auto_id=f"id_{hit.pk}_%s")
        if form.is_valid():
            done = attempt(form, lambda: services.answer_hit(hit=hit, by=by, **form.cleaned_data))
            if done:
                messages.success(
                    request, say("Kept. Reviewers read it once the work is submitted.")
                )
                to = reverse("publications:check", args=[ref])
                return redirect(f"{to}#hit-{hit.pk}")
        bound = hit, form
    rows = _hits(version).visible_to(by) if version else Hit.objects.none()
    page = paginate(request, rows, sort={"place": "id"}, default="place", per_page=SHOWN)
    form = bound[1] if bound else HitForm()
    context = {
        "publication": publication,
        "version": version,
        "check": found,
        "page": page,
        "hits": _seen(version, list(page), by, bound) if version else [],
        "open": rows.unanswered().count(),
        "stopped": policy.stopped(publication) if publication.state == "draft" else None,
        "mended": _mended(publication, version, by) if version else [],
        "redactions": _redactions(publication, version) if version else [],
        "own": publication.fellowship.fellow_id == by.pk,
        "may_edit": policy.may_edit(publication, by),
        "links": pages_of(publication),
    }
    return form_page(request, "publications/check.html", form, context)


def _hits(version: Version | None) -> Any:
    rows = Hit.objects.filter(precheck__version=version).select_related(
        "finding", "dataset", "answered_by", "precheck__version__publication__fellowship__fellow"
    )
    return rows.order_by("id")


def _seen(
    version: Version, hits: Sequence[Hit], by: Any, bound: tuple[Hit, HitForm] | None
) -> list[Seen]:
    """The hits with their surroundings. What may be secret is dotted, around other hits as well."""
    every = list(Hit.objects.filter(precheck__version=version, start__isnull=False))
    dotted = withholding.masked(version.text, every)
    starts = line_starts(version.text)
    found = []
    for hit in hits:
        refused = policy.may_answer_hit(hit, by)
        form = None
        if refused is None:
            initial = {"answer": hit.answer, "reason": hit.reason}
            form = HitForm(initial=initial, auto_id=f"id_{hit.pk}_%s")
            if bound and bound[0].pk == hit.pk:
                form = bound[1]
        if hit.start is None or hit.end is None:
            found.append(Seen(hit, None, "", "", "", refused, form))
            continue
        words = dotted[hit.start : hit.end]
        if hit.masked:
            words = withholding.dotted(version.text[hit.start : hit.end])
        found.append(
            Seen(
                hit,
                line_of(starts, hit.start),
                dotted[max(0, hit.start - AROUND) : hit.start].rpartition("\n")[2],
                words[:200],
                dotted[hit.end : hit.end + AROUND].partition("\n")[0],
                refused,
                form,
            )
        )
    return found


def _mended(publication: Publication, version: Version, by: Any) -> list[Hit]:
    """What was found in the version before and is no longer there."""
    before = publication.versions.filter(number=version.number - 1).first()
    if before is None:
        return []
    still = {key_of(hit, version.text) for hit in Hit.objects.filter(precheck__version=version)}
    earlier = Hit.objects.filter(precheck__version=before).visible_to(by)
    return [hit for hit in earlier if key_of(hit, before.text) not in still][:SHOWN]


def _redactions(publication: Publication, version: Version) -> list[tuple[Any, int | None]]:
    """Each passage that had to go, with the line in which it still stands."""
    starts = line_starts(version.text)
    rows = version.redaction_checks.select_related("objection").order_by("objection_id")
    return [(one, line_of(starts, one.start) if one.start is not None else None) for one in rows]
