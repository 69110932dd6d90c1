"""Where findings appear outside their own pages: navigation, home, words for verbs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.programs import parts
from fellowship.programs import policy as programs
from fellowship.programs.models import Call
from fellowship.web import nav, verbs
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
    say("Triage"),
    "findings:queue",
    visible=lambda user: holds_anywhere(user, *SEE),
    section="triage",
    order=40,
)
nav.register(
    say("Controls"),
    "findings:controls",
    visible=lambda user: holds_anywhere(user, *SEE),
    section="triage",
    order=41,
)
nav.register(
    say("Portfolio"),
    "findings:portfolios",
    visible=lambda user: holds_anywhere(user, *READERS),
    section="triage",
    order=42,
)
nav.register(
    say("My findings"),
    "findings:queue",
    visible=lambda user: holds_anywhere(user, roles.FELLOW),
    section="portal",
    order=40,
    rail=True,
)
verbs.register(
    {
        "findings.register_artifact": say("registered a result"),
        "findings.report": say("reported the finding"),
        "findings.change_embargo": say("changed the embargo"),
        "findings.read_import": say("read a file of findings"),
        "findings.mark_import_row": say("marked a row of the file"),
        "findings.import": say("imported findings"),
        "findings.take": say("took the finding up"),
        "findings.claim": say("took the finding over"),
        "findings.assign": say("assigned the finding"),
        "findings.run_batch": say("changed findings together"),
        "findings.undo_batch": say("took back a change of findings"),
        "findings.put_back": say("put the finding back as it was"),
        "findings.enter_cover": say("entered an absence"),
        "findings.end_cover": say("took back an absence"),
        "findings.save_filter": say("saved a filter"),
        "findings.change_filter": say("changed a filter"),
        "findings.remove_filter": say("removed a filter"),
        "findings.accept": say("accepted the finding"),
        "findings.defer": say("deferred the finding"),
        "findings.reject": say("rejected the finding"),
        "findings.refer": say("asked the board to reject the finding"),
        "findings.reconsider": say("took the finding up again"),
        "findings.reply": say("replied"),
        "findings.rerate": say("changed the severity"),
        "findings.pause": say("let the clock stand still"),
        "findings.pause_over": say("recorded that the pause was over"),
        "findings.resume": say("let the clock run again"),
        "findings.overdue": say("told that it is overdue"),
        "findings.withdraw_control": say("withdrew the control"),
        "findings.reopen": say("opened the finding again"),
        "findings.carry_over": say("recorded the exception that took the place of the one before"),
        "findings.plan_control": say("planned the control"),
        "findings.add_metric": say("put a cost beside the benefit"),
        "findings.measure": say("recorded a count"),
        "findings.amend_plan": say("changed the plan"),
        "findings.waive_baseline": say("waived the baseline"),
        "findings.deploy_control": say("recorded the control as deployed"),
        "findings.verify_control": say("verified the control"),
        "findings.close": say("closed the finding"),
        "findings.close_as_duplicate": say("closed the finding as a repetition"),
        "findings.export": say("exported findings"),
        "findings.propose_lesson": say("proposed a topic for the next call"),
        "findings.take_lesson": say("took the topic into a call"),
        "findings.set_lesson_aside": say("set the topic aside"),
    }
)
verbs.register_values(
    {
        "findings.baseline": [("waived", say("waived"))],
        "findings.closure": Closure.choices,
        "findings.mapping": Mapping.choices,
        "findings.metric": Metric.choices,
        "findings.selection": Selection.choices,
        "findings.setting": Setting.choices,
        "findings.plan": [("locked", say("locked"))],
        "findings.phase": Measurement.Phase.choices,
        "findings.state": (*FindingState.choices, *ControlState.choices, *LessonState.choices),
        "findings.verdict": Verdict.choices,
        "findings.waits_on": WaitsOn.choices,
        "severity": Severity.choices,
    }
)
verbs.register_fields(
    {
        "findings.closure": say("closed with"),
        "findings.answer": say("answered by"),
        "findings.grace": say("a fresh window, since the rule’s time was past"),
        "findings.look_again_at": say("looked at again on"),
        "findings.told": say("told"),
        "findings.until": say("until"),
        "findings.waits_on": say("waits for"),
        "findings.mapping": say("turns into"),
        "findings.threshold": say("least improvement"),
        "findings.minimum": say("least number"),
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
            say("Topics that findings propose"),
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
            say("Findings"),
            "findings/_case.html",
            {"findings": found, "may_report": may_report},
            order=60,
        )
