"""The first rules of a new programme: looked over one by one, changed where need be, adopted."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web.actions import act, form_verb
from governance import founding, services
from governance.forms.rules import FirstRuleForm
from governance.models import RuleVersion
from governance.policy import rules as policy
from governance.services.rules import founding_draft
from governance.states import RuleKind, RuleStatus
from governance.views.common import person, posted, programs_of
from governance.views.rules import ABOUT


@login_required
def first(request: HttpRequest, slug: str) -> HttpResponse:
    """Version 1 of every rule of a new programme: what there will be, and the button."""
    user = person(request)
    program = _program(request, slug)
    if request.method == "POST":
        return act(
            request,
            lambda: services.adopt_founding_rules(program=program, by=user),
            success=say("Adopted. From now on the board changes them."),
            to=reverse("programs:set_up", args=[slug]),
        )
    there = {rule.kind: rule for rule in RuleVersion.objects.filter(program=program, version=1)}
    drafts = RuleVersion.objects.filter(program=program, status=RuleStatus.DRAFT)
    shaped = set(drafts.values_list("kind", flat=True))
    context = {
        "program": program,
        "kinds": [
            (kind, ABOUT[kind], there.get(kind.value), kind.value in shaped) for kind in RuleKind
        ],
        "missing": len(there) < len(RuleKind),
        "refused": policy.may_found(program, program.sponsor, user),
        "shapes": policy.may_shape(program, "", user) is None,
    }
    return render(request, "governance/rules_first.html", context)


@login_required
def shape(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """What one rule will say, with each of its parameters; kept until the rules are adopted."""
    program = _program(request, slug)
    if kind not in RuleKind.values:
        raise Http404
    draft = founding_draft(program, kind)
    words: dict[str, Any] = {"title": founding.TITLES[kind], "prose": founding.prose(kind)}
    parameters = founding.parameters(kind)
    if draft:
        words = {"title": draft.title, "prose": draft.prose}
        parameters = founding.in_order(kind, draft.parameters)
    form = FirstRuleForm(posted(request), kind=kind, parameters=parameters, initial=words)
    return form_verb(
        request,
        form,
        lambda: services.shape_founding_rule(
            program=program, kind=kind, by=person(request), **form.values()
        ),
        template="governance/rule_shape.html",
        context=lambda: {
            "program": program,
            "kind": RuleKind(kind),
            "about": ABOUT[RuleKind(kind)],
            "refused": policy.may_shape(program, kind, person(request)),
        },
        to=reverse("governance:rules_first", args=[slug]),
        success=say("Kept. It binds nobody until the rules are adopted."),
    )


def _program(request: HttpRequest, slug: str) -> Program:
    rows = programs_of(person(request)).select_related("realm", "sponsor")
    program = rows.filter(realm__slug=slug).first()
    if program is None:
        raise Http404
    return program
