"""Start, stop, pause, resume and extend. Who may is for the calling verb's policy to say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Model

from fellowship.accounts.models import Actor, Realm, User
from fellowship.clocks import policy, queries, registry
from fellowship.clocks.models import Breach, Clock, ClockExtension, ClockPause
from fellowship.clocks.states import ALIVE, MOVES, Side, State
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window


@journal.verb("clocks.start")
def start(
    *,
    kind: str,
    subject: Model,
    realm: Realm | Model | int,
    window: Window,
    by: Actor,
    holder: str,
    holder_user: User | None = None,
    silence: str = "",
    rule: str = "",
    at: dt.datetime | None = None,
    due_at: dt.datetime | None = None,
    latest: dt.datetime | None = None,
) -> Clock:
    """Start a clock of `kind` on `subject` at `at` (default now), in the realm's calendar.

    `due_at` sets an earlier due time than the window's end; `latest` is that end where the rule
    counts it from elsewhere than `at`. The same clock already running is
    returned unchanged; another one of this kind running on the subject raises Refused: stop it
    first. One that ran out and is still waited for gives way to the new one.
    """
    starts_at = at or now()
    realm_id = realm.pk if isinstance(realm, Model) else realm
    latest = latest or window.due(starts_at, registry.calendar(realm_id))
    due_at = due_at or latest
    refuse(policy.may_start(holder=holder, starts_at=starts_at, due_at=due_at, latest=latest))
    before = Clock.objects.about(subject).open().filter(kind=kind).first()
    if before and before.state in ALIVE:
        return _same(before, window, holder, holder_user)
    if before:
        stop(clock=before, by=by, reason=say("A new window began."))
    clock = Clock(
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        realm_id=realm_id,
        holder=Side(holder),
        holder_user=holder_user,
        starts_at=starts_at,
        due_at=due_at,
        window=str(window),
        silence=silence,
        rule=rule,
    )
    try:
        with transaction.atomic():
            clock.save()
    except IntegrityError:
        if other := queries.current(subject, kind):
            return _same(other, window, holder, holder_user)
        raise
    journal.record(subject=clock, change={"of": _subject(clock), "kind": kind, "due": due_at})
    return clock


@journal.verb("clocks.stop")
def stop(*, clock: Clock, by: Actor, reason: str = "") -> Clock:
    """Stop a clock: nobody waits any more. One already ended is returned unchanged.

    Stopped late, its breach is recorded, but the breach handler is not called: someone acted.
    """
    clock = Clock.objects.locked().get(pk=clock.pk)
    if clock.ended_at is not None:
        return clock
    at = max(now(), clock.starts_at)
    if clock.state == State.PAUSED:
        _settle_pause(clock, at)
    if clock.breached(at):
        Breach.objects.get_or_create(clock=clock, defaults={"at": clock.due_at, "noticed_at": at})
    clock.state, clock.ended_at = State(MOVES.target(clock.state, "stop")), at
    clock.save()
    journal.record(subject=clock, change={"of": _subject(clock), "late": clock.breached(at)})
    return clock


def stop_open(*, subject: Model, kinds: Iterable[str], by: Actor, reason: str = "") -> None:
    """Stop every clock of these kinds that is waited for on `subject`, also one that ran out."""
    for clock in Clock.objects.about(subject).open().filter(kind__in=kinds):
        stop(clock=clock, by=by, reason=reason)


@journal.verb("clocks.pause")
def pause(*, clock: Clock, by: Actor, ground: str, reason: str = "") -> Clock:
    """Pause a clock on a ground; one already paused is returned unchanged."""
    clock = Clock.objects.locked().get(pk=clock.pk)
    if clock.state == State.PAUSED:
        return clock
    at = max(now(), clock.starts_at)
    refuse(policy.may_pause(clock, ground, at))
    clock.state, clock.paused_at = State(MOVES.target(clock.state, "pause")), at
    clock.save()
    actor, actor_label = _actor(by)
    ClockPause.objects.create(
        clock=clock,
        paused_at=at,
        ground=ground,
        due_before=clock.due_at,
        actor=actor,
        actor_label=actor_label,
    )
    journal.record(subject=clock, change={"of": _subject(clock), "ground": ground})
    return clock


@journal.verb("clocks.resume")
def resume(*, clock: Clock, by: Actor, reason: str = "", at: dt.datetime | None = None) -> Clock:
    """Let a paused clock run on, due later by the pause; a running one is returned unchanged.

    A window in working days moves by the working days of the pause, any other by its exact length.
    `at` is when the pause ended, where that is recorded later.
    """
    clock = Clock.objects.locked().get(pk=clock.pk)
    if clock.state == State.RUNNING:
        return clock
    target = State(MOVES.target(clock.state, "resume"))
    _settle_pause(clock, min(at or now(), now()))
    clock.state = target
    clock.save()
    journal.record(subject=clock, change={"of": _subject(clock), "due": clock.due_at})
    return clock


@journal.verb("clocks.extend")
def extend(
    *, clock: Clock, by: Actor, ground: str, new_due: dt.datetime, reason: str = ""
) -> Clock:
    """Move the due time of a running clock to `new_due` on a ground.

    A clock already extended to that time is returned unchanged. Raises Refused once the window is
    over.
    """
    clock = Clock.objects.locked().get(pk=clock.pk)
    if clock.due_at == new_due and clock.state == State.RUNNING:
        return clock
    refuse(policy.may_extend(clock, ground, new_due, now()))
    actor, actor_label = _actor(by)
    ClockExtension.objects.create(
        clock=clock,
        at=now(),
        ground=ground,
        old_due=clock.due_at,
        new_due=new_due,
        actor=actor,
        actor_label=actor_label,
    )
    change = {"of": _subject(clock), "ground": ground, "due": journal.moved(clock.due_at, new_due)}
    clock.state, clock.due_at = State(MOVES.target(clock.state, "extend")), new_due
    clock.save()
    journal.record(subject=clock, change=change)
    return clock


def _settle_pause(clock: Clock, at: dt.datetime) -> None:
    """End the open pause and move the due time by its length; the caller saves the clock."""
    pause = ClockPause.objects.locked().get(clock=clock, resumed_at=None)
    at = max(at, pause.paused_at)
    clock.due_at = queries.after_pause(clock, pause.paused_at, at)
    clock.paused_at = None
    pause.resumed_at, pause.due_after = at, clock.due_at
    pause.save()


def _same(clock: Clock, window: Window, holder: str, holder_user: User | None) -> Clock:
    if (clock.window, clock.holder, clock.holder_user) == (str(window), holder, holder_user):
        return clock
    refuse(
        Refusal(
            "clock_running",
            say(
                "“{label}” is running until {due_at:%-d %B %Y}; stop it first.",
                label=clock.label,
                due_at=registry.calendar(clock.realm_id).last_day(clock.due_at),
            ),
            rule=policy.RULE,
        )
    )
    return clock


def _actor(by: Actor) -> tuple[User | None, str]:
    return (by, "") if isinstance(by, User) else (None, by.name)


def _subject(clock: Clock) -> dict[str, str | int]:
    return {"type": clock.subject_type, "id": clock.subject_id}
