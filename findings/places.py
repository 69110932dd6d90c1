"""Where findings appear outside their own pages: navigation, home, words for verbs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.programs import parts
from fellowship.programs import policy as programs
from fellowship.programs.models import Call
from fellowship.web import nav, verbs
from fellowship.web.routes import route_to
from findings import policy
from findings.models import Finding, Lesson, Measurement
from findings.models.lessons import READERS
from findings.plans import LABELS
from findings.states import (
    Closure,
    ControlState,
    FindingState,
    LessonState,
    Mapping,
    Metric,
    Selection,
    Setting,
    Severity,
    Verdict,
    WaitsOn,
)
from scoping import panels
from scoping.models import Fellowship

SEE = (roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL, roles.AUDITOR, roles.SPONSOR)

nav.register(
    "Triage",
    "findings:queue",
    visible=lambda user: holds_anywhere(user, *SEE),
    section="triage",
    order=40,
)
nav.register(
    "Controls",
    "findings:controls",
    visible=lambda user: holds_anywhere(user, *SEE),
    section="triage",
    order=41,
)
nav.register(
    "Portfolio",
    "findings:portfolios",
    visible=lambda user: holds_anywhere(user, *READERS),
    section="triage",
    order=42,
)
nav.register(
    "My findings",
    "findings:queue",
    visible=lambda user: holds_anywhere(user, roles.FELLOW),
    section="portal",
    order=40,
    rail=True,
)
verbs.register(
    {
        "findings.register_artifact": "registered a result",
        "findings.report": "reported the finding",
        "findings.change_embargo": "changed the embargo",
        "findings.read_import": "read a file of findings",
        "findings.mark_import_row": "marked a row of the file",
        "findings.import": "imported findings",
        "findings.take": "took the finding up",
        "findings.claim": "took the finding over",
        "findings.assign": "assigned the finding",
        "findings.run_batch": "changed findings together",
        "findings.undo_batch": "took back a change of findings",
        "findings.put_back": "put the finding back as it was",
        "findings.enter_cover": "entered an absence",
        "findings.end_cover": "took back an absence",
        "findings.save_filter": "saved a filter",
        "findings.change_filter": "changed a filter",
        "findings.remove_filter": "removed a filter",
        "findings.accept": "accepted the finding",
        "findings.defer": "deferred the finding",
        "findings.reject": "rejected the finding",
        "findings.refer": "asked the board to reject the finding",
        "findings.reconsider": "took the finding up again",
        "findings.reply": "replied",
        "findings.rerate": "changed the severity",
        "findings.pause": "let the clock stand still",
        "findings.pause_over": "recorded that the pause was over",
        "findings.resume": "let the clock run again",
        "findings.overdue": "told that it is overdue",
        "findings.withdraw_control": "withdrew the control",
        "findings.reopen": "opened the finding again",
        "findings.carry_over": "recorded the exception that took the place of the one before",
        "findings.plan_control": "planned the control",
        "findings.add_metric": "put a cost beside the benefit",
        "findings.measure": "recorded a count",
        "findings.amend_plan": "changed the plan",
        "findings.waive_baseline": "waived the baseline",
        "findings.deploy_control": "recorded the control as deployed",
        "findings.verify_control": "verified the control",
        "findings.close": "closed the finding",
        "findings.close_as_duplicate": "closed the finding as a repetition",
        "findings.export": "exported findings",
        "findings.propose_lesson": "proposed a topic for the next call",
        "findings.take_lesson": "took the topic into a call",
        "findings.set_lesson_aside": "set the topic aside",
    }
)
verbs.register_values(
    {
        "findings.closure": Closure.choices,
        "findings.mapping": Mapping.choices,
        "findings.metric": Metric.choices,
        "findings.selection": Selection.choices,
        "findings.setting": Setting.choices,
        "findings.phase": Measurement.Phase.choices,
        "findings.state": (*FindingState.choices, *ControlState.choices, *LessonState.choices),
        "findings.verdict": Verdict.choices,
        "findings.waits_on": WaitsOn.choices,
        "severity": Severity.choices,
    }
)
verbs.register_fields(
    {
        "findings.closure": "closed with",
        "findings.answer": "answered by",
        "findings.grace": "a fresh window, since the rule’s time was past",
        "findings.look_again_at": "looked at again on",
        "findings.told": "told",
        "findings.until": "until",
        "findings.waits_on": "waits for",
        "findings.mapping": "turns into",
        "findings.threshold": "least improvement",
        "findings.minimum": "least number",
        **{f"findings.{name}": words for name, words in LABELS.items() if name != "context"},
    }
)


@parts.register
def lessons(call: Call, user: Any) -> Iterator[parts.Part]:
    """On a call that is being written: topics that findings propose, for who edits it."""
    if programs.may_edit(call, user) is not None:
        return
    waiting = Lesson.objects.waiting().filter(program=call.program_id).select_related("proposed_by")
    shown = [
        (
            lesson,
            reverse("findings:take_lesson", args=[lesson.pk, call.ref]),
            route_to("findings:set_lesson_aside", lesson.pk),
        )
        for lesson in waiting[:20]
    ]
    if shown:
        yield parts.Part(
            "Topics that findings propose",
            "findings/_lessons.html",
            {"lessons": shown},
            order=60,
            aside=True,
        )


@panels.register
def case_findings(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[panels.Panel]:
    """What this case found, and the way to report more."""
    rows = Finding.objects.filter(fellowship=fellowship)  # the case is visible, so they are
    may_report = policy.may_report(fellowship, user) is None
    found = list(rows.only("ref", "title", "severity", "cvss_score", "state").order_by("-id")[:20])
    if found or may_report:
        yield panels.Panel(
            "findings.case",
            "Findings",
            "findings/_case.html",
            {"findings": found, "may_report": may_report},
            order=60,
        )
