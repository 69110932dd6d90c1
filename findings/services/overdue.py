"""What time does to findings: told once at each step while overdue, open again when a ground ends.

Everything here is read off dates and recorded once, however late the sweep comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final, cast

from django.db.models import Exists, F, OuterRef, Q

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel import journal
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say
from fellowship.notices.services import Message, notify_each
from findings import terms
from findings.models import DuePause, Finding, Overdue
from findings.services.clock import record_pause_over
from findings.services.closing import carry_over, reopen_finding
from findings.services.common import date_of, end_of
from findings.services.dispositions import reconsider_finding
from findings.states import UNSETTLED, Closure, FindingState, OverdueStep
from governance import exceptions

SWEEP: Final = System("clocks.sweep")
BATCH: Final = 500
READ: Final = ("fellowship", "program__realm", "product_owner")


def record_what_ended(at: dt.datetime) -> int:
    """Record each pause that is over, and open again what was settled on a ground that ended."""
    pauses = DuePause.objects.filter(ended_at=None, until__lte=at).values("segment__finding_id")
    done = 0
    for finding in Finding.objects.filter(pk__in=pauses).order_by("pk")[:BATCH]:
        record_pause_over(finding=finding, by=SWEEP)
        done += 1
    shown = ("exception", "closing_control", "program")
    for finding in Finding.objects.lapsed(at).select_related(*shown).order_by("pk")[:BATCH]:
        _open_again(finding)
        done += 1
    ended = Q(exception__expires_at__lte=at) | Q(exception__ended_at__lte=at)
    carried = Finding.objects.filter(ended, closure=Closure.EXCEPTION)
    for finding in carried.order_by("pk")[:BATCH]:
        before = finding.exception_id
        done += carry_over(finding=finding, by=SWEEP).exception_id != before
    return done


def _open_again(finding: Finding) -> None:
    reason, since = why_open(finding)
    if finding.state == FindingState.DEFERRED:
        reconsider_finding(finding=finding, by=SWEEP, reason=reason, since=since)
    else:
        reopen_finding(finding=finding, by=SWEEP, reason=reason, since=since)


def why_open(finding: Finding) -> tuple[str, dt.datetime | None]:
    """Why a lapsed finding is open again, and since when."""
    if finding.state == FindingState.DEFERRED:
        day = date_of(finding, finding.look_again_at)
        return say("It was deferred until {day}.", day=day), finding.look_again_at
    if finding.exception:
        ended = finding.exception.ended_at or finding.exception.expires_at
        said = say(
            "The exception {ref} ended on {date_of}.",
            ref=finding.exception.ref,
            date_of=date_of(finding, ended),
        )
        return said, ended
    control = finding.closing_control
    return say(
        "The control {more} is verified no longer.", more=control.ref if control else ""
    ), None


def covered(finding: Finding) -> bool:
    """Whether a live exception stands for the finding now."""
    return exceptions.covered(finding, "control_not_implemented")


def tell_overdue(at: dt.datetime) -> int:
    """Take every step that is due: the owner when it is overdue, the sponsor after that.

    Each step is taken once for each due time. After an outage all that were missed are taken.
    """
    return _tell_owners(at) + _tell_sponsors(at)


def _tell_owners(at: dt.datetime) -> int:
    told = Overdue.objects.filter(finding=OuterRef("pk"), due_at=OuterRef("due_at"))
    rows = Finding.objects.overdue(at).filter(~Exists(told)).select_related(*READ)
    found = list(rows.order_by("due_at", "id")[:BATCH])
    return _take(found, OverdueStep.OWNER, at, {f.pk: _sponsor_at(f) for f in found})


def _sponsor_at(finding: Finding) -> dt.datetime:
    return terms.sponsor_after(finding).due(_due(finding), finding.program.calendar())


def _due(finding: Finding) -> dt.datetime:
    """When an overdue finding was due: it has a due time, or it would not be overdue."""
    return cast("dt.datetime", finding.due_at)


def _tell_sponsors(at: dt.datetime) -> int:
    told = Overdue.objects.filter(
        finding=OuterRef("finding"), due_at=OuterRef("due_at"), step=OverdueStep.SPONSOR
    )
    due = Overdue.objects.filter(
        ~Exists(told),
        step=OverdueStep.OWNER,
        next_at__lte=at,
        finding__state__in=UNSETTLED,
        finding__due_at=F("due_at"),
    )
    rows = Finding.objects.filter(pk__in=due.values("finding_id")).select_related(*READ)
    return _take(list(rows.order_by("due_at", "id")[:BATCH]), OverdueStep.SPONSOR, at, {})


def _take(
    findings: list[Finding], step: OverdueStep, at: dt.datetime, following: dict[int, dt.datetime]
) -> int:
    people = _People()
    for finding in findings:
        told = people.told(finding, step)
        with journal.acting("findings.overdue", by=SWEEP):
            Overdue.objects.create(
                finding=finding,
                due_at=_due(finding),
                step=step,
                at=at,
                next_at=following.get(finding.pk),
            )
            journal.record(
                subject=finding,
                change={"due_at": finding.due_at, "told": OverdueStep(step).label},
            )
            notify_each([_message(finding, step, told)])
    return len(findings)


class _People:
    """Who holds a role in a programme, asked once each."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], list[User]] = {}

    def told(self, finding: Finding, step: OverdueStep) -> list[User]:
        """The owner, or every product owner where there is none; at the second step the sponsor."""
        if step == OverdueStep.SPONSOR:
            return self._of(finding.program_id, roles.SPONSOR)
        if finding.product_owner:
            return [finding.product_owner]
        return self._of(finding.program_id, roles.PRODUCT_OWNER)

    def _of(self, program_id: int, role: str) -> list[User]:
        key = (program_id, role)
        if key not in self._known:
            self._known[key] = list(holders(program_id, role))
        return self._known[key]


def _message(finding: Finding, step: OverdueStep, to: Iterable[User]) -> Message:
    due = end_of(finding, finding.due_at)
    owner = finding.product_owner or say("nobody yet")
    if step == OverdueStep.SPONSOR:
        says = say(
            "It was due on {due}, and its owner was told then. Owner: {owner}.",
            due=due,
            owner=owner,
        )
    else:
        after = date_of(finding, _sponsor_at(finding))
        says = say(
            "It was due on {due}. If nothing happens, the sponsor is told on {after}.",
            due=due,
            after=after,
        )
    return Message(
        kind="findings.overdue",
        to=to,
        title=say("{ref} is overdue: {title}", ref=finding.ref, title=finding.title),
        body=says,
        url=finding.get_absolute_url(),
        subject_obj=finding,
        realm=finding.program.realm,
        urgent=True,
        dedupe=f"overdue:{finding.pk}:{_due(finding).isoformat()}:{int(step)}",
    )
