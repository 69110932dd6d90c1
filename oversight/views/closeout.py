"""Closing a case: its obligations as a task list, the verb, the package."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.web.actions import attempt, form_page
from fellowship.web.items import Task
from oversight import policy, services
from oversight.closeout import package
from oversight.forms import CloseForm
from oversight.models import Closeout
from oversight.views.case import load
from scoping import closeout, frame
from scoping.closeout import Obligation


@login_required
def closing(request: HttpRequest, ref: str) -> HttpResponse:
    """The task list; a POST closes the case."""
    found = load(request, ref)
    user: Any = request.user
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        done = attempt(
            form,
            lambda: services.close_fellowship(
                fellowship=found, by=user, reason=said["reason"], notes=said["notes"]
            ),
        )
        if done:
            return redirect(reverse("oversight:closeout", args=[ref]))
    closed = Closeout.objects.filter(fellowship=found).select_related("closed_by").first()
    items = closeout.obligations(found, now())
    context = frame.context(
        request,
        found,
        closed=closed,
        tasks=[_task(item, user) for item in items if item.required],
        wishes=[_task(item, user) for item in items if not item.required],
        done=sum(item.met for item in items if item.required),
        total=sum(item.required for item in items),
        refused=None if closed else policy.may_close(found, user, items),
        package_refused=policy.may_take_package(found, user),
    )
    return form_page(request, "oversight/closeout.html", form, context)


def _task(item: Obligation, user: Any) -> Task:
    url = item.url if item.opens is None or item.opens(user) else ""
    if item.met:
        return Task(item.label, url=url, status="Done", tone="good")
    status, tone = ("To do", "warn") if item.required else ("Not required", "plain")
    return Task(item.label, url=url, status=status, tone=tone, hint=item.detail)  # type: ignore[arg-type]


@login_required
@require_safe
def download(request: HttpRequest, ref: str) -> HttpResponse:
    """The package: as the case was closed, or as its record stands now."""
    found = load(request, ref)
    refuse(policy.may_take_package(found, request.user))
    made = package.of_case(found)
    response = HttpResponse(made.content, content_type="application/zip")
    name = slugify(found.ref).upper()
    response["Content-Disposition"] = f'attachment; filename="{name}-closeout.zip"'
    response["X-Content-SHA256"] = made.sha256
    return response
