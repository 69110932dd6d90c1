"""Start many clocks of one kind at once, with history and an event each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from fellowship.accounts.models import Actor, User
from fellowship.clocks import policy, registry
from fellowship.clocks.models import Clock
from fellowship.clocks.states import Side
from fellowship.history.bulk import create_many
from fellowship.kernel.refusals import refuse
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


def _change(clock: Clock) -> dict[str, Any]:
    subject = {"type": clock.subject_type, "id": clock.subject_id}
    return {"of": subject, "kind": clock.kind, "due": clock.due_at}
