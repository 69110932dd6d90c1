"""Why may someone, or why not: each clause with its evidence, for any time."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access import policy
from access.asking import NotAskable, find
from access.decisions import explain
from access.forms import WhyForm
from access.states import Operation
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.web.actions import place


@login_required
def why(request: HttpRequest) -> HttpResponse:
    """A form by GET, so that an answer can be linked; the answer beside it."""
    form = WhyForm(request.GET if request.GET else None)
    context: dict[str, Any] = {"form": form, "answer": None}
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            person, dataset = find(request.user, data["person"], data["dataset"])
            at = data["at"] or now()
            context |= {
                "person": person,
                "dataset": dataset,
                "at": at,
                "operation": str(Operation(data["operation"]).label),
                "answer": explain(
                    person=person, dataset=dataset, operation=data["operation"], at=at
                ),
            }
        except NotAskable as error:
            form.add_error(error.field, error.reason)
        except Refused as refused:
            place(form, refused.refusal)
    status = 422 if form.is_bound and form.errors else 200
    context["others"] = policy.may_ask_about_others(request.user)
    return render(request, "access/why.html", context, status=status)
