"""The verbs of exceptions: request, grant, refuse, withdraw, end."""

from __future__ import annotations

import datetime as dt

from django.db.models import Model

from fellowship.accounts.models import Actor, User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from governance.models import Decision, ExceptionRecord, Matter
from governance.policy import exceptions as policy
from governance.services.board import refer, withdraw_matter
from governance.services.measures import await_test, drop_test
from governance.states import EXCEPTION_MOVES, ExceptionState, Outcome

MATTER_KIND = "governance.exception"


@journal.verb("governance.request_exception")
def request_exception(
    *,
    program: Program,
    kind: str,
    subject: Model,
    title: str,
    owner: User,
    rationale: str,
    risk: str,
    compensating_measure: str,
    measure_test: str,
    expires_at: dt.datetime,
    by: User,
    starts_at: dt.datetime | None = None,
    extends: ExceptionRecord | None = None,
) -> ExceptionRecord:
    """Ask the board for an exception for `subject`, until `expires_at`, with an owner.

    The same request still with the board is returned as it is.
    """
    Program.objects.locked().get(pk=program.pk)
    starts_at = starts_at or now()
    refuse(policy.may_request(program, owner, by))
    refuse(
        policy.says_enough(
            title=title,
            rationale=rationale,
            risk=risk,
            measure=compensating_measure,
            measure_test=measure_test,
        )
    )
    refuse(policy.fits_its_term(program, kind, starts_at, expires_at))
    refuse(policy.may_extend(extends, kind, subject))
    pending = ExceptionRecord.objects.about(subject).filter(
        kind=kind, requested_by=by, state=ExceptionState.REQUESTED, expires_at=expires_at
    )
    if there := pending.first():
        return there
    exception = ExceptionRecord.objects.create(
        program=program,
        ref=next_reference("EXC"),
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_label=str(subject)[:250],
        title=title.strip()[:250],
        owner=owner,
        requested_by=by,
        requested_at=now(),
        rationale=rationale.strip(),
        risk=risk.strip(),
        compensating_measure=compensating_measure.strip(),
        measure_test=measure_test.strip(),
        starts_at=starts_at,
        expires_at=expires_at,
        extends=extends,
        renewals=extends.renewals + 1 if extends else 0,
    )
    change = {"kind": kind, "from": starts_at, "until": expires_at, "renewals": exception.renewals}
    journal.record(subject=exception, change=change)
    refer(kind=MATTER_KIND, subject=exception, program=program, by=by)
    return exception


@journal.verb("governance.grant_exception")
def grant_exception(*, exception: ExceptionRecord, decision: Decision, by: User) -> ExceptionRecord:
    """Grant what the board approved; called where its decision is performed.

    It never starts before the decision: nobody is covered backwards. Granted on conditions it waits
    until all are settled. One granted stays as it is.
    """
    rows = ExceptionRecord.objects.locked().select_related("program", "owner")
    exception = rows.get(pk=exception.pk)
    if exception.state == ExceptionState.GRANTED:
        return unchanged(exception, policy.may_grant(exception, by))
    refuse(policy.may_grant(exception, by))
    exception.state = EXCEPTION_MOVES.target(exception.state, "grant")
    exception.approved_by, exception.approved_at, exception.decision = by, now(), decision
    exception.starts_at = max(exception.starts_at, exception.approved_at)
    exception.waits = decision.outcome == Outcome.CONDITIONS
    if not exception.waits:
        await_test(exception, by, since=exception.starts_at)
    exception.save()
    change = {"from": exception.starts_at, "until": exception.expires_at}
    journal.record(subject=exception, change=change)
    _tell_owner(
        exception,
        say(
            "Granted until {expires_at:%-d %B %Y}: {title}",
            expires_at=exception.program.last_day(exception.expires_at),
            title=exception.title,
        ),
    )
    return exception


