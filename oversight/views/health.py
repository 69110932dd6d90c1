"""Governance health: the figures, the cases behind each, and the board's answer to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from fellowship.accounts.queries import holds_anywhere, known_in
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import cells, charts
from fellowship.web.actions import form_verb
from fellowship.web.columns import Column, Table
from fellowship.web.components.times import localised
from fellowship.web.tables import COUNT_LIMIT, Page, paginate
from oversight import policy, services
from oversight.health import report
from oversight.health.forms import BreachForm
from oversight.health.lines import Case, of_votes
from oversight.health.measures import MEASURES, VOTES, Measure, votes_of
from oversight.health.report import Reading
from oversight.health.scope import Scope
from oversight.health.votes import Voter
from oversight.models import HealthBreach
from oversight.policy import HEALTH, OFFICE
from oversight.views.beside import of_health
from oversight.views.programs import choose, for_roles, links_of

PER_PAGE = 50


@login_required
@require_safe
def programs(request: HttpRequest) -> HttpResponse:
    """The programmes whose governance the person may look at."""
    return choose(
        request,
        *HEALTH,
        route="oversight:health",
        title=say("Governance health"),
        lede=say("How each board’s own work stands against what its rule lets pass."),
        beside=of_health,
    )


@for_roles(*HEALTH)
@require_safe
def health(request: HttpRequest, program: Program) -> HttpResponse:
    """Every figure, with what passes and whether it does."""
    user: Any = request.user
    scope = Scope.of(program, user)
    found = report.measure(scope)
    breaches = list(_breaches(program, request.user).open())
    context = {
        "program": program,
        "links": links_of(program, request.user),
        "outside": _outside(request.user),
        "scope": scope,
        **_headline(len(found.over)),
        "votes": _table(say("How the board votes"), found.group("votes"), program),
        "duties": _table(say("What was due"), found.group("duties"), program),
        "days": _days_table(found.group("days"), program),
        "voters": _voters_table(found.voters, scope) if scope.votes_shown else None,
        "chart": _chart(found.voters),
        "breaches": [(b, b.waits(scope.at)) for b in breaches],
        "may_answer": bool(breaches) and policy.may_answer_breach(breaches[0], user) is None,
    }
    return render(request, "oversight/health.html", context)


def _headline(over: int) -> dict[str, str]:
    """What stands above the figures."""
    if not over:
        return {"headline": say("Every figure is within its limit"), "detail": "", "tone": "good"}
    one = say("One figure is beyond its limit")
    many = say("{over} figures are beyond their limits", over=over) if over > 1 else one
    detail = say("What is found beyond its limit goes on the agenda of the board’s next meeting.")
    return {"headline": many, "detail": detail, "tone": "warn"}


def _breaches(program: Program, user: Any) -> Any:
    rows = HealthBreach.objects.visible_to(user).filter(program=program)
    return rows.select_related("answered_by", "program__realm")


def _cases_url(program: Program, key: str, person: int | None = None) -> str:
    url = reverse("oversight:health_cases", args=[program.slug, key])
    return f"{url}?person={person}" if person else url


def _named(reading: Reading) -> SafeString:
    return cells.beside(reading.measure.label, cells.meta(reading.says))


def _share(reading: Reading) -> bool:
    return reading.measure.unit == "percent"


def _standing(reading: Reading) -> SafeString:
    return cells.tag(say("Too much"), "bad") if reading.over else cells.tag(say("Within"), "good")


def _table(caption: str, readings: list[Reading], program: Program) -> Table[Reading]:
    def cases(reading: Reading) -> SafeString:
        url = _cases_url(program, reading.measure.key)
        return cells.link(url, f"{reading.cases:,}")

    columns: tuple[Column[Reading], ...] = (
        Column(say("Measure"), _named),
        Column(say("Cases"), cases, num=True),
        Column(say("Out of"), lambda r: r.out_of or "–", num=True),
        Column(say("Share"), lambda r: cells.unbroken(r.said) if _share(r) else "–", num=True),
        Column(say("At most"), lambda r: cells.unbroken(r.most_said), num=True),
        Column(say("Standing"), _standing),
    )
    return Table(caption, columns, readings)


def _days_table(readings: list[Reading], program: Program) -> Table[Reading]:
    def cases(reading: Reading) -> SafeString:
        return cells.link(_cases_url(program, reading.measure.key), f"{reading.cases:,}")

    columns: tuple[Column[Reading], ...] = (
        Column(say("Measure"), _named),
        Column(say("Cases"), cases, num=True),
        Column(say("Median"), lambda r: f"{r.days.median:g}", num=True),
        Column(say("90 % within"), lambda r: r.days.p90, num=True),
        Column(say("Oldest"), lambda r: r.days.oldest, num=True),
        Column(say("At most"), lambda r: r.most, num=True),
        Column(say("Standing"), _standing),
    )
    return Table(say("Working days"), columns, readings)


def _voters_table(voters: list[Voter], scope: Scope) -> Table[Voter]:
    def number(key: str, value: int, voter: Voter) -> SafeString:
        return cells.link(_cases_url(scope.program, key, voter.person.pk), f"{value:,}")

    def name(voter: Voter) -> SafeString | str:
        flag = cells.tag(say("Approves nearly everything"), "bad")
        return cells.beside(voter.person, flag) if voter.approves_nearly_all else str(voter.person)

    fast = say("Within {hasty_seconds} s", hasty_seconds=scope.terms.hasty_seconds)
    columns: tuple[Column[Voter], ...] = (
        Column(say("Person"), name),
        Column(say("Votes"), lambda v: number("votes", v.votes, v), num=True),
        Column(say("Approvals"), lambda v: number("approvals", v.approvals, v), num=True),
        Column(say("Share"), lambda v: cells.unbroken(f"{100 * v.share:.0f} %"), num=True),
        Column(fast, lambda v: number("hasty-votes", v.hasty, v), num=True),
        Column(
            say("Without a reason"), lambda v: number("votes-without-reason", v.silent, v), num=True
        ),
    )
    return Table(
        say("Approvals by person"),
        columns,
        voters,
        empty=say("Nobody voted in the period."),
        hint=say("Votes are counted once the board has decided."),
    )


def _chart(voters: list[Voter]) -> charts.Chart | None:
    if not voters:
        return None
    bars = [
        charts.Bar(
            str(v.person),
            v.share,
            say("{hasty} of {votes} hasty", hasty=v.hasty, votes=v.votes),
            "bad" if v.approves_nearly_all else "accent",
        )
        for v in voters[:12]
    ]
    return charts.bars(bars, title=say("Share of votes that approve"), unit="%", high=1)


@for_roles(*HEALTH)
@require_safe
def cases(request: HttpRequest, program: Program, figure: str) -> HttpResponse:
    """The cases behind a figure: as many as it says."""
    scope = Scope.of(program, request.user)
    asked = request.GET.get("person", "")
    if asked:
        return _votes_of(request, scope, figure, asked)
    measure = MEASURES.get(figure)
    if measure is None or (measure.group == "votes" and not scope.votes_shown):
        raise Http404
    page = page_of(request, measure.cases(scope))
    context = _context(request, scope, page, measure.lines(scope, list(page)))
    context |= {
        "title": measure.label,
        "says": measure.says(scope.terms),
        "reading": _reading(measure, scope, page),
        "breaches": _breaches(program, request.user).filter(figure=figure)[:20],
    }
    return render(request, "oversight/health_cases.html", context)


def _reading(measure: Measure, scope: Scope, page: Page[Any]) -> Reading:
    """The figure of this page, from its own rows."""
    return report.read(measure, scope, page.total)


def _votes_of(request: HttpRequest, scope: Scope, figure: str, asked: str) -> HttpResponse:
    """One person's votes in one of the lists that can be narrowed so."""
    if figure not in VOTES or not scope.votes_shown or not asked.isascii() or not asked.isdigit():
        raise Http404
    person = get_object_or_404(known_in(scope.program), pk=int(asked[:15]))
    page = page_of(request, votes_of(scope, figure, person.pk))
    context = _context(request, scope, page, of_votes(scope, list(page)))
    context |= {"title": f"{VOTES[figure][0]}: {person}", "says": "", "reading": None}
    return render(request, "oversight/health_cases.html", context)


