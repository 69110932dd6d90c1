"""Saved filters: save the one at hand, see all, rename, share, remove."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from fellowship.kernel.saying import joined, say
from fellowship.web.actions import act, form_verb, verb
from fellowship.web.shortcuts import visible_or_404
from findings import policy, services
from findings.filters import QUERY_MAX, QueueFilter, query_of
from findings.forms.triage import FilterForm
from findings.models import Finding, SavedFilter
from findings.queues import LABELS, Desk


@login_required
def filters(request: HttpRequest) -> HttpResponse:
    """One's own filters, and those shared with one."""
    rows = SavedFilter.objects.visible_to(request.user).select_related("owner", "program")
    found = [(saved, _words(request, saved.query)) for saved in rows.order_by("name", "id")[:200]]
    by = _by(request)
    context = {
        "own": [pair for pair in found if pair[0].owner_id == by.pk],
        "shared": [pair for pair in found if pair[0].owner_id != by.pk],
    }
    return render(request, "findings/filters.html", context)


@login_required
def save(request: HttpRequest) -> HttpResponse:
    """Save the filter of the address under a name."""
    query = query_of(request.GET)[:QUERY_MAX]
    form = FilterForm(request.POST or None, by=_by(request))
    return form_verb(
        request,
        form,
        lambda: services.save_filter(query=query, by=_by(request), **form.cleaned_data),
        template="findings/filter.html",
        context=lambda: {"words": _words(request, query), "new": True},
        success=say("Saved."),
        to=lambda saved: saved.get_absolute_url(),
    )


@login_required
def edit(request: HttpRequest, key: int) -> HttpResponse:
    """Rename it, share it, open the queue with it."""
    saved = visible_or_404(SavedFilter.objects.select_related("owner"), request.user, pk=key)
    initial = {"name": saved.name, "program": saved.program_id, "is_default": saved.is_default}
    form = FilterForm(request.POST or None, by=_by(request), initial=initial)
    return form_verb(
        request,
        form,
        lambda: services.change_filter(saved=saved, by=_by(request), **form.cleaned_data),
        template="findings/filter.html",
        context=lambda: {
            "words": _words(request, saved.query),
            "saved": saved,
            "refused": policy.may_change_filter(saved, _by(request), None),
        },
        success=say("Changed."),
        to=reverse("findings:filters"),
    )


@verb
def remove(request: HttpRequest, key: int) -> HttpResponse:
    """Remove it."""
    saved = visible_or_404(SavedFilter, request.user, pk=key)
    return act(
        request,
        lambda: services.remove_filter(saved=saved, by=_by(request)),
        success=say("Removed."),
        to=reverse("findings:filters"),
    )


def _words(request: HttpRequest, query: str) -> str:
    """What a filter narrows to, in words."""
    given = QueryDict(query)
    nothing = Finding.objects.none()
    chosen = QueueFilter(given, queryset=nothing, request=request, desk=Desk(request.user))
    parts = [link.label for link in chosen.applied]
    queue = LABELS.get(given.get("queue", ""), "")
    return joined("; ", [*([queue] if queue else []), *parts]) or say("everything")


def _by(request: HttpRequest) -> Any:
    return request.user
