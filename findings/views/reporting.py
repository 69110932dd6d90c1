"""Reporting: a result, a finding with its answers checked before it is sent, and its embargo."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from fellowship.kernel.saying import joined, say
from fellowship.web.actions import attempt, form_page, form_verb
from fellowship.web.components import times
from fellowship.web.items import Row
from fellowship.web.shortcuts import visible_or_404
from findings import atlas, policy, services, terms
from findings.forms import ArtifactForm, EmbargoForm, ReportForm
from findings.importing import Candidate
from findings.importing.matching import Match, index
from findings.models import Finding
from findings.states import Confidence, FindingClass, Harm
from scoping.models import Fellowship
from scoping.policy.standing import seen_by

PAGE = "findings/report.html"


@login_required
def report(request: HttpRequest, ref: str) -> HttpResponse:
    """Report a finding of one's fellowship: written, checked (`step` check), then sent.

    Back to change (`step` change) or with more rows (`more`) everything typed stands again.
    """
    case = _case(request, ref)
    by: Any = request.user
    context = {
        "fellowship": case,
        "refused": policy.may_report(case, by),
        "also_open": _filled(request, "also_"),
        "setting_open": _filled(request, "setting_"),
    }
    step = request.POST.get("step", "")
    if step == "change" or "more" in request.POST:
        again = ReportForm(
            initial=_typed(request), fellowship=case, user=by, more="more" in request.POST
        )
        return render(request, PAGE, {**context, "form": again})
    form = ReportForm(request.POST or None, fellowship=case, user=by)
    if request.method == "POST" and form.is_valid():
        if step == "check":
            checked = attempt(
                form, lambda: services.check_claim(fellowship=case, by=by, **form.said())
            )
            if checked is not None:
                return render(request, "findings/report_check.html", _check(request, form, checked))
        else:
            made = attempt(
                form, lambda: services.report_finding(fellowship=case, by=by, **form.said())
            )
            if made is not None:
                return redirect(made.get_absolute_url())
    return form_page(request, PAGE, form, context)


def _filled(request: HttpRequest, prefix: str) -> bool:
    """Whether rows of this kind were typed or asked for."""
    asked = request.POST.get("more", "") == prefix.rstrip("_")
    return asked or any(text for name, text in request.POST.items() if name.startswith(prefix))


def _case(request: HttpRequest, ref: str) -> Fellowship:
    rows = Fellowship.objects.select_related("program", "fellow")
    return visible_or_404(rows, request.user, ref=ref)


def _typed(request: HttpRequest) -> dict[str, Any]:
    several = {name: request.POST.getlist(name) for name in ("evidence", "datasets")}
    return {**{name: request.POST[name] for name in request.POST}, **several}


def _check(request: HttpRequest, form: ReportForm, finding: Finding) -> dict[str, Any]:
    """What the page of answers shows: by section, what follows, and what may say the same."""
    case = form.fellowship
    due = terms.disposition_window(finding).due(finding.reported_at, case.program.calendar())
    typed = [
        (name, text)
        for name, texts in request.POST.lists()
        if name in form.fields
        for text in texts
        if text
    ]
    return {
        "fellowship": case,
        "finding": finding,
        "sections": sections(form, finding),
        "due": due,
        "rule": terms.rule_label(finding),
        "typed": typed,
        "match": likely(finding, request.user),
    }


def _about(finding: Finding) -> str:
    """What it is about: as said, else as its technique usually means."""
    if finding.finding_class:
        return FindingClass(finding.finding_class).label
    meant = atlas.class_of(finding.technique)
    if meant is None:
        return say("Not sure; a product owner will say it")
    return say(
        "{label}, as {technique} usually means", label=meant.label, technique=finding.technique
    )


def sections(form: ReportForm, finding: Finding) -> list[tuple[str, list[Row]]]:
    """The answers by section; what was left out is left out here as well."""
    data = form.cleaned_data
    also = [" ".join(filter(None, row.values())) for row in data["also"]]
    name = atlas.name_of(finding.technique)
    found: list[tuple[str, list[tuple[str, object]]]] = [
        (
            say("What you found"),
            [
                (say("Finding"), finding.title),
                (say("Claim"), finding.claim),
                (say("How to reproduce it"), finding.reproduction),
            ],
        ),
        (
            say("Where and when it holds"),
            [
                (say("System"), f"{finding.system} {finding.system_version}"),
                (say("Other systems"), joined(", ", also)),
                (
                    say("How often"),
                    say("{share} trials", share=finding.share) if finding.share else "",
                ),
                (say("Conditions"), finding.conditions),
                *((row["name"], row["value"]) for row in data["setting"]),
            ],
        ),
        (
            say("How bad, and how sure"),
            [
                (say("Severity"), finding.get_severity_display()),
                (say("CVSS 4.0"), f"{finding.cvss_vector}, {finding.cvss_score}")
                if finding.cvss_vector
                else (say("CVSS 4.0"), ""),
                (say("Why another severity"), finding.severity_reason),
                (say("Harm to people"), Harm(finding.harm).label),
                (say("Who is harmed"), finding.harm_note),
                (say("Confidence"), Confidence(finding.confidence).label),
                (say("What it is about"), _about(finding)),
                (say("MITRE ATLAS"), f"{finding.technique} {name}".strip()),
            ],
        ),
        (
            say("What it rests on"),
            [
                (say("Results"), joined(", ", (one.name for one in data["evidence"]))),
                (say("Datasets"), joined(", ", (one.name for one in data["datasets"]))),
                (say("Acts on the trail"), joined(", ", (str(one.pk) for one in data["events"]))),
                (say("Under embargo until"), times.until(ends, finding.program.calendar(), "date"))
                if (ends := finding.embargo_until)
                else (say("Under embargo until"), ""),
                (say("Why it must wait"), finding.embargo_reason),
            ],
        ),
    ]
    return [(title, [Row(a, b) for a, b in rows if b not in ("", None)]) for title, rows in found]


def likely(finding: Finding, user: Any) -> Match | None:
    """What the person sees that may say the same, by the rules of de-duplication."""
    mine = Candidate(
        title=finding.title,
        claim=finding.claim,
        technique=finding.technique,
        systems=((finding.system, finding.system_version),),
    )
    return index(finding.fellowship, [mine], user).find(mine)


@login_required
def artifact(request: HttpRequest, ref: str) -> HttpResponse:
    """Register a result by its hash."""
    case = _case(request, ref)
    by: Any = request.user
    form = ArtifactForm(request.POST or None, fellowship=case, user=by)
    return form_verb(
        request,
        form,
        lambda: services.register_artifact(fellowship=case, by=by, **form.cleaned_data),
        template="findings/artifact.html",
        context=lambda: {"fellowship": case},
        to=reverse("findings:report", args=[case.ref]),
    )


@login_required
def embargo(request: HttpRequest, ref: str) -> HttpResponse:
    """Set, move or lift the embargo of a finding."""
    rows = Finding.objects.select_related("fellowship__fellow", "program")
    finding = visible_or_404(rows, request.user, ref=ref)
    by: Any = request.user
    seen_by(finding.fellowship, by)
    form = EmbargoForm(request.POST or None)

    def change() -> Finding:
        day = form.cleaned_data["until"]
        until = finding.program.calendar().end_of_day(day) if day else None
        return services.change_embargo(
            finding=finding, by=by, until=until, reason=form.cleaned_data["reason"]
        )

    return form_verb(
        request,
        form,
        change,
        template="findings/embargo.html",
        context=lambda: {
            "finding": finding,
            "refused": policy.may_change_embargo(finding, by),
        },
        to=finding.get_absolute_url(),
        success=say("The embargo is as you set it. The others concerned were told."),
    )
