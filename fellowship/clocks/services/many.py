"""Start, stop and hand over many clocks of one kind at once, with history and an event each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from fellowship.accounts.models import Actor, User
from fellowship.clocks import policy, queries, registry
from fellowship.clocks.models import Breach, Clock, ClockPause
from fellowship.clocks.services.verbs import stop
from fellowship.clocks.states import MOVES, Side, State
from fellowship.history.bulk import Along, create_many, save_many
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window


@dataclass(frozen=True, slots=True)
class Beginning:
    """A record on which a clock begins, and who holds it."""

    subject: Model
    holder_user: User | None = None


def start_many(
    beginnings: Sequence[Beginning],
    *,
    kind: str,
    realm_id: int,
    window: Window,
    at: dt.datetime,
    by: Actor,
    holder: str,
    silence: str = "",
    rule: str = "",
) -> list[Clock]:
    """Start the clock of `kind` on records that never had one: the database refuses a second.

    All begin at `at` and are due at the same time. The number of queries grows with batches.
    """
    due_at = window.due(at, registry.calendar(realm_id))
    refuse(policy.may_start(holder=holder, starts_at=at, due_at=due_at, latest=due_at))
    clocks = [
        Clock(
            kind=kind,
            subject_type=one.subject._meta.label_lower,
            subject_id=one.subject.pk,
            realm_id=realm_id,
            holder=Side(holder),
            holder_user=one.holder_user,
            starts_at=at,
            due_at=due_at,
            window=str(window),
            silence=silence,
            rule=rule,
        )
        for one in beginnings
    ]
    return create_many(clocks, change=_change, verb="clocks.start", by=by)


def open_on(kind: str, model: type[Model], keys: Collection[int]) -> list[Clock]:
    """The clocks of `kind` that are waited for on these records, locked, in order of their keys."""
    rows = Clock.objects.open().filter(kind=kind, subject_type=model._meta.label_lower)
    return list(rows.filter(subject_id__in=keys).order_by("pk").locked())


def resume_many(
    clocks: Sequence[Clock], ended: Mapping[int, dt.datetime], *, by: Actor, reason: str = ""
) -> list[Clock]:
    """Let paused clocks read by `open_on` run on, as `resume` does each; those that were paused.

    `ended` says by the key of a subject when its pause was over; else it is over now.
    """
    known = {clock.pk: clock for clock in clocks if clock.state == State.PAUSED}
    if not known:
        return []
    pauses = ClockPause.objects.locked().filter(clock__in=known, resumed_at=None).order_by("pk")
    settled, at = list(pauses), now()
    calendars = {key: registry.calendar(key) for key in {c.realm_id for c in known.values()}}
    for pause in settled:
        clock = known[pause.clock_id]
        pause.resumed_at = max(min(ended.get(clock.subject_id, at), at), pause.paused_at)
        clock.due_at = queries.after_pause(
            clock, pause.paused_at, pause.resumed_at, calendars[clock.realm_id]
        )
        clock.paused_at, pause.due_after = None, clock.due_at
        clock.state = State(MOVES.target(clock.state, "resume"))
    save_many(
        list(known.values()),
        ["state", "due_at", "paused_at"],
        change=_resumed,
        verb="clocks.resume",
        by=by,
        reason=reason,
        along=[Along(settled, ["resumed_at", "due_after"], of=lambda one: one.clock_id)],
    )
    return list(known.values())


def stop_many(clocks: Sequence[Clock], *, by: Actor, reason: str = "") -> list[Clock]:
    """Stop open clocks read by `open_on`, as `stop` does each; the number of queries is fixed.

    Paused ones, which are few, are stopped one by one, for the pause is settled.
    """
    at = now()
    paused = [stop(clock=c, by=by, reason=reason) for c in clocks if c.state == State.PAUSED]
    running = [c for c in clocks if c.state != State.PAUSED]
    late = [c for c in running if c.breached(max(at, c.starts_at))]
    Breach.objects.bulk_create(
        [Breach(clock=c, at=c.due_at, noticed_at=at) for c in late], ignore_conflicts=True
    )
    for clock in running:
        clock.state = State(MOVES.target(clock.state, "stop"))
        clock.ended_at = max(at, clock.starts_at)
    save_many(
        running, ["state", "ended_at"], change=_stopped, verb="clocks.stop", by=by, reason=reason
    )
    return [*paused, *running]


def hand_over_many(clocks: Sequence[Clock], *, to: User | None, by: Actor, reason: str = "") -> int:
    """Let `to` hold open clocks read by `open_on`; due times stay. How many changed hands."""
    moved = [clock for clock in clocks if clock.holder_user_id != (to.pk if to else None)]
    for clock in moved:
        clock.holder_user = to
    return save_many(
        moved, ["holder_user"], change=_change, verb="clocks.hand_over", by=by, reason=reason
    )


def renew_many(
    clocks: Sequence[Clock],
    *,
    by: Actor,
    reason: str = "",
    alter: Callable[[Clock], None] | None = None,
) -> list[Clock]:
    """Start clocks like these, which have ended: same start, window, rule, holder and due time.

    `alter` may change one before it is written, never to a later due time. One that had run out
    is out at once: its breach is known, and nobody is told of it a second time.
    """
    broken = set(Breach.objects.filter(clock__in=clocks).values_list("clock_id", flat=True))
    made, ran_out = [], []
    for old in clocks:
        clock = Clock(
            **{name: getattr(old, name) for name in _KEPT},
            state=State.BREACHED if old.pk in broken else State.RUNNING,
        )
        if alter:
            alter(clock)
        refuse(
            policy.may_start(
                holder=clock.holder,
                starts_at=clock.starts_at,
                due_at=clock.due_at,
                latest=old.due_at,
            )
        )
        made.append(clock)
        if old.pk in broken:
            ran_out.append(clock)
    create_many(made, change=_change, verb="clocks.start", by=by, reason=reason)
    Breach.objects.bulk_create(Breach(clock=c, at=c.due_at, noticed_at=now()) for c in ran_out)
    return made


_KEPT = (
    "kind",
    "subject_type",
    "subject_id",
    "realm_id",
    "holder",
    "holder_user_id",
    "starts_at",
    "due_at",
    "window",
    "silence",
    "rule",
)


def _stopped(clock: Clock) -> dict[str, Any]:
    subject = {"type": clock.subject_type, "id": clock.subject_id}
    return {"of": subject, "late": clock.breached(now())}


def _resumed(clock: Clock) -> dict[str, Any]:
    subject = {"type": clock.subject_type, "id": clock.subject_id}
    return {"of": subject, "due": clock.due_at}


def _change(clock: Clock) -> dict[str, Any]:
    subject = {"type": clock.subject_type, "id": clock.subject_id}
    return {"of": subject, "kind": clock.kind, "due": clock.due_at}
