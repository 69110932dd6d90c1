"""The due clock of a finding: each start and stop leaves a stretch of its timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from fellowship.accounts.models import Actor, User
from fellowship.clocks import queries
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.clocks.states import State
from fellowship.history.bulk import Along
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from findings import terms
from findings.duetimes import Due, Span
from findings.models import DuePause, DueSegment, Finding
from findings.states import SegmentWhy

DUE_CLOCK = "findings.due"
SILENCE = say("It goes to the product owner, then to the sponsor.")


def start_clock(
    finding: Finding,
    by: Actor,
    window: Window,
    due_at: dt.datetime | None = None,
    *,
    why: SegmentWhy = SegmentWhy.REPORTED,
    due: Due | None = None,
    counts_from: dt.datetime | None = None,
    reason: str = "",
    evidence: str = "",
) -> None:
    """Start the finding’s clock, in place of the one that ran, as a new stretch of its timeline.

    `due` is a due time worked out before; else it is the window's end from now, or the earlier
    `due_at`.
    """
    stop_clock(finding, by)
    at = now()
    clock = clocks.start(
        kind=DUE_CLOCK,
        subject=finding,
        realm=finding.program.realm,
        window=window,
        by=by,
        holder="us",
        holder_user=finding.product_owner,
        silence=SILENCE,
        rule=terms.rule_label(finding),
        due_at=due.at if due else due_at,
        latest=max(due.at, due.by_rule) if due else None,
    )
    add_segment(
        finding,
        by,
        window,
        due or Due(clock.due_at, window.due(at, finding.program.calendar())),
        why=why,
        counts_from=counts_from or at,
        reason=reason,
        evidence=evidence,
    )
    finding.due_at = clock.due_at
    finding.save()


def add_segment(
    finding: Finding,
    by: Actor,
    window: Window,
    due: Due,
    *,
    why: SegmentWhy,
    counts_from: dt.datetime,
    reason: str = "",
    evidence: str = "",
) -> DueSegment:
    """Append a stretch; the one before must have ended."""
    return DueSegment.objects.create(
        finding=finding,
        number=DueSegment.objects.filter(finding=finding).count() + 1,
        why=why,
        severity=finding.severity,
        rule=terms.rule_label(finding),
        window=str(window),
        counts_from=min(counts_from, now()),
        starts_at=now(),
        due_at=due.at,
        by_rule_at=due.by_rule,
        grace=due.grace,
        reason=reason.strip(),
        evidence=evidence.strip(),
        by=by if isinstance(by, User) else None,
    )


def stop_clock(finding: Finding, by: Actor) -> None:
    """Stop the finding’s clock, and end its stretch and its pause."""
    end_pause(finding, by, now())
    end_segment(finding)
    reason = f"{finding.ref} {finding.state}"
    clocks.stop_open(subject=finding, kinds=[DUE_CLOCK], by=by, reason=reason)


def end_segment(finding: Finding) -> None:
    """End the open stretch, if any."""
    open_one = DueSegment.objects.locked().filter(finding=finding, ended_at=None).first()
    if open_one:
        open_one.ended_at = max(now(), open_one.starts_at)
        open_one.save()


def end_pause(finding: Finding, by: Actor, at: dt.datetime) -> bool:
    """End the open pause at `at`, or when it was over by itself; whether there was one."""
    pause = DuePause.objects.locked().filter(segment__finding=finding, ended_at=None).first()
    if pause is None:
        return False
    pause.ended_at = max(min(at, pause.until), pause.paused_at)
    clock = queries.current(finding, DUE_CLOCK)
    if clock and clock.state == State.PAUSED:
        clock = clocks.resume(clock=clock, by=by, at=pause.ended_at)
        pause.due_after = finding.due_at = clock.due_at
    pause.save()
    finding.save()
    return True


def obligation(finding: Finding) -> tuple[dt.datetime, list[Span], dt.datetime | None]:
    """Since when what is asked of the owner now is asked, the pauses since, and an agreed date.

    A change of severity goes on with what was asked before; everything else asks anew.
    """
    rows = list(
        DueSegment.objects.filter(finding=finding).prefetch_related("pauses").order_by("number")
    )
    begun = max(
        (i for i, row in enumerate(rows) if row.why != SegmentWhy.RERATED), default=len(rows)
    )
    since = rows[begun:]
    pauses = [
        (p.paused_at, max(min(p.ended_at or p.until, now()), p.paused_at))
        for row in since
        for p in row.pauses.all()
    ]
    if not since:
        return finding.reported_at, pauses, None
    agreed = since[0].due_at if since[0].due_at < since[0].by_rule_at else None
    return since[0].counts_from, pauses, agreed


@dataclass(frozen=True)
class Ended:
    """Open stretches and pauses of many findings, ended but not saved."""

    segments: Sequence[DueSegment] = ()
    pauses: Sequence[DuePause] = ()

    @property
    def pause_ends(self) -> dict[int, dt.datetime]:
        """When the pause of a finding was over, by the finding's key."""
        return {p.segment.finding_id: p.ended_at for p in self.pauses if p.ended_at}

    def along(self) -> list[Along]:
        """To be saved with the findings, in the same events."""
        return [
            Along(self.segments, ["ended_at"], of=lambda one: one.finding_id),
            Along(self.pauses, ["ended_at", "due_after"], of=lambda one: one.segment.finding_id),
        ]


def end_many(findings: Sequence[Finding], open_clocks: Sequence[Clock], by: Actor) -> Ended:
    """End the open stretches and pauses of many findings whose clocks are about to stop.

    What `end_pause` and `end_segment` do for one; a fixed number of queries. A pause that ends
    moves the due time of its finding, whom the caller saves with the rest.
    """
    at = now()
    segments = list(
        DueSegment.objects.locked().filter(finding__in=findings, ended_at=None).order_by("pk")
    )
    known = {segment.pk: segment for segment in segments}
    pauses = list(DuePause.objects.locked().filter(segment__in=known, ended_at=None).order_by("pk"))
    for segment in segments:
        segment.ended_at = max(at, segment.starts_at)
    for pause in pauses:
        pause.segment = known[pause.segment_id]
        pause.ended_at = max(min(at, pause.until), pause.paused_at)
    ended = Ended(segments, pauses)
    if pauses:
        resumed = clocks.resume_many(open_clocks, ended.pause_ends, by=by)
        due = {clock.subject_id: clock.due_at for clock in resumed}
        for pause in pauses:
            pause.due_after = due.get(pause.segment.finding_id, pause.due_after)
        for finding in findings:
            finding.due_at = due.get(finding.pk, finding.due_at)
    return ended


def run_on_many(keys: Collection[int]) -> list[DueSegment]:
    """The last stretches of these findings, open again but not saved.

    For a change that ended them and is taken back. A pause that ended with one stays ended.
    """
    later = DueSegment.objects.filter(finding=OuterRef("finding"), number__gt=OuterRef("number"))
    rows = DueSegment.objects.locked().filter(~Exists(later), finding__in=keys)
    segments = list(rows.filter(ended_at__isnull=False).order_by("pk"))
    for segment in segments:
        segment.ended_at = None
    return segments
