"""The board's standing meetings in the story: one held and minuted, the next with its agenda."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.models import Finding
from governance import services as governance
from governance.models import ExceptionRecord, Meeting
from oversight.demo import scenes
from oversight.demo.cast import Cast

PRESENT = ("board-research", "board-security", "board-policy", "board-legal", "chair")
REQUEST: dict[str, Any] = {
    "kind": "control_not_implemented",
    "title": "Daily sampling until document properties are stripped",
    "rationale": "The converter that drops document properties ships with the next release.",
    "risk": "An instruction in a document's properties steers the reader in one place of four.",
    "compensating_measure": "Summaries of uploaded documents are sampled every day.",
    "measure_test": "Five planted documents a week; all must show up in the sample.",
}


def begin(cast: Cast, program: Program, today: dt.datetime) -> list[Meeting]:
    """The chair sets the cadence: every second week, at ten on the programme's wall."""
    first = program.day(today) + dt.timedelta(days=1)
    while first.weekday() > 3:
        first += dt.timedelta(days=1)
    cadence = governance.set_cadence(
        program=program,
        first_on=first,
        at=dt.time(10),
        every_weeks=2,
        minutes=60,
        place="Room Curie, or by the link in the invitation",
        by=cast["chair"],
    )
    return list(cadence.meetings.order_by("starts_at"))


def keep_minutes(cast: Cast, meeting: Meeting) -> None:
    """The board meets: who is there, and the minutes from the record, approved."""
    for name in PRESENT:
        governance.mark_present(meeting=meeting, user=cast[name], present=True, by=cast["chair"])
    drafted = governance.draft_minutes(meeting=meeting, by=cast["manager"])
    governance.approve_minutes(meeting=drafted, by=cast["chair"])


def ask_for_more_time(cast: Cast, finding: Finding, until: dt.datetime) -> None:
    """A request goes to the board, and two members vote on it."""
    exception = governance.request_exception(
        program=finding.program,
        subject=finding,
        owner=cast["product-owner"],
        expires_at=until,
        by=cast["manager"],
        **REQUEST,
    )
    people = [cast["board-security"], cast["board-legal"]]
    scenes.declare_none(cast, exception, people)
    matter = scenes.matter_about(exception)
    for member in people:
        scenes.vote(cast, matter, member, "approve")


def add_a_risk(cast: Cast) -> None:
    """The asker changes the request; who had voted is asked again."""
    exception = ExceptionRecord.objects.get(title=REQUEST["title"])
    names = ("title", "rationale", "measure_test", "expires_at")
    governance.amend_exception(
        exception=exception,
        by=cast["manager"],
        reason="The security seat asked what happens while the sampler is down: it was left out.",
        risk=f"{REQUEST['risk']} While the sampler is down, nobody would notice.",
        compensating_measure=REQUEST["compensating_measure"].replace("every day", "twice a day"),
        **{name: getattr(exception, name) for name in names},
    )


def propose_consent(cast: Cast, subject: Any) -> None:
    """The chair lists a matter for the next meeting, to be recorded without discussion."""
    matter = scenes.matter_about(subject)
    ahead = Meeting.objects.filter(program=matter.program, starts_at__gt=now(), cancelled_at=None)
    meeting = ahead.earliest("starts_at")
    governance.list_consent(meeting=meeting, matter=matter, by=cast["chair"])
