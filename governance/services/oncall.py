"""The verbs of the rota: set a line, be away, stand in, hand over, take over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Missing, Refusal, Refused, refuse, unchanged
from fellowship.kernel.saying import joined, say, say_n
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from governance import links, roster
from governance.models import (
    Escalation,
    OncallAbsence,
    OncallOverride,
    Rota,
    RotaMember,
    Watch,
)
from governance.policy import oncall as policy

BEGINS = journal.System("governance.oncall")
Entry = TypeVar("Entry", OncallAbsence, OncallOverride)
NO_NEXT = Refusal("no_next", say("Nobody else takes over this line in the weeks ahead."))


def _locked(program: Program) -> Program:
    """The programme, whose row stands for its whole rota: changes of it wait for each other."""
    return Program.objects.locked().get(pk=program.pk)


@journal.verb("governance.set_rota")
def set_rota(
    *,
    program: Program,
    name: str,
    members: Sequence[User],
    starts_at: dt.datetime,
    every_days: int,
    by: Actor,
    line: int = 1,
) -> Rota:
    """Let `members` take turns of `every_days` on a line, in this order, from `starts_at` on.

    What the line was before ends then. The same line again is returned as it is.
    """
    program = _locked(program)
    live: Rota | None = (
        Rota.objects.locked().filter(program=program, line=line, ended_at=None).first()
    )
    wanted = (name.strip(), starts_at, every_days, [m.pk for m in members])
    refused = policy.may_set_rota(
        program,
        name=name,
        line=line,
        members=members,
        starts_at=starts_at,
        every_days=every_days,
        by=by,
    )
    if live and wanted == _told(live):
        return unchanged(live, refused)
    refuse(refused)
    if live:
        live.ended_at = max(starts_at, live.starts_at)
        live.save()
    rota = Rota.objects.create(
        program=program, name=name.strip(), line=line, starts_at=starts_at, every_days=every_days
    )
    for position, member in enumerate(members):
        RotaMember.objects.create(rota=rota, user=member, position=position)
    change = {"line": line, "members": [m.pk for m in members], "starts_at": starts_at}
    journal.record(subject=rota, change={**change, "every_days": every_days})
    return rota


def _told(rota: Rota) -> tuple[str, dt.datetime, int, list[int]]:
    people = list(rota.members.order_by("position").values_list("user_id", flat=True))
    return (rota.name, rota.starts_at, rota.every_days, people)


@journal.verb("governance.end_rota")
def end_rota(*, rota: Rota, by: Actor, reason: str = "") -> Rota:
    """End a line now; with the last line gone, everybody on call is told of each alarm."""
    _locked(rota.program)
    rota = Rota.objects.locked().get(pk=rota.pk)
    if rota.ended_at is not None:
        return unchanged(rota, policy.may_end_rota(rota, by))
    refuse(policy.may_end_rota(rota, by))
    rota.ended_at = max(now(), rota.starts_at)
    rota.save()
    journal.record(subject=rota, change={"ended_at": rota.ended_at})
    return rota


@journal.verb("governance.be_away")
def be_away(
    *,
    program: Program,
    user: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    by: Actor,
    note: str = "",
) -> OncallAbsence:
    """Enter when a person is not called; the next of the rota takes the turn. Twice is once."""
    program = _locked(program)
    values: dict[str, Any] = {"user": user, "starts_at": starts_at, "ends_at": ends_at}
    same: OncallAbsence | None = (
        OncallAbsence.objects.standing().filter(program=program, **values).first()
    )
    if same:
        return unchanged(same, policy.may_be_away(program, user, starts_at, ends_at, by))
    refuse(policy.may_be_away(program, user, starts_at, ends_at, by))
    absence = OncallAbsence.objects.create(program=program, note=note.strip(), **values)
    journal.record(subject=absence, change=values | {"user": user.pk})
    return absence


@journal.verb("governance.stand_in_on_call")
def stand_in(
    *,
    program: Program,
    user: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    reason: str,
    by: Actor,
    line: int = 1,
) -> OncallOverride:
    """Let a person be called on a line for a time, whoever's turn it would be. Twice is once."""
    program = _locked(program)
    values: dict[str, Any] = {
        "line": line,
        "user": user,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    same: OncallOverride | None = (
        OncallOverride.objects.standing().filter(program=program, **values).first()
    )
    if same:
        return unchanged(same, policy.may_override(program, reason=reason, by=by, **values))
    refuse(policy.may_override(program, reason=reason, by=by, **values))
    override = OncallOverride.objects.create(program=program, reason=reason.strip(), **values)
    journal.record(subject=override, change=values | {"user": user.pk})
    if not (isinstance(by, User) and by.pk == user.pk):
        _tell(
            user,
            program,
            say("You stand in on call from {starts_at:%-d %B %Y, %H:%M} UTC", starts_at=starts_at),
            reason,
        )
    return override


@journal.verb("governance.cancel_away")
def cancel_away(*, absence: OncallAbsence, by: User) -> OncallAbsence:
    """Take an absence back."""
    return _cancel(absence, by)


@journal.verb("governance.cancel_stand_in")
def cancel_stand_in(*, override: OncallOverride, by: User) -> OncallOverride:
    """Take an override back: the rota counts again."""
    return _cancel(override, by)


def _cancel(entry: Entry, by: User) -> Entry:
    _locked(entry.program)
    found: Entry = type(entry).objects.locked().get(pk=entry.pk)
    if found.cancelled_at is not None:
        return unchanged(found, policy.may_cancel(found, by))
    refuse(policy.may_cancel(found, by))
    found.cancelled_at, found.cancelled_by = now(), by
    found.save()
    journal.record(subject=found, change={"cancelled_at": found.cancelled_at})
    return found


@journal.verb("governance.hand_over")
def hand_over(*, program: Program, line: int, text: str, by: User) -> Watch:
    """Write down what the next person on the line must know; they are told when they begin.

    Written again before they took over, it replaces what was there.
    """
    program = _locked(program)
    present, coming = next_turn(roster.read(program, now()), line, now())
    refuse(policy.may_hand_over(program, present, text, by))
    if coming is None or coming.user is None:
        raise Refused(NO_NEXT)
    watch = _watch(program, coming)
    if watch.handover == text.strip() and watch.handed_by_id == by.pk:
        return watch
    watch.handover, watch.handed_at, watch.handed_by = text.strip(), now(), by
    watch.taken_at = None
    watch.save()
    journal.record(subject=watch, change={"line": line, "to": coming.user.pk})
    return watch


def next_turn(
    found: roster.Roster, line: int, at: dt.datetime
) -> tuple[User | None, roster.Turn | None]:
    """Who is called on the line now, and the first turn after that is somebody else's."""
    turns = found.turns(line, at, found.until)
    present = turns[0].user if turns and turns[0].starts_at <= at else None
    later = (t for t in turns if t.starts_at > at and t.user and t.user != present)
    return present, next(later, None)


@journal.verb("governance.take_over")
def take_over(*, watch: Watch, by: User) -> Watch:
    """The person on duty says they have read the handover. Once is enough."""
    watch = Watch.objects.locked().get(pk=watch.pk)
    if watch.user_id != by.pk:
        raise Missing
    if watch.taken_at is None:
        watch.taken_at = now()
        watch.save()
        journal.record(subject=watch, change={"taken_at": watch.taken_at})
    return watch


def begin_due(at: dt.datetime) -> int:
    """Write down each turn that has begun, and tell its person once; returns how many.

    Turns that began and ended while no worker ran are not told of: their time is over.
    """
    keys = Rota.objects.between(at, at).values("program_id")
    done = 0
    for program in Program.objects.filter(pk__in=keys).order_by("pk"):
        found = roster.read(program, at)
        turns = [t for line in found.lines if (t := found.turn_at(line, at)) and t.user]
        begun = set(
            Watch.objects.filter(program=program, starts_at__in=[t.starts_at for t in turns])
            .exclude(begun_at=None)
            .values_list("line", "starts_at", "user_id")
        )
        for turn in turns:
            if turn.user and (turn.line, turn.starts_at, turn.user.pk) not in begun:
                _begin(program=program, turn=turn, by=BEGINS)
                done += 1
    return done


@journal.verb("governance.begin_watch")
def _begin(*, program: Program, turn: roster.Turn, by: Actor) -> Watch:
    program = _locked(program)
    watch = _watch(program, turn)
    if watch.begun_at is not None:
        return watch
    watch.begun_at, watch.ends_at = now(), turn.ends_at
    watch.save()
    journal.record(subject=watch, change={"line": watch.line, "user": watch.user_id})
    waiting = Escalation.objects.open().filter(program=program).visible_to(watch.user).count()
    alarms = say_n(waiting, "One alarm is open.", "{n} alarms are open.")
    _tell(
        watch.user,
        program,
        say(
            "You are on call until {ends_at:%-d %B %Y, %H:%M} UTC: {program}",
            ends_at=turn.ends_at,
            program=program,
        ),
        joined("\n\n", filter(None, (alarms, watch.handover))),
        dedupe=f"governance.on_call:{watch.pk}",
    )
    return watch


def _watch(program: Program, turn: roster.Turn) -> Watch:
    key = {"program": program, "line": turn.line, "starts_at": turn.starts_at, "user": turn.user}
    there = Watch.objects.locked().filter(**key).first()
    return there or Watch.objects.create(ends_at=turn.ends_at, **key)


def _tell(user: User, program: Program, title: str, body: str, *, dedupe: str = "") -> None:
    notify(
        kind="governance.on_call",
        to=[user],
        realm=program.pk,
        title=title,
        body=body,
        url=links.to("oncall", program.slug),
        urgent=True,
        dedupe=dedupe,
    )
