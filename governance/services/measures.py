"""Tests of what makes up for an exception: due by the rule, recorded with what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.clocks.services import many
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import rules
from governance.models import ExceptionRecord, MeasureTest
from governance.policy import exceptions as policy
from governance.states import RuleKind

MEASURE_CLOCK = "governance.measure_test"
SILENCE = say("The chair and the programme manager are told, and the risk register shows it.")


@journal.verb("governance.test_measure")
def record_measure_test(
    *,
    exception: ExceptionRecord,
    held: bool,
    found: str,
    by: User,
    tested_at: dt.datetime | None = None,
) -> MeasureTest:
    """Record that the compensating measure was tested at `tested_at` (default now), and the result.

    The next test is due a rule's window later. One that did not hold is told at once to the owner
    and to those who can end the exception. The same said twice is one test.
    """
    rows = ExceptionRecord.objects.locked().select_related("program", "owner")
    exception = rows.get(pk=exception.pk)
    found, at = found.strip(), tested_at or now()
    last = exception.measure_tests.first()
    if last and (last.held, last.found, last.tested_by_id) == (held, found, by.pk):
        return last
    refuse(policy.may_test(exception, by))
    refuse(policy.sound_test(exception, found=found, at=at, last=last.tested_at if last else None))
    test = MeasureTest.objects.create(
        exception=exception,
        number=last.number + 1 if last else 1,
        held=held,
        found=found,
        tested_at=at,
        tested_by=by,
    )
    exception.measure_tested_at, exception.measure_held = at, held
    await_test(exception, by, since=at)
    exception.save()
    change = {"test": test.number, "held": held, "at": at, "next": exception.measure_due_at}
    journal.record(subject=exception, change=change)
    if not held:
        _tell_failed(exception, found)
    return test


def await_test(exception: ExceptionRecord, by: Actor, *, since: dt.datetime) -> None:
    """Let the clock of the next test run, for the window of the rule from `since`.

    Where the exception ends before that, no further test is due. The caller saves `measure_due_at`.
    """
    rule = rules.in_force(exception.program_id, RuleKind.EXCEPTIONS)
    window, calendar = rule.params.measure_tested_every, exception.program.calendar()
    due = window.due(since, calendar)
    drop_test(exception, by, reason=say("The measure was tested."))
    if due >= exception.expires_at:
        return
    exception.measure_due_at = due
    clocks.start(
        kind=MEASURE_CLOCK,
        subject=exception,
        realm=exception.program_id,
        window=window,
        by=by,
        holder="us",
        holder_user=exception.owner,
        silence=SILENCE,
        rule=str(rule),
        at=since,
    )


def drop_test(exception: ExceptionRecord, by: Actor, *, reason: str) -> None:
    """No test is awaited any more. The caller saves `measure_due_at`."""
    exception.measure_due_at = None
    clocks.stop_open(subject=exception, kinds=[MEASURE_CLOCK], by=by, reason=reason)


def drop_tests(exceptions: Iterable[int], *, by: Actor) -> None:
    """No test of these is awaited: they ended by themselves. In a fixed number of queries."""
    late = many.open_on(MEASURE_CLOCK, ExceptionRecord, list(exceptions))
    if late:
        many.stop_many(late, by=by, reason=say("The exception has ended."))


def _tell_failed(exception: ExceptionRecord, found: str) -> None:
    board = holders(exception.program_id, roles.CHAIR, roles.MANAGER, roles.ONCALL)
    notify(
        kind="governance.measure_failed",
        to={exception.owner, *board},
        subject_obj=exception,
        realm=exception.program_id,
        title=say("{ref}: what makes up for it did not hold", ref=exception.ref),
        body=say(
            "{title}\n\n{found}\n\nThe exception still applies: it may be ended now.",
            title=exception.title,
            found=found,
        ),
        url=exception.get_absolute_url(),
        urgent=True,
    )
