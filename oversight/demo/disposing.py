"""Findings whose disposition is told at length: asked back, put off, rated anew, rejected, late."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.kernel.time import now
from findings import services as findings
from findings.models import Finding
from oversight.demo.content import dispositions as words

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    _reconnect(story)
    _hausa(story)
    at(-44.5, partial(_excepted, story))
    at(-31, partial(_report, story, 0, "quoted"))
    at(-29, partial(_take, story, "quoted"))
    at(-24, partial(_reject, story))
    at(-22, partial(_say, story, "quoted", words.OBJECTED, fellow=True))
    at(-20, partial(_say, story, "quoted", words.ANSWERED))
    at(-18.2, partial(_report, story, 2, "memory"))
    at(-15.2, partial(_take, story, "memory"))
    at(-7.2, partial(_report, story, 0, "summary"))
    at(-6.2, partial(_take, story, "summary"))
    at(-1.4, partial(_ask, story, "summary", words.WHICH_PAGES, 6))


def _reconnect(story: Story) -> None:
    """Asked back and answered, accepted, then found to be worse: a fresh window, said before."""
    at = story.stage.at
    at(-58, partial(_take, story, "session"))
    at(-55, partial(_ask, story, "session", words.RECONNECT, 10))
    at(-52, partial(_say, story, "session", words.RECONNECTED, fellow=True))
    at(-49, partial(_accept, story, "session", "control", "Confirmed on the test gateway."))
    at(-12, partial(_rerate, story))


def _hausa(story: Story) -> None:
    """Put off to a day on which it came back by itself, accepted, and put off once more."""
    at = story.stage.at
    at(-69.5, partial(_take, story, "filter"))
    at(-68, partial(_defer, story, "filter", words.HAUSA_LATER, 25))
    at(-35, partial(_accept, story, "filter", "evaluation", words.HAUSA_AGAIN))
    at(-20.5, partial(_defer, story, "filter", words.HAUSA_FREEZE, 25))


def _of(story: Story, name: str) -> Finding:
    rows = Finding.objects.select_related("program", "fellowship__fellow")
    return rows.get(pk=story.findings[name].pk)


def _report(story: Story, index: int, name: str) -> None:
    case = story.case(A, index)
    table = findings.register_artifact(
        fellowship=case,
        name=f"Trials and codes, {name}",
        sha256=hashlib.sha256(f"{case.ref}{name}".encode()).hexdigest(),
        size=31_077,
        by=case.fellow,
    )
    story.findings[name] = findings.report_finding(
        fellowship=case, by=case.fellow, evidence=[table], **words.FINDINGS[name]
    )


def _take(story: Story, name: str) -> None:
    findings.take_finding(finding=_of(story, name), by=story.cast["product-owner"])


def _accept(story: Story, name: str, mapping: str, reason: str) -> None:
    findings.accept_finding(
        finding=_of(story, name), by=story.cast["product-owner"], mapping=mapping, reason=reason
    )


def _ask(story: Story, name: str, question: str, days: int) -> None:
    findings.pause_finding(
        finding=_of(story, name),
        by=story.cast["product-owner"],
        until=now() + dt.timedelta(days=days),
        waits_on="fellow",
        reason=question,
    )


def _say(story: Story, name: str, text: str, *, fellow: bool = False) -> None:
    finding = _of(story, name)
    by = finding.fellowship.fellow if fellow else story.cast["product-owner"]
    findings.reply(finding=finding, text=text, by=by)


def _rerate(story: Story) -> None:
    findings.rerate_finding(
        finding=_of(story, "session"),
        severity="high",
        by=story.cast["oncall"],
        reason=words.SEEN_LIVE,
        evidence=words.LIVE_LOG,
        confirmed=True,
    )


def _defer(story: Story, name: str, reason: str, days: int) -> None:
    findings.defer_finding(
        finding=_of(story, name),
        by=story.cast["product-owner"],
        reason=reason,
        look_again_at=now() + dt.timedelta(days=days),
    )


def _reject(story: Story) -> None:
    findings.reject_finding(
        finding=_of(story, "quoted"), by=story.cast["product-owner"], reason=words.AS_DESIGNED
    )


def _excepted(story: Story) -> None:
    """What the exception covers is closed for as long as it lasts."""
    findings.close_finding(
        finding=_of(story, "empty"),
        closure="exception",
        by=story.cast["product-owner"],
        reason="Until the runtime's next release; the exception names what is done meanwhile.",
    )
