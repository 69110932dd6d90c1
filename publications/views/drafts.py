"""Where a work begins: its kind, what it is, and what it uses."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.web.actions import form_page, form_verb
from fellowship.web.shortcuts import visible_or_404
from publications import policy, services
from publications.forms import DraftForm, KindForm, SourcesForm
from publications.states import Kind
from publications.views.shared import publication_of
from scoping.models import Fellowship


@login_required
def draft(request: HttpRequest, ref: str) -> HttpResponse:
    """Begin a publication of a fellowship: first its kind, then what fits it."""
    fellowship = visible_or_404(Fellowship, request.user, ref=ref)
    by: Any = request.user
    kind = request.POST.get("kind") or request.GET.get("kind") or ""
    context = {"fellowship": fellowship, "refused": policy.may_draft(fellowship, by)}
    if kind not in Kind.values:
        given = request.POST or (request.GET if "kind" in request.GET else None)
        return form_page(request, "publications/kind.html", KindForm(given), context)
    form = DraftForm(request.POST or None, kind=kind, fellowship=fellowship, user=by)
    return form_verb(
        request,
        form,
        lambda: services.draft_publication(fellowship=fellowship, by=by, **form.cleaned_data),
        template="publications/draft.html",
        context=lambda: {**context, "kind": Kind(kind)},
        to=lambda made: reverse("publications:text", args=[made.ref]),
    )


@login_required
def sources(request: HttpRequest, ref: str) -> HttpResponse:
    """Say anew what the work uses."""
    publication = publication_of(request, ref)
    by: Any = request.user
    refused = policy.may_edit(publication, by)
    if refused and request.method == "GET" and refused.code == "not_yours":
        return redirect(publication.get_absolute_url())
    there: dict[str, list[int]] = {}
    for source in publication.sources.all():
        name, key = source.key
        there.setdefault(f"{name}s", []).append(key)
    form = SourcesForm(
        request.POST or None, initial=there, fellowship=publication.fellowship, user=by
    )
    return form_verb(
        request,
        form,
        lambda: services.declare_sources(publication=publication, by=by, **form.cleaned_data),
        template="publications/sources.html",
        context=lambda: {"publication": publication, "refused": refused},
        to=publication.get_absolute_url(),
        success=say("Kept. The newest version was checked against it."),
    )
