"""A person's running clocks as entries of their calendar feed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fellowship.accounts.models import User
from fellowship.clocks.models import Clock
from fellowship.clocks.states import State
from fellowship.kernel.saying import say
from fellowship.notices.calendar import Entry, source

_MOST = 500


@source
def running_clocks(user: User, at: dt.datetime) -> Iterator[Entry]:
    """The clocks the person holds that run, those over at `at` left out."""
    clocks = Clock.objects.visible_to(user).filter(
        holder_user=user, state=State.RUNNING, due_at__gt=at
    )
    for clock in clocks.select_related("realm")[:_MOST]:
        yield Entry(
            key=f"clock-{clock.pk}",
            title=say("{label} due ({realm})", label=clock.label, realm=clock.realm),
            at=clock.due_at,
            description=clock.silence
            and say("If nothing happens: {silence}", silence=clock.silence),
            path="/",
        )
