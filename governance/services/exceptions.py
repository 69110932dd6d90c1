"""The verbs of exceptions: request, grant, refuse, end; and telling owners when time runs out."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, F, Model, OuterRef, QuerySet

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.history.bulk import create_many
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.notices.services import Message, notify, notify_each
from fellowship.programs.models import Program
from governance import links
from governance.models import Decision, ExceptionRecord, ExceptionReminder, Matter, RuleVersion
from governance.policy import exceptions as policy
from governance.services.board import refer, withdraw_matter
from governance.states import EXCEPTION_MOVES, ExceptionState, Outcome, RuleKind

MATTER_KIND = "governance.exception"
SWEEP = journal.System("governance.exceptions")
BATCH = 1000
LISTED = 100


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
    expires_at: dt.datetime,
    by: User,
    starts_at: dt.datetime | None = None,
    measure_test: str = "",
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
            title=title, rationale=rationale, risk=risk, measure=compensating_measure
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
    exception = ExceptionRecord.objects.locked().get(pk=exception.pk)
    if exception.state == ExceptionState.GRANTED:
        return exception
    refuse(policy.may_grant(exception, by))
    exception.state = EXCEPTION_MOVES.target(exception.state, "grant")
    exception.approved_by, exception.approved_at, exception.decision = by, now(), decision
    exception.starts_at = max(exception.starts_at, exception.approved_at)
    exception.waits = decision.outcome == Outcome.CONDITIONS
    exception.save()
    change = {"from": exception.starts_at, "until": exception.expires_at}
    journal.record(subject=exception, change=change)
    _tell_owner(exception, f"Granted until {exception.expires_at:%-d %B %Y}: {exception.title}")
    return exception


@journal.verb("governance.begin_exception")
def begin_exception(*, exception: ExceptionRecord, by: Actor) -> ExceptionRecord:
    """Let an exception begin whose conditions are all settled. One begun, or over, stays as it is.

    Called where the last condition is settled.
    """
    exception = ExceptionRecord.objects.locked().get(pk=exception.pk)
    if not exception.waits or exception.expires_at <= now():
        return exception
    exception.waits, exception.starts_at = False, max(exception.starts_at, now())
    exception.save()
    change = {"from": exception.starts_at, "until": exception.expires_at}
    journal.record(subject=exception, change=change)
    _tell_owner(exception, f"Its conditions are settled, it applies: {exception.title}")
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
        return exception
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
        return exception
    refuse(policy.may_end(exception, by))
    exception.state = EXCEPTION_MOVES.target(exception.state, "end")
    exception.ended_at = now()
    exception.ended_by = by if isinstance(by, User) else exception.approved_by
    exception.save()
    journal.record(subject=exception, change={"ended_at": exception.ended_at})
    _tell_owner(exception, f"Ended early: {exception.title}", reason)
    return exception


# --- reminders and expiry, for many at once -------------------------------------------------


def announce(at: dt.datetime) -> int:
    """Tell owners, once for each, which of their exceptions end soon or ended; returns how many.

    Whether an exception is live does not depend on this: it only writes down and tells. After an
    outage the nearest threshold alone is announced. Queries grow with batches and with the people
    to be told, not with exceptions.
    """
    expired = ExceptionRecord.objects.expired(at).filter(~Exists(_told(0)))
    told = _in_batches(expired, 0, at, "governance.exception_expired")
    for program_id, days in _thresholds(at):
        crossed = ExceptionRecord.objects.filter(
            ~Exists(_told(days)),
            program_id=program_id,
            state=ExceptionState.GRANTED,
            expires_at__gt=at,
            expires_at__lte=at + dt.timedelta(days=days),
            starts_at__lte=F("expires_at") - dt.timedelta(days=days),
        )
        told += _in_batches(crossed, days, at, "governance.exception_reminded")
    return told


def _told(days: int) -> QuerySet[ExceptionReminder]:
    """What was announced already: this threshold or a nearer one."""
    return ExceptionReminder.objects.filter(exception=OuterRef("pk"), days__lte=days)


def _thresholds(at: dt.datetime) -> list[tuple[int, int]]:
    """Each programme's reminder days, the nearest first, so that only that one is announced."""
    in_force = RuleVersion.objects.current(RuleKind.EXCEPTIONS, at)
    pairs = [(rule.program_id, days) for rule in in_force for days in rule.params.reminder_days]
    return sorted(pairs, key=lambda pair: (pair[0], pair[1]))


def _in_batches(crossed: QuerySet[ExceptionRecord], days: int, at: dt.datetime, verb: str) -> int:
    told = 0
    rows = crossed.select_related(None).order_by("pk")
    while batch := list(rows[:BATCH]):
        with journal.acting(verb, by=SWEEP):
            _remind(batch, days, at)
        told += len(batch)
    return told


def _remind(batch: list[ExceptionRecord], days: int, at: dt.datetime) -> None:
    by_pk = {exception.pk: exception for exception in batch}
    create_many(
        [ExceptionReminder(exception_id=pk, days=days, at=at) for pk in by_pk],
        change=lambda row: {
            "exception": by_pk[row.exception_id].ref,
            "days": row.days,
            "until": by_pk[row.exception_id].expires_at,
        },
    )
    owners: dict[tuple[int, int], list[ExceptionRecord]] = defaultdict(list)
    programs: dict[int, list[ExceptionRecord]] = defaultdict(list)
    for exception in batch:
        owners[exception.program_id, exception.owner_id].append(exception)
        programs[exception.program_id].append(exception)
    people = User.objects.in_bulk({owner_id for _, owner_id in owners})
    messages = [
        _message([people[owner_id]], program_id, theirs, days)
        for (program_id, owner_id), theirs in owners.items()
    ]
    if days == 0:
        messages += [
            _message(_board(program_id, people), program_id, all_of_it, days)
            for program_id, all_of_it in programs.items()
        ]
    notify_each(messages)


def _board(program_id: int, told: Iterable[int]) -> Iterable[User]:
    """Who hears of every end in a programme, but for those told as owners."""
    return holders(program_id, roles.CHAIR, roles.MANAGER).exclude(pk__in=list(told))


def _message(
    to: Iterable[User], program_id: int, exceptions: list[ExceptionRecord], days: int
) -> Message:
    """One notice about several exceptions, so that an outage ends in a digest, not a flood."""
    one, single = exceptions[0], len(exceptions) == 1
    within = f"within {days} {'day' if days == 1 else 'days'}"
    if single:
        title = f"{one.ref} {'has ended' if days == 0 else f'ends {within}'}: {one.title}"
    else:
        ended = "ended: what they excepted applies again"
        title = f"{len(exceptions)} exceptions {ended if days == 0 else f'end {within}'}"
    return Message(
        kind="governance.exception_ends",
        to=to,
        realm=program_id,
        subject_obj=one if single else None,
        title=title,
        body=_listed(exceptions),
        url=one.get_absolute_url() if single else links.to("exceptions"),
    )


def _listed(exceptions: list[ExceptionRecord]) -> str:
    lines = [f"{e.ref}, until {e.expires_at:%-d %B %Y}: {e.title}" for e in exceptions[:LISTED]]
    more = len(exceptions) - len(lines)
    return "\n".join([*lines, f"and {more} more"] if more else lines)


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
