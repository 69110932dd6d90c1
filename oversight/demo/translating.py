"""From finding to change: requests to the product team, tests that must pass, contested advice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.kernel.time import now
from findings import services as findings
from findings.models import Finding

if TYPE_CHECKING:
    from oversight.demo.story import Story

LIMIT: Final = "Attack works at most one time in ten after the change"


def plan(story: Story) -> None:
    """Put it on the stage.

    “drift” goes the whole way, from dataset to verdict. “hidden” is done, says the tracker, and
    waits for its control. The rest stand still earlier on.
    """
    at = story.stage.at
    at(-96, partial(_class, story, "drift", "jailbreak"))
    at(-95, partial(_ask, story, "drift", "End sessions after 35 turns", "ENG-412"))
    at(-94, partial(_test, story))
    at(-93, partial(_report, story, "drift", "in_progress", "ENG-412:1", "Sprint 31"))
    at(-81, partial(_report, story, "drift", "done", "ENG-412:2", "Merged for version 4.3"))
    at(-66, partial(_run, story))
    at(-56, partial(_contest_matrix, story))
    at(-53, partial(_answer, story))
    at(-2.9, partial(_class, story, "hidden", "prompt_injection"))
    at(-2.7, partial(_ask, story, "hidden", "Mark tool results as data", "ENG-548"))
    at(
        -2.4,
        partial(_report, story, "hidden", "in_progress", "ENG-548:1", "Taken by the tools team"),
    )
    at(-0.9, partial(_report, story, "hidden", "done", "ENG-548:3", "Behind a switch, off for now"))
    at(-0.8, partial(_late, story))
    at(-2.2, partial(_contest_finding, story))


def _of(story: Story, name: str) -> Finding:
    rows = Finding.objects.select_related("program", "fellowship__fellow")
    return rows.get(pk=story.findings[name].pk)


def _class(story: Story, name: str, finding_class: str) -> None:
    findings.classify(
        finding=_of(story, name), finding_class=finding_class, by=story.cast["product-owner"]
    )


def _ask(story: Story, name: str, title: str, key: str) -> None:
    findings.request_change(
        finding=_of(story, name),
        title=title,
        description="As the finding describes. Tell us when it is merged, not when it is live.",
        tracker_url=f"https://tracker.example/{key}",
        tracker_key=key,
        by=story.cast["product-owner"],
    )


def _report(
    story: Story,
    name: str,
    state: str,
    report_id: str,
    note: str,
    *,
    at: dt.datetime | None = None,
) -> None:
    findings.report_change(
        change_request=_of(story, name).change_requests.get(),
        state=state,
        report_id=report_id,
        note=note,
        at=at,
        by=story.cast["product-owner-two"],
    )


def _late(story: Story) -> None:
    """A report that was held up on its way: kept, without effect."""
    earlier = now() - dt.timedelta(days=1)
    _report(story, "hidden", "open", "ENG-548:2", "Back to the backlog", at=earlier)


def _test(story: Story) -> None:
    findings.plan_test(
        finding=_of(story, "drift"),
        title=LIMIT,
        must="metric",
        metric="attack_success",
        limit=Decimal("0.1"),
        minimum_trials=50,
        required=True,
        by=story.cast["product-owner"],
    )


def _run(story: Story) -> None:
    findings.record_test(
        test=_of(story, "drift").acceptance_tests.get(),
        hits=4,
        trials=60,
        evidence="Run 812 of the red-team suite, version 4.3, sha256 5be1…c07d",
        by=story.cast["oncall"],
    )


def _contest_matrix(story: Story) -> None:
    program = _of(story, "drift").program
    findings.contest(
        program=program,
        finding_class="over_refusal",
        family="preventive",
        control_type="prompt_template",
        reason="Every product writes its own template. A shared one would be overwritten.",
        by=story.cast["product-owner"],
    )


def _answer(story: Story) -> None:
    findings.answer_contest(
        contest=_of(story, "drift").program.contests.get(),
        outcome="replaced",
        answer="Agreed: a written rule binds all products, a template binds one.",
        instead_family="preventive",
        instead_type="policy",
        by=story.cast["manager"],
    )


def _contest_finding(story: Story) -> None:
    finding = _of(story, "hidden")
    findings.contest(
        program=finding.program,
        finding=finding,
        finding_class="prompt_injection",
        family="compensating",
        control_type="session_limit",
        reason="The attack needs one tool result. A limit on turns would only cost our users.",
        by=story.cast["product-owner"],
    )
