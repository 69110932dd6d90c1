"""Outputs that leave, for the person who asks: the list, the request, its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from access import criteria, release_policy, services
from access.criteria import Limits
from access.models import Dataset, Output, Release, ReleaseRequest, ReleaseReview
from access.outputs import preview
from access.outputs.checks import Check
from access.release_forms import AskForm, OutputForm
from access.release_standing import of_release
from access.release_states import CheckResult, Criterion, ReleaseState
from fellowship.accounts.queries import holds_anywhere
from fellowship.clocks.queries import history
from fellowship.history.queries import latest
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import numeral, say
from fellowship.web import calendars, cells, files
from fellowship.web.actions import act, attempt, form_page, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from scoping.models import Fellowship

SORTS = {"due": "due_at", "ref": "ref", "state": "state"}
RELATED = (
    "fellowship__program",
    "fellowship__fellow",
    "fellowship__mentor",
    "fellowship__proposal",
    "requester",
    "handling",
    "settled_by",
)


def _due(row: ReleaseRequest) -> object:
    waits = row.state in (ReleaseState.IN_REVIEW, ReleaseState.DISAGREED)
    if not waits:
        return cells.when(row.decided_at, "short") if row.decided_at else cells.NONE
    return cells.due(row.due_at, calendars.of(row.program_id))


RELEASES: tuple[Column[ReleaseRequest], ...] = (
    Column(
        say("Request"),
        lambda r: cells.link(route_to("access:release", r.ref), r.title, r.ref),
        sort="ref",
    ),
    Column(say("For"), lambda r: markup("{}{}", r.requester, cells.meta(r.fellowship.ref))),
    Column(say("Files"), lambda r: r.files, num=True),  # type: ignore[attr-defined]
    Column(say("State"), lambda r: cells.state(r.state, r.get_state_display()), sort="state"),
    Column(say("Due"), _due, sort="due", num=True),
)


@login_required
def releases(request: HttpRequest) -> HttpResponse:
    """The release desk: what waits for two reviews, the first due first; one's own requests."""
    reviews = holds_anywhere(request.user, *release_policy.REVIEWERS)
    case = request.GET.get("case", "").replace("\x00", "")[:30]
    every = request.GET.get("show") == "all" or bool(case) or not reviews
    rows = ReleaseRequest.objects.visible_to(request.user)
    if case:
        rows = rows.filter(fellowship__ref=case)
    found = rows.order_by("-id") if every else rows.awaiting()
    page = paginate(request, found, sort=SORTS, then=_shown)
    context = {
        "page": page,
        "reviews": reviews,
        "every": every,
        "case": case,
        "table": Table(
            say("Requests to release outputs"),
            RELEASES,
            page,
            page,
            empty=say("Nothing waits to leave.")
            if not every
            else say("Nothing was asked for yet."),
            hint=say("A fellow asks on the page of their case; two people look before it leaves."),
        ),
    }
    return render(request, "access/releases.html", context)


def _shown(rows: QuerySet[ReleaseRequest]) -> QuerySet[ReleaseRequest]:
    standing = Count("outputs", filter=Q(outputs__removed_at=None))
    return rows.select_related("fellowship", "requester").annotate(files=standing)


@login_required
def ask(request: HttpRequest, ref: str) -> HttpResponse:
    """Begin a request; files are added on its page."""
    case = visible_or_404(
        Fellowship.objects.select_related("program", "fellow"), request.user, ref=ref
    )
    datasets = list(Dataset.objects.visible_to(request.user).open_to(case).order_by("name")[:200])
    posted = request.POST if request.method == "POST" else None
    form = AskForm(posted, datasets=datasets)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: services.ask_release(
                fellowship=case,
                by=request.user,  # type: ignore[arg-type]
                **form.asked(),
            ),
        )
        if made:
            return redirect(made)
    context = {
        "case": case,
        "refusal": release_policy.may_ask(case, request.user),  # type: ignore[arg-type]
    }
    return form_page(request, "access/release_new.html", form, context)


