"""The publication policy as a public page: what it promises, and which version governs a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.kernel.saying import joined, say, within
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.items import Link
from governance import rules
from governance.forms.rules import OnDateForm
from governance.models import RulePin, RuleVersion
from governance.parameters import words
from governance.publication_terms import PublicationPolicy
from governance.states import RuleKind
from publications import statistics
from publications.states import Ground, WorkClass
from scoping.models import Fellowship

KIND = RuleKind.PUBLICATION_POLICY
CASES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ClassOfWork:
    """One class of work: how long review has, what silence does, how far it may be put off."""

    label: str
    window: str
    silence: str
    extension: str


@dataclass(frozen=True, slots=True)
class Governs:
    """One version: since when, until when, and how many fellowships it governs."""

    rule: RuleVersion
    until: Any
    cases: int


def policy_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The policy in force, or the one that was on a day, for anybody and for print."""
    program = Program.objects.filter(realm__slug=slug).select_related("realm").first()
    if program is None:
        raise Http404
    form = OnDateForm(request.GET or None)
    day = form.cleaned_data.get("on") if form.is_bound and form.is_valid() else None
    at = program.calendar().end_of_day(day) if day else now()
    versions = list(rules.history(program, KIND))
    if not versions:
        raise Http404
    rule = next((v for v in versions if v.effective_at and v.effective_at <= at), None)
    params: PublicationPolicy | None = rule.params if rule else None
    return render(
        request,
        "publications/policy.html",
        {
            "program": program,
            "form": form,
            "day": day,
            "rule": rule,
            "policy": params,
            "classes": classes(params) if params else [],
            "stops": stops(params) if params else "",
            "grounds": grounds(params.grounds) if params else [],
            "versions": _governing(program, versions),
            "cases": _cases(program, request.user),
            "figures": statistics.past(program.pk),
        },
    )


def classes(policy: PublicationPolicy) -> list[ClassOfWork]:
    """Each class of work as the policy treats it."""
    return [
        ClassOfWork(
            str(one.label), _window(policy, one), _silence(policy, one), _put_off(policy, one)
        )
        for one in WorkClass
    ]


def grounds(said: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The closed list, each ground with what counts and what does not."""
    return [(ground.label, said[ground.value]) for ground in Ground]


def stops(policy: PublicationPolicy) -> str:
    """What the check stops a submission over, in words; empty where it stops over nothing."""
    return joined("; ", (within(words(one)) for one in policy.check_stops))


def _window(policy: PublicationPolicy, one: WorkClass) -> str:
    if one == WorkClass.VULNERABILITY:
        return say(
            "{vulnerability}, or {vulnerability_extended}",
            vulnerability=policy.windows.vulnerability,
            vulnerability_extended=policy.windows.vulnerability_extended,
        )
    return str(getattr(policy.windows, one.value))


def _silence(policy: PublicationPolicy, one: WorkClass) -> str:
    if one.value in policy.silence_escalates_for:
        return say(
            "It goes to the board. If the board does not release it, one more window follows."
        )
    return say("It is released.")


def _put_off(policy: PublicationPolicy, one: WorkClass) -> str:
    if not policy.extension.at_most_times:
        return say("Not at all")
    return say("Once, by {getattr} at most", getattr=getattr(policy.extension, one.value))


def _governing(program: Program, versions: Iterable[RuleVersion]) -> list[Governs]:
    """Every version, the newest first, with the fellowships held to it in numbers."""
    pins = RulePin.objects.filter(
        subject_type=Fellowship._meta.label_lower, kind=KIND, rule_version__program=program
    )
    counted = dict(
        pins.order_by()
        .values_list("rule_version_id")
        .annotate(n=Count("pk"))
        .values_list("rule_version_id", "n")
    )
    found: list[Governs] = []
    until = None
    for rule in versions:
        found.append(Governs(rule, until, counted.get(rule.pk, 0)))
        until = rule.effective_at
    return found


def _cases(program: Program, user: Any) -> list[tuple[Link, RuleVersion]]:
    """The cases the person may see, each with the version that governs it."""
    cases = Fellowship.objects.visible_to(user).filter(program=program).order_by("-id")
    by_key = {case.pk: case for case in cases[:CASES_SHOWN]}
    pins = RulePin.objects.filter(
        subject_type=Fellowship._meta.label_lower, kind=KIND, subject_id__in=by_key
    ).select_related("rule_version")
    held = {pin.subject_id: pin.rule_version for pin in pins}
    return [
        (Link(f"{case.ref} {case.title}", reverse("scoping:case", args=[case.ref])), held[key])
        for key, case in by_key.items()
        if key in held
    ]