@journal.verb("governance.begin_exception")
def begin_exception(*, exception: ExceptionRecord, by: Actor) -> ExceptionRecord:
    """Let an exception begin whose conditions are all settled. One begun, or over, stays as it is.

    Called where the last condition is settled.
    """
    rows = ExceptionRecord.objects.locked().select_related("program", "owner")
    exception = rows.get(pk=exception.pk)
    if not exception.waits or exception.expires_at <= now():
        return exception
    exception.waits, exception.starts_at = False, max(exception.starts_at, now())
    await_test(exception, by, since=exception.starts_at)
    exception.save()
    change = {"from": exception.starts_at, "until": exception.expires_at}
    journal.record(subject=exception, change=change)
    _tell_owner(
        exception, say("Its conditions are settled, it applies: {title}", title=exception.title)
    )
    return exception


@journal.verb("governance.refuse_exception")
def refuse_exception(*, exception: ExceptionRecord, by: User) -> ExceptionRecord:
    """Note that the board did not grant it; called where its decision is performed."""
    exception = ExceptionRecord.objects.locked().get(pk=exception.pk)
    if exception.state == ExceptionState.REFUSED:
        return exception
    exception.state = EXCEPTION_MOVES.target(exception.state, "refuse")
    exception.save()
    journal.record(subject=exception, change={"state": exception.state})
    return exception


@journal.verb("governance.reconsider_exception")
def reconsider_exception(
    *, exception: ExceptionRecord, by: Actor, reason: str = ""
) -> ExceptionRecord:
    """A request the board refused is with it again, after an independent review."""
    exception = ExceptionRecord.objects.locked().get(pk=exception.pk)
    if exception.state == ExceptionState.REQUESTED:
        return exception
    exception.state = EXCEPTION_MOVES.target(exception.state, "reconsider")
    exception.save()
    journal.record(subject=exception, change={"state": exception.state})
    return exception


@journal.verb("governance.withdraw_exception")
def withdraw_exception(*, exception: ExceptionRecord, by: Actor, reason: str) -> ExceptionRecord:
    """Take a request back, with its matter. One withdrawn stays so."""
    live = Matter.objects.locked().live()  # before its subject: as a decision takes them
    matter = live.filter(kind=MATTER_KIND, subject_id=exception.pk).first()
    exception = ExceptionRecord.objects.locked().get(pk=exception.pk)
    if exception.state == ExceptionState.WITHDRAWN:
        return unchanged(exception, policy.may_withdraw(exception, by))
    refuse(policy.may_withdraw(exception, by))
    exception.state = EXCEPTION_MOVES.target(exception.state, "withdraw")
    exception.save()
    journal.record(subject=exception, change={"state": exception.state})
    if matter:
        withdraw_matter(matter=matter, by=by, reason=reason)
    return exception


@journal.verb("governance.end_exception")
def end_exception(*, exception: ExceptionRecord, by: Actor, reason: str) -> ExceptionRecord:
    """End a granted exception before its time; the rule applies again at once. Once is enough."""
    exception = ExceptionRecord.objects.locked().select_related("owner").get(pk=exception.pk)
    if exception.state == ExceptionState.ENDED:
        return unchanged(exception, policy.may_end(exception, by))
    refuse(policy.may_end(exception, by))
    exception.state = EXCEPTION_MOVES.target(exception.state, "end")
    exception.ended_at = now()
    exception.ended_by = by if isinstance(by, User) else exception.approved_by
    drop_test(exception, by, reason=say("The exception was ended."))
    exception.save()
    journal.record(subject=exception, change={"ended_at": exception.ended_at})
    _tell_owner(exception, say("Ended early: {title}", title=exception.title), reason)
    return exception


def _tell_owner(exception: ExceptionRecord, title: str, body: str = "") -> None:
    notify(
        kind="governance.exception",
        to=[exception.owner],
        subject_obj=exception,
        realm=exception.program_id,
        title=title,
        body=body,
        url=exception.get_absolute_url(),
    )