@dataclass(frozen=True, slots=True)
class Line:
    """What a machine found for one criterion, as the page shows it."""

    words: str
    result: str
    tone: str
    detail: str
    earlier: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One output on the page."""

    output: Output
    preview: preview.Preview
    lines: list[Line]
    release: Release | None
    explain: bool

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"output-{self.output.pk}"


_TONES = {CheckResult.PASSED: "good", CheckResult.FAILED: "bad", CheckResult.UNKNOWN: "plain"}


def shown(output: Output, limits: Limits, release: Release | None = None) -> Shown:
    """An output with the beginning of its file and what was found in it."""
    lines = [
        Line(
            limits.words(check.criterion),
            str(CheckResult(check.result).label),
            _TONES[CheckResult(check.result)],
            check.detail,
            check.earlier,
        )
        for check in map(Check.read, output.checks)
        if check.criterion in Criterion.values
    ]
    explain = release_policy.needs_explaining(output)
    return Shown(output, preview.of(output), lines, release, explain)


def find(request: HttpRequest, ref: str) -> ReleaseRequest:
    """The request, where the person may see it; Http404 otherwise."""
    found: ReleaseRequest = visible_or_404(
        ReleaseRequest.objects.select_related(*RELATED), request.user, ref=ref
    )
    return found


@login_required
def release(request: HttpRequest, ref: str) -> HttpResponse:
    """One request: its files with what was found, the reviews once opened, where it stands."""
    found = find(request, ref)
    user: Any = request.user
    sources = list(found.sources.select_related("dataset").order_by("id"))
    limits = criteria.of_request(found, [source.dataset.tier for source in sources])
    released = {one.output_id: one for one in found.releases.all()}
    outputs = list(found.outputs.filter(removed_at=None).order_by("id"))
    for output in outputs:
        output.request = found
    own = user.pk in (found.requester_id, found.fellowship.fellow_id)
    mine, reviews = _reviews(found, user)
    form = OutputForm(limits=limits) if own and found.is_prepared else None
    context = {
        **_shared(found, limits, sources, outputs, released),
        "own": own,
        "form": form,
        "mine": mine,
        "reviews": reviews,
        "may": _may(found, outputs, reviews, user),
        "standing": of_release(found, history(found)),
        "events": latest(found, 30),
    }
    return render(request, "access/release.html", context)


def _shared(
    found: ReleaseRequest,
    limits: Limits,
    sources: list[Any],
    outputs: list[Output],
    released: dict[int, Release],
) -> dict[str, Any]:
    return {
        "it": found,
        "case": found.fellowship,
        "limits": limits,
        "largest": numeral(f"{limits.largest_bytes // 1_000:,}"),
        "criteria": [limits.words(criterion) for criterion in limits.asked()],
        "sources": sources,
        "outputs": [shown(output, limits, released.get(output.pk)) for output in outputs],
    }


def _reviews(found: ReleaseRequest, user: Any) -> tuple[ReleaseReview | None, list[ReleaseReview]]:
    """One's own review of this round, and all that are open, the last round's last."""
    rows = ReleaseReview.objects.visible_to(user).filter(request=found).standing()
    known = list(
        rows.select_related("reviewer")
        .prefetch_related("answers__output")
        .order_by("round", "place")
    )
    for review in known:
        review.request = found
    mine = next((r for r in known if r.reviewer_id == user.pk and r.round == found.round), None)
    return mine, [review for review in known if review.opened_at]


def _may(
    found: ReleaseRequest, outputs: list[Output], reviews: list[ReleaseReview], user: Any
) -> dict[str, Any]:
    """What the person may do now, each refused or not: asked only where it can come to it."""
    of_round = [review for review in reviews if review.round == found.round]
    may: dict[str, Any] = {"review": release_policy.may_review(found, user)}
    if user == found.requester:
        may["send"] = release_policy.may_send(found, outputs, user)
        may["withdraw"] = release_policy.may_withdraw(found, user)
    if found.state == ReleaseState.DISAGREED:
        may["settle"] = release_policy.may_settle(found, of_round, user)
        may["revise"] = next((r for r in of_round if r.reviewer_id == user.pk), None)
    return may


@login_required
def add(request: HttpRequest, ref: str) -> HttpResponse:
    """Add a file: what is wrong with it is said here, next to its cause."""
    found = find(request, ref)
    limits = criteria.of_request(found)
    posted = request.method == "POST"
    form = OutputForm(
        request.POST if posted else None, request.FILES if posted else None, limits=limits
    )
    if posted and form.is_valid():
        made = attempt(
            form,
            lambda: services.add_output(
                request=found,
                by=request.user,  # type: ignore[arg-type]
                **form.asked(),
            ),
        )
        if made:
            return redirect(made)
    refusal = release_policy.may_change(found, request.user)  # type: ignore[arg-type]
    context = {"it": found, "limits": limits, "refusal": refusal}
    return form_page(request, "access/release_file.html", form, context)


def _output(request: HttpRequest, ref: str, pk: int) -> Output:
    found = find(request, ref)
    output: Any = found.outputs.filter(pk=pk, removed_at=None).first()
    if output is None:
        raise Http404
    output.request = found
    return output  # type: ignore[no-any-return]


@verb
def remove(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Take a file out."""
    output = _output(request, ref, pk)
    return act(
        request,
        lambda: services.remove_output(output=output, by=request.user),  # type: ignore[arg-type]
        success=say("“{name}” is taken out.", name=output.name),
        to=reverse("access:release", args=[ref]),
    )


@verb
def explain(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Answer what was found in a file."""
    output = _output(request, ref, pk)
    return act(
        request,
        lambda: services.explain_output(
            output=output,
            explanation=reason_of(request),
            by=request.user,  # type: ignore[arg-type]
        ),
        success=say("The reviewers read your answer beside what was found."),
        to=output.get_absolute_url(),
    )


@login_required
@require_POST
def take(request: HttpRequest, ref: str, pk: int) -> HttpResponseBase:
    """Hand out a file, and put on record that it was: a released one, or one to be reviewed."""
    output = _output(request, ref, pk)
    user: Any = request.user
    released = Release.objects.filter(output=output).first()
    if released is None:
        services.look_at_output(output=output, by=user)
        return files.download(output.sha256, output.name, output.mime)
    released.output, released.request = output, output.request
    services.take_released(release=released, by=user)
    return files.download(released.sha256, output.name, output.mime)


@verb
def send(request: HttpRequest, ref: str) -> HttpResponse:
    """Send it to the two reviewers."""
    found = find(request, ref)
    return act(
        request,
        lambda: services.send_release(request=found, by=request.user),  # type: ignore[arg-type]
        success=say(
            "Two reviewers have it now. Nothing leaves until both have sent their reviews."
        ),
        to=found.get_absolute_url(),
    )


@verb
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Take the request back."""
    found = find(request, ref)
    return act(
        request,
        lambda: services.withdraw_release(
            request=found,
            by=request.user,  # type: ignore[arg-type]
            reason=reason_of(request),
        ),
        success=say("Withdrawn. Nothing left."),
        to=found.get_absolute_url(),
    )
