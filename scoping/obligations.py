"""What this application asks before a fellowship closes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
from scoping import closeout
from scoping.closeout import Obligation
from scoping.models import Contribution, Fellowship, Milestone, TalentStep
from scoping.queries import live_suspension, pending_scope
from scoping.states import WAITING


@closeout.register
def plan_is_done(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Every milestone accepted or excepted."""
    waiting = _open_milestones(fellowship.pk)
    yield Obligation(
        "scoping.milestones",
        say("Milestones accepted or excepted"),
        not waiting,
        joined("; ", (title.rstrip(".") for title in waiting)),
        reverse("scoping:milestones", args=[fellowship.ref]),
    )


@closeout.register
def nothing_is_pending(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """No version on its way, and no suspension nobody looked into."""
    pending = pending_scope(fellowship)
    yield Obligation(
        "scoping.scope",
        say("No version of the scope of work on its way"),
        pending is None,
        str(pending or ""),
        reverse("scoping:scopes", args=[fellowship.ref]),
    )
    suspension = live_suspension(fellowship, at)
    yield Obligation(
        "scoping.suspension",
        say("No suspension in force"),
        suspension is None,
        suspension.reason if suspension else "",
        reverse("scoping:case", args=[fellowship.ref]),
    )


@closeout.register
def contributions(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """What is open to others, confirmed: good to have, never in the way."""
    states = _contributed(fellowship.pk)
    confirmed = sum(state is not None for state in states)
    waiting = say("; {n} to confirm", n=len(states) - confirmed) if len(states) > confirmed else ""
    yield Obligation(
        "scoping.contributions",
        say("Contributions to the field listed and confirmed"),
        bool(states) and confirmed == len(states),
        say("{confirmed} confirmed{waiting}", confirmed=confirmed, waiting=waiting)
        if states
        else say("None listed."),
        reverse("scoping:contributions", args=[fellowship.ref]),
        required=False,
    )


@closeout.register
def talent_path(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """A next step on the talent path is decided and answered, or none is taken and that is said."""
    step = next(iter(_last_step(fellowship.pk)), None)
    yield Obligation(
        "scoping.talent",
        say("Next step on the talent path settled"),
        step is not None and step.state not in WAITING,
        f"{step}: {step.get_state_display().lower()}." if step else say("None was proposed."),
        reverse("scoping:talent", args=[fellowship.ref]),
        waivable=True,
    )


@read
def _open_milestones(fellowship: int) -> QuerySet[Milestone, str]:
    rows = Milestone.objects.filter(fellowship_id=fellowship).open()
    return rows.values_list("title", flat=True)


@read
def _contributed(fellowship: int) -> QuerySet[Contribution, Any]:
    rows = Contribution.objects.filter(fellowship_id=fellowship).standing()
    return rows.values_list("confirmed_at", flat=True)


@read
def _last_step(fellowship: int) -> QuerySet[TalentStep]:
    return TalentStep.objects.filter(fellowship_id=fellowship)[:1]
