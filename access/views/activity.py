"""The access page of a fellowship and of a dataset: what was done, against what was granted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access import activity, anomalies, target_policy
from access.activity import WINDOWS, Activity
from access.anomalies import Anomaly, Silence
from access.forms_targets import AnomalyForm
from access.models import AnomalyReview, Dataset, Grant
from access.models.requests import ACCESS_STAFF
from access.places import reads
from access.services.anomalies import review_anomaly
from access.states import AnomalyKind, Operation, Verdict
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import cells
from fellowship.web.actions import form_verb
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from scoping import frame
from scoping.models import Fellowship


class Used(NamedTuple):
    """One operation of one person on one dataset: granted or not, and how often it was done."""

    person: str
    dataset: str
    operation: str
    granted: bool
    within: int
    outside: int


class Unusual(NamedTuple):
    """An anomaly with the names it speaks of, and what on-call found."""

    anomaly: Anomaly
    person: str
    dataset: str
    review: AnomalyReview | None
    review_url: str


def _days(request: HttpRequest) -> int:
    given = request.GET.get("days", "")
    return next((days for days in WINDOWS if str(days) == given), 90)


@login_required
def of_case(request: HttpRequest, ref: str) -> HttpResponse:
    """What was done in a fellowship; its fellow sees the same page."""
    case, found = _case(request, ref)
    grants = Grant.objects.filter(fellowship=case)
    url = reverse("access:case_activity", args=[case.ref])
    context = frame.context(request, case, **_shown(request, found, case.program, grants, url))
    return render(request, "access/case_activity.html", context)


def _case(request: HttpRequest, ref: str) -> tuple[Fellowship, Activity]:
    case = frame.load(request, ref)
    if not reads(case, request.user):
        raise Http404
    until = now()
    return case, activity.of_case(case, until - dt.timedelta(days=_days(request)), until)


@login_required
def of_dataset(request: HttpRequest, ref: str) -> HttpResponse:
    """What anyone did with a dataset, for those who watch the programme's trail."""
    dataset, found = _dataset(request, ref)
    grants = Grant.objects.filter(dataset=dataset)
    url = reverse("access:dataset_activity", args=[dataset.ref])
    context = {
        "dataset": dataset,
        **_shown(request, found, dataset.program, grants, url),
    }
    return render(request, "access/dataset_activity.html", context)


def _dataset(request: HttpRequest, ref: str) -> tuple[Dataset, Activity]:
    rows = Dataset.objects.select_related("program__realm")
    dataset = visible_or_404(rows, request.user, ref=ref)
    if not has_role(request.user, dataset.program_id, *ACCESS_STAFF):
        raise Http404
    until = now()
    since = until - dt.timedelta(days=_days(request))
    return dataset, activity.of_dataset(dataset, since, until)


def _shown(
    request: HttpRequest, found: Activity, program: Program, grants: Any, url: str
) -> dict[str, Any]:
    """What both pages show; six queries, whatever the number of acts."""
    unusual, silent = anomalies.of(found)
    granted = [*grants.values_list("person_id", "dataset_id", "operations", "starts_at", "ends_at")]
    people = _people(found, (row[0] for row in granted))
    datasets = _datasets(found, (row[1] for row in granted))
    rows = _used(found, granted, people, datasets)
    reviews = _reviews(program, unusual)
    answers = target_policy.may_review(program.pk, request.user) is None  # type: ignore[arg-type]
    listed = [
        Unusual(
            one,
            people.get(one.person or 0, say("Nobody we know")),
            datasets.get(one.dataset or 0, ""),
            reviews.get(one.key),
            f"{url}look/?days={_days(request)}&key={one.key}" if answers and one.person else "",
        )
        for one in unusual
    ]
    return {
        "activity": found,
        "days": _days(request),
        "windows": WINDOWS,
        "page_url": url,
        "timeline": found.timeline() if found.cells else None,
        "volumes": found.volumes() if found.cells else None,
        "used": Table(
            say("Granted against used"), USED, rows, empty=say("Nothing was granted or done.")
        ),
        "unusual": Table(
            say("What is unusual"), UNUSUAL, listed, empty=say("Nothing stands out in this time.")
        ),
        "silent": [_silence(one, people) for one in silent],
        "hours": f"{anomalies.OPENS:%H:%M}–{anomalies.CLOSES:%H:%M}",
    }


def _people(found: Activity, others: Iterable[int]) -> dict[int, str]:
    keys = {cell.person for cell in found.cells if cell.person} | set(others)
    return {user.pk: str(user) for user in User.objects.filter(pk__in=keys)}


def _datasets(found: Activity, others: Iterable[int]) -> dict[int, str]:
    keys = {cell.dataset for cell in found.cells if cell.dataset} | set(others)
    return dict(Dataset.objects.filter(pk__in=keys).values_list("pk", "name"))


