"""How a fellowship ends: who keeps each thing, until or by when, by which clause, how it stands.

The default follows from what was signed: the scope, the tiers' windows, the grants, the releases. A
recorded decision may say otherwise for what is no data; data is kept longer by an exception alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Count
from django.urls import reverse

from access.deletion import Duty, duties
from access.models import (
    EndingTerm,
    EscrowDeposit,
    EscrowWaiver,
    ReleaseRequest,
)
from access.release_states import Keeper, ReleaseState
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say, say_n
from fellowship.kernel.time import now
from governance.rules import pinned
from governance.states import RuleKind
from scoping.models import Fellowship, ScopeOfWork
from scoping.queries import signed_scope
from scoping.sections import cite

CODE, NOTES, OUTPUTS, INSIDE, TRAIL = "code", "notes", "outputs", "inside", "trail"
CHANGEABLE: Final = {
    CODE: say("Code written in the fellowship"),
    NOTES: say("Methods and high-level notes"),
    OUTPUTS: say("Released outputs"),
    INSIDE: say("Notebooks and outputs not released"),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One line of the table. `until` is a day; empty, it is for good. Data names `by` when."""

    key: str
    label: str
    keeper: str
    until: dt.date | None
    clause: str
    state: str
    tone: str
    url: str = ""
    decided: EndingTerm | None = None

    @property
    def keeper_words(self) -> str:
        """Who keeps it, as people read it."""
        return str(Keeper(self.keeper).label)


def things(
    fellowship: Fellowship, at: dt.datetime | None = None, known: list[Duty] | None = None
) -> list[Thing]:
    """Every line, data first. `known`: the duties of deletion, where they were asked already."""
    at = at or now()
    scope = signed_scope(fellowship, at)
    found = duties(fellowship, at) if known is None else known
    terms = {
        term.thing: term
        for term in EndingTerm.objects.filter(fellowship=fellowship)
        .select_related("decided_by")
        .order_by("id")
    }
    return [
        *(_data(fellowship, duty, at) for duty in found),
        *(_decided(thing, terms.get(thing.key)) for thing in _others(fellowship, scope, at)),
    ]


def _data(fellowship: Fellowship, duty: Duty, at: dt.datetime) -> Thing:
    state, tone = duty.state(at)
    if duty.certificate:
        url = duty.certificate.get_absolute_url()
    else:
        url = reverse("access:confirm_deletion", args=[fellowship.ref, duty.dataset.ref])
    clause = duty.clause
    if duty.exception:
        clause = say(
            "{ref}, owned by {owner}; then {clause}",
            ref=duty.exception.ref,
            owner=duty.exception.owner,
            clause=clause,
        )
        url = duty.exception.get_absolute_url()
    return Thing(
        key=f"data.{duty.dataset.ref}",
        label=f"{duty.dataset} ({duty.dataset.get_variant_display().lower()})",
        keeper=Keeper.NOBODY,
        until=fellowship.program.last_day(duty.until),
        clause=clause,
        state=state,
        tone=tone,
        url=url,
    )


def _others(fellowship: Fellowship, scope: ScopeOfWork | None, at: dt.datetime) -> list[Thing]:
    signed = (
        say("Scope of work v{number}, ", number=scope.number)
        if scope
        else say("No scope is signed: ")
    )
    leaves = bool(scope and scope.code_may_leave)
    policy = pinned(fellowship, RuleKind.FELLOWSHIP_POLICY)
    window = policy.params.retention_after_close
    calendar = fellowship.program.calendar()
    ends = max(fellowship.ended_at or at, calendar.end_of_day(fellowship.ends_on))
    last = calendar.last_day(window.due(ends, calendar))
    deposits, waived = _escrow(fellowship)
    counts = dict(
        ReleaseRequest.objects.filter(fellowship=fellowship, state=ReleaseState.RELEASED)
        .order_by()
        .values_list("state")
        .annotate(files=Count("releases"))
    )
    files = counts.get(ReleaseState.RELEASED, 0)
    return [
        Thing(
            CODE,
            CHANGEABLE[CODE],
            Keeper.BOTH if leaves else Keeper.COMPANY,
            None,
            signed + cite("code_may_leave"),
            say("May leave") if leaves else say("Stays inside"),
            "good" if leaves else "plain",
        ),
        Thing(
            NOTES,
            CHANGEABLE[NOTES],
            Keeper.BOTH,
            None,
            signed + cite("closeout"),
            say("{deposits} in escrow", deposits=deposits)
            if deposits
            else say("Waived")
            if waived
            else say("Not in escrow yet"),
            "good" if deposits else "plain" if waived else "warn",
            url=route_to("access:escrows", fellowship.ref),
        ),
        Thing(
            OUTPUTS,
            CHANGEABLE[OUTPUTS],
            Keeper.BOTH,
            None,
            say("Release desk: each with its hash"),
            say_n(files, "{n} file released", "{n} files released"),
            "good" if files else "plain",
            url=f"{reverse('access:releases')}?show=all",
        ),
        Thing(
            INSIDE,
            CHANGEABLE[INSIDE],
            Keeper.COMPANY,
            last,
            say("{policy}: {window} after the end", policy=policy, window=window),
            say("Inside the environment"),
            "plain",
        ),
        Thing(
            TRAIL,
            say("Agreements, access trail and decisions"),
            Keeper.COMPANY,
            None,
            say("The record is kept for audits"),
            say("On record"),
            "plain",
        ),
    ]


def _escrow(fellowship: Fellowship) -> tuple[int, bool]:
    """How many deposits there are, and whether a deposit was waived."""
    deposits = EscrowDeposit.objects.filter(fellowship=fellowship).count()
    return deposits, not deposits and EscrowWaiver.objects.filter(fellowship=fellowship).exists()


def _decided(thing: Thing, term: EndingTerm | None) -> Thing:
    if term is None:
        return thing
    return Thing(
        thing.key,
        thing.label,
        term.keeper,
        term.until,
        say("Decided by {decided_by}: {reason}", decided_by=term.decided_by, reason=term.reason),
        thing.state,
        thing.tone,
        thing.url,
        term,
    )