def _outside(user: Any) -> bool:
    """Whether the programme office itself is closed to the person."""
    return not holds_anywhere(user, *OFFICE)


def _context(
    request: HttpRequest, scope: Scope, page: Page[Any], found: Sequence[Case]
) -> dict[str, Any]:
    columns: tuple[Column[Case], ...] = (
        Column(say("Case"), lambda c: cells.link(c.url, c.title) if c.url else c.title),
        Column(say("What was found"), lambda c: localised(c.found)),
    )
    if any(case.at for case in found):
        columns += (Column(say("When"), lambda c: cells.when(c.at, "date") if c.at else ""),)
    return {
        "program": scope.program,
        "links": links_of(scope.program, request.user),
        "outside": _outside(request.user),
        "scope": scope,
        "page": page,
        "table": Table(
            say("Cases"),
            columns,
            found,
            empty=say("None in the period."),
            hint=say("Each case that the figure counts stands here, with what was found."),
        ),
    }


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any]) -> Page[Any]:
    """One page of a queryset, or of values that were reckoned."""
    if isinstance(rows, QuerySet):
        return paginate(request, rows, per_page=PER_PAGE)
    asked = request.GET.get("page", "")
    last = max(1, -(-len(rows) // PER_PAGE))
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    number = min(max(wanted, 1), last)
    part = list(rows[(number - 1) * PER_PAGE : number * PER_PAGE])
    total = min(len(rows), COUNT_LIMIT)
    return Page(part, number, PER_PAGE, total, len(rows) > COUNT_LIMIT, "", request.GET)


@for_roles(*HEALTH)
def answer(request: HttpRequest, program: Program, figure: str) -> HttpResponse:
    """The board's answer to a figure that is on its agenda."""
    breach = _breaches(program, request.user).open().filter(figure=figure).first()
    if breach is None:
        raise Http404
    user: Any = request.user
    refused = policy.may_answer_breach(breach, user)
    form = BreachForm(
        request.POST if request.method == "POST" else None, initial={"answer": breach.answer}
    )
    return form_verb(
        request,
        form,
        lambda: services.answer_breach(breach=breach, by=user, **form.cleaned_data),
        template="oversight/health_answer.html",
        context=lambda: {
            "program": program,
            "links": links_of(program, user),
            "outside": _outside(user),
            "breach": breach,
            "refused": refused,
            "at": now(),
        },
        to=reverse("oversight:health", args=[program.slug]),
        success=say("Written down. It is off the agenda until the day you named."),
    )