def _used(
    found: Activity, granted: list[Any], people: dict[int, str], datasets: dict[int, str]
) -> list[Used]:
    """What was granted at some time of the window, and what was done in it."""
    live = {
        (person, dataset, operation)
        for person, dataset, operations, starts, ends in granted
        if starts < found.until and ends > found.since
        for operation in operations
    }
    within: Counter[Any] = Counter()
    outside: Counter[Any] = Counter()
    for cell in found.cells:
        counted = within if cell.verdict == Verdict.WITHIN else outside
        counted[cell.person, cell.dataset, cell.operation] += cell.number
    order = {operation: place for place, operation in enumerate(Operation.values)}
    rows = [
        Used(
            people.get(person or 0, say("Nobody we know")),
            datasets.get(dataset or 0, say("No dataset named")),
            operation,
            (person, dataset, operation) in live,
            within[person, dataset, operation],
            outside[person, dataset, operation],
        )
        for person, dataset, operation in {*live, *within, *outside}
    ]
    return sorted(rows, key=lambda row: (row.dataset, row.person, order[row.operation]))


USED: tuple[Column[Used], ...] = (
    Column(say("Dataset"), lambda u: markup("{}{}", u.dataset, cells.meta(u.person))),
    Column(say("Operation"), lambda u: str(Operation(u.operation).label)),
    Column(
        say("Granted"),
        lambda u: cells.tag(say("Granted"), "good") if u.granted else cells.tag(say("Not granted")),
    ),
    Column(say("Used within"), lambda u: f"{u.within:,}" if u.within else _unused(u), num=True),
    Column(say("Outside"), lambda u: f"{u.outside:,}", num=True),
)


def _unused(used: Used) -> object:
    return cells.meta(say("unused")) if used.granted else "0"


def _reviews(program: Program, unusual: list[Anomaly]) -> dict[str, AnomalyReview]:
    rows = AnomalyReview.objects.filter(program=program, key__in=[one.key for one in unusual])
    return {row.key: row for row in rows.select_related("reviewed_by")}


def _silence(one: Silence, people: dict[int, str]) -> str:
    label = AnomalyKind(one.kind).label.lower()
    days = cells.count(one.days, "active day")
    who = people.get(one.person or 0, say("somebody we do not know"))
    return say(
        "{who}: too little history to tell “{label}” ({days}).", who=who, label=label, days=days
    )


def _looked(row: Unusual) -> object:
    if row.review:
        return markup(
            "{} {}",
            cells.tag(say("Looked into"), "good"),
            cells.meta(f"{row.review.reviewed_by}: {row.review.finding}"),
        )
    if row.review_url:
        return markup('<a href="{}">{}</a>', row.review_url, say("Say what it was"))
    return cells.tag(say("Not looked into"))


UNUSUAL: tuple[Column[Unusual], ...] = (
    Column(
        say("What"),
        lambda u: markup(
            "{}{}",
            AnomalyKind(u.anomaly.kind).label,
            cells.meta(joined(" · ", filter(None, (u.person, u.dataset)))),
        ),
    ),
    Column(say("Why it stands out"), lambda u: u.anomaly.reason),
    Column(say("When"), lambda u: cells.when(u.anomaly.at), num=True),
    Column(say("On-call"), _looked),
)


@login_required
def look_at_case(request: HttpRequest, ref: str) -> HttpResponse:
    """On-call says what an anomaly of a fellowship was."""
    case, found = _case(request, ref)
    back = reverse("access:case_activity", args=[case.ref])
    return _look(request, found, case.program, back)


@login_required
def look_at_dataset(request: HttpRequest, ref: str) -> HttpResponse:
    """On-call says what an anomaly of a dataset was."""
    dataset, found = _dataset(request, ref)
    back = reverse("access:dataset_activity", args=[dataset.ref])
    return _look(request, found, dataset.program, back)


def _look(request: HttpRequest, found: Activity, program: Program, back: str) -> HttpResponse:
    key = request.GET.get("key", "")
    one = next((one for one in anomalies.of(found)[0] if one.key == key), None)
    if one is None or target_policy.may_review(program.pk, request.user):  # type: ignore[arg-type]
        raise Http404
    form = AnomalyForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: review_anomaly(
            anomaly=one,
            program=program,
            finding=form.cleaned_data["finding"],
            by=request.user,  # type: ignore[arg-type]
        ),
        template="access/anomaly.html",
        context=lambda: {
            "it": one,
            "label": AnomalyKind(one.kind).label,
            "person": User.objects.filter(pk=one.person or 0).first(),
            "back": back,
        },
        to=f"{back}?days={_days(request)}",
        success=say("Noted. The person concerned reads it on their access page."),
    )
