"""Closing a case: its obligations as a task list, the verb, the package."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from fellowship.accounts.stepup import confirming
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import attempt, form_page
from fellowship.web.items import Task
from oversight import closing_policy, policy, services
from oversight.closeout import package
from oversight.forms import CloseForm
from oversight.models import Closeout
from oversight.views.case import load
from scoping import closeout, frame
from scoping.closeout import Excuse, Obligation
from scoping.models import Fellowship


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
    closed: Closeout | None = getattr(found, "closeout", None)
    items = _as_closed(closed) if closed else closeout.obligations(found, now())
    context = frame.context(
        request,
        found,
        closed=closed,
        rooms=_rooms(items, found, user),
        exceptable=_exceptable(found, items, user) if not closed else [],
        wishes=[_task(item, found, user) for item in items if not item.required],
        done=sum(item.met for item in items if item.required),
        total=sum(item.required for item in items),
        refused=None if closed else policy.may_close(found, user, items),
        package_refused=policy.may_take_package(found, user),
    )
    return form_page(request, "oversight/closeout.html", form, context)


ROOMS: Final = {
    "scoping": say("The plan and the path"),
    "access": say("Data and accounts"),
    "findings": say("Findings and artifacts"),
    "publications": say("Publications"),
    "governance": say("Board and alarms"),
    "closing": say("Summary, reviews and property"),
}
"""What asks, by the beginning of an obligation's key."""


def _as_closed(closed: Closeout) -> list[Obligation]:
    """The obligations as they stood when the case closed: its package says the same."""
    return [
        Obligation(
            key=said["key"],
            label=say(said["label"]),
            met=said["met"],
            detail=said.get("detail", ""),
            required=said["required"],
            excuse=_excuse(said.get("excepted")),
        )
        for said in json.loads(closed.facts)["obligations"]
    ]


def _excuse(said: dict[str, str] | None) -> Excuse | None:
    if said is None:
        return None
    return Excuse(said["reason"], said["by"], dt.datetime.fromisoformat(said["at"]), 0)


def _rooms(items: list[Obligation], case: Fellowship, user: Any) -> list[tuple[str, list[Task]]]:
    """The required obligations by the room that asks."""
    found: dict[str, list[Task]] = {label: [] for label in (*ROOMS.values(), say("Others"))}
    for item in items:
        if item.required:
            room = ROOMS.get(item.key.partition(".")[0], say("Others"))
            found[room].append(_task(item, case, user))
    return [(room, tasks) for room, tasks in found.items() if tasks]


def _exceptable(case: Fellowship, items: list[Obligation], user: Any) -> list[Obligation]:
    """What the person may except now; nothing for who may not at all."""
    waiting = [item for item in items if item.waivable and not item.met]
    if not waiting or closing_policy.may_except(case, waiting[0], user):
        return []
    return waiting


def _task(item: Obligation, case: Fellowship, user: Any) -> Task:
    url = item.url_for(user)
    if item.excuse:
        said = say(
            "By {by}, {at:%-d %B %Y}: {reason}",
            by=item.excuse.by,
            at=case.program.day(item.excuse.at),
            reason=item.excuse.reason,
        )
        return Task(item.label, url=url, status=say("Excepted"), tone="plain", hint=said)
    if item.met:
        return Task(item.label, url=url, status=say("Done"), tone="good", hint=item.detail)
    status, tone = (say("To do"), "warn") if item.required else (say("Not required"), "plain")
    return Task(item.label, url=url, status=status, tone=tone, hint=item.detail)  # type: ignore[arg-type]


@login_required
@require_safe
@confirming
def download(request: HttpRequest, ref: str) -> HttpResponse:
    """The package: as the case was closed, or as its record stands now."""
    return packed(load(request, ref), request.user)


def packed(found: Fellowship, user: Any) -> HttpResponse:
    """The package of a case as a file. Raises Refused for who may not take it."""
    refuse(policy.may_take_package(found, user))
    made = package.of_case(found)
    response = HttpResponse(made.content, content_type="application/zip")
    name = slugify(found.ref).upper()
    response["Content-Disposition"] = f'attachment; filename="{name}-closeout.zip"'
    response["X-Content-SHA256"] = made.sha256
    return response
