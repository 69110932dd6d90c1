"""Why may someone, or why not: each clause with its evidence, for any time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime

from access import policy
from access.asking import NotAskable, find
from access.clauses import Step
from access.decisions import explain
from access.evidence import address
from access.forms import WhyForm
from access.models import Dataset
from access.models.requests import ACCESS_STAFF
from access.states import Operation
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.web import calendars
from fellowship.web.actions import place


@dataclass(frozen=True, slots=True)
class Shown:
    """A step beside the address of its evidence; `decides` marks the one a denial names."""

    step: Step
    url: str
    decides: bool


@login_required
def why(request: HttpRequest) -> HttpResponse:
    """A form by GET, so that an answer can be linked; the answer beside it."""
    form = WhyForm(request.GET if request.GET else None)
    context: dict[str, Any] = {"form": form, "answer": None}
    if form.is_bound and form.is_valid():
        try:
            context |= _answered(request, **form.cleaned_data)
        except NotAskable as error:
            form.add_error(error.field, error.reason)
        except Refused as refused:
            place(form, refused.refusal)
    status = 422 if form.is_bound and form.errors else 200
    context["form"] = _typed(request, form)
    context["others"] = policy.may_ask_about_others(request.user)
    return render(request, "access/why.html", context, status=status)


def _answered(
    request: HttpRequest, person: str, dataset: str, operation: str, at: dt.datetime | None
) -> dict[str, Any]:
    who, data = find(request.user, person, dataset)
    then = at or now()
    answer = explain(person=who, dataset=data, operation=operation, at=then)
    watches = has_role(request.user, data.program_id, *ACCESS_STAFF)
    first = answer.missing[0] if answer.missing else None
    return {
        "person": who,
        "dataset": data,
        "at": then,
        "past": at is not None and at < now(),
        "operation": str(Operation(operation).label),
        "answer": answer,
        "calendar": calendars.of(data.program_id),
        "first": first,
        "steps": [
            Shown(step, address(step, watches=watches), step is first) for step in answer.steps
        ],
        "link": f"{reverse('access:why')}?{_query(who, data, operation, then)}",
        "others_of": _others(who, data, operation, at),
    }


def _query(who: User, data: Dataset, operation: str, at: dt.datetime | None) -> str:
    asked = {"person": who.username, "dataset": data.ref, "operation": operation}
    return urlencode({**asked, **({"at": at.isoformat()} if at else {})})


def _others(
    who: User, data: Dataset, operation: str, at: dt.datetime | None
) -> list[tuple[str, str]]:
    """The same question about each other operation."""
    return [
        (str(one.label), f"?{_query(who, data, one.value, at)}")
        for one in Operation
        if one.value != operation
    ]


def _typed(request: HttpRequest, form: WhyForm) -> WhyForm:
    """The form as it was filled; an instant that came with its zone, as the control takes it."""
    at = form.cleaned_data.get("at") if form.is_bound and hasattr(form, "cleaned_data") else None
    if at is None:
        return form
    data: QueryDict = request.GET.copy()
    data["at"] = f"{localtime(at):%Y-%m-%dT%H:%M}"
    form.data = data
    return form
