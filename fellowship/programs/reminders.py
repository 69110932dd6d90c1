"""Reminders of deadlines no application has words of its own for: they go to the holder."""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.models import Clock
from fellowship.clocks.registry import on_reminder
from fellowship.kernel.saying import say, say_n
from fellowship.notices.services import notify


@on_reminder()
def remind_holder(clock: Clock, days: int, at: dt.datetime) -> None:
    """Tell the holder when it is due and what their silence means; nobody where none is named."""
    if clock.holder_user is None:
        return
    subject = clock.subject
    address = getattr(subject, "get_absolute_url", None)
    notify(
        kind="clocks.reminder",
        to=[clock.holder_user],
        title=say_n(
            days,
            "{label}: due in {n} day or less",
            "{label}: due in {n} days or less",
            label=clock.label,
        ),
        body=say(
            "It is due on {due_at:%-d %B %Y, %H:%M} UTC. {silence}",
            due_at=clock.due_at,
            silence=clock.if_silent,
        ).strip(),
        url=address() if address else "",
        subject_obj=subject or clock,
        realm=clock.realm_id,
        urgent=days == 1,
        dedupe=f"clocks.reminder:{clock.pk}:{days}:{clock.due_at:%Y%m%dT%H%M%S}",
    )
