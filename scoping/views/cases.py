"""The case page and “What may I do?”."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.items import Row
from governance.models import RulePin
from governance.standing import told
from governance.states import RuleKind
from scoping import casefile, document, frame, panels, story
from scoping.models import Fellowship, Milestone
from scoping.sections import CLAUSES, cite
from scoping.standing import of_fellowship
from scoping.states import MilestoneState

LATE = cells.tag(say("Late"), "bad")
RETURNED = cells.tag(say("Returned"), "warn")


def _milestones(found: Fellowship, file: casefile.CaseFile) -> Table[Milestone]:
    page, calendar = route_to("scoping:milestones", found.ref), found.program.calendar()

    def due(milestone: Milestone) -> object:
        if milestone.state == MilestoneState.PLANNED:
            return cells.due(milestone.due_on, calendar)
        return cells.when(milestone.due_on, "short")

    def state(milestone: Milestone) -> object:
        if milestone.is_late:
            return LATE
        if milestone.is_returned:
            return RETURNED
        return cells.state(milestone.state, milestone.get_state_display())

    columns: tuple[Column[Milestone], ...] = (
        Column(say("Milestone"), lambda m: cells.link(f"{page}#m{m.pk}", m.title)),
        Column(say("State"), state),
        Column(say("Due"), due, num=True),
    )
    return Table(say("Milestones"), columns, file.milestones)


@login_required
@require_safe
def case(request: HttpRequest, ref: str) -> HttpResponse:
    """The case: who holds the ball, what comes next, and every application's panels."""
    found = frame.load(request, ref)
    file = casefile.of(found)
    at, user = file.at, request.user
    pin = _policy(found)
    added = frame.shown(request, found, panels.panels(found, user, at))
    context = frame.context(
        request,
        found,
        banner=panels.banner(found, user, at),
        next_steps=panels.next_steps(found, user, at)[:7],
        rule=pin.rule_version if pin else None,
        standing=of_fellowship(found, file.all_clocks, file.conditions),
        file=file,
        milestones=_milestones(found, file),
        done=sum(
            m.state in (MilestoneState.ACCEPTED, MilestoneState.EXCEPTED) for m in file.milestones
        ),
        main_panels=[one for one in added if one.panel.column == "main"],
        aside_panels=[one for one in added if one.panel.column == "aside"],
        events=list(story.told(found)),
    )
    return render(request, "scoping/case.html", context)


@login_required
@require_safe
def may(request: HttpRequest, ref: str) -> HttpResponse:
    """“What may I do?”: the signed clauses, and what other applications answer from them."""
    found = frame.load(request, ref)
    file = casefile.of(found)
    added = frame.shown(request, found, panels.panels(found, request.user, file.at, place="may"))
    context = frame.context(
        request,
        found,
        file=file,
        scope=file.signed,
        gates=_gates(file),
        clauses=_clauses(file),
        panels=added,
    )
    return render(request, "scoping/may.html", context)


def _policy(found: Fellowship) -> RulePin | None:
    """The fellowship policy the case is held to; its name alone is shown."""
    pins = RulePin.objects.filter(
        subject_type=found._meta.label_lower,
        subject_id=found.pk,
        kind=RuleKind.FELLOWSHIP_POLICY,
    )
    long = ("rule_version__prose", "rule_version__parameters")
    return pins.select_related("rule_version").defer(*long).first()


def _gates(file: casefile.CaseFile) -> list[tuple[str, bool, str]]:
    """The gates every act passes first: label, whether open, in words."""
    found = file.fellowship
    training = file.training
    return [
        (
            say("Scope of work signed by both sides"),
            file.signed is not None,
            say("version {number}", number=file.signed.number) if file.signed else say("not yet"),
        ),
        *_conditions(file),
        (
            say("Security training holds"),
            file.trained,
            say(
                "until {expires_at:%-d %B %Y}",
                expires_at=found.program.last_day(training.expires_at),
            )
            if training
            else say("not recorded"),
        ),
        (
            say("Fellowship under way"),
            found.is_under_way(),
            say("until {ends_on:%-d %B %Y}", ends_on=found.ends_on)
            if found.is_under_way()
            else say("over"),
        ),
        (
            say("Not suspended"),
            file.suspension is None,
            say("suspended") if file.suspension else "",
        ),
    ]


def _conditions(file: casefile.CaseFile) -> list[tuple[str, bool, str]]:
    """The gates that conditions of the board's decision hold shut before the first signature."""
    return [
        (say("The board's condition is verified"), False, told(condition))
        for condition in file.conditions
    ]


def _clauses(file: casefile.CaseFile) -> list[Row]:
    """The clauses that say what is and is not allowed today, as they are cited."""
    if file.signed is None:
        return []
    keys = (
        "max_tier",
        "datasets",
        "operations",
        "environment",
        "tools",
        "prohibited",
        "code_may_leave",
        "retention_days",
        "publication",
        "triggers",
    )
    now_allowed = file.stretch.terms.write() if file.stretch else {}
    stage = [Row(cite("stages"), file.stretch.title)] if file.stretch and file.stretch.title else []
    return stage + [
        Row(
            cite(key),
            CLAUSES[key].shown(now_allowed.get(key, document.value(file.signed, CLAUSES[key]))),
        )
        for key in keys
    ]
