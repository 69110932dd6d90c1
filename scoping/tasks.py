"""What time does here: offers lapse, late signatures and verdicts are told."""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.kernel.journal import System
from scoping.models import Fellowship, Milestone
from scoping.queries import offered_scope
from scoping.services import lapse_offer
from scoping.services.common import (
    COUNTERSIGNATURE,
    SIGNATURE,
    VERDICT,
    managers,
    signers,
    tell,
)

SWEEP = System("clocks.sweep")

describe(SIGNATURE, label="Your signature under the scope of work")
describe(COUNTERSIGNATURE, label="The company's signature under the scope of work")
describe(VERDICT, label="Verdict on a milestone", reminders=(1,))


@on_breach(SIGNATURE, ends=True)
def signature_missed(clock: Clock, at: dt.datetime) -> None:
    """The fellow kept silent: the offer lapses."""
    case = Fellowship.objects.get(pk=clock.subject_id)
    if scope := offered_scope(case):
        lapse_offer(scope=scope, by=SWEEP, reason="the window for signing is over")


@on_breach(COUNTERSIGNATURE)
def countersignature_late(clock: Clock, at: dt.datetime) -> None:
    """The company kept silent: those who sign, and the managers, are told; the offer stays open."""
    case = Fellowship.objects.get(pk=clock.subject_id)
    text = "the company's signature is overdue; the fellow has signed"
    tell(case, "signature_overdue", [*signers(case), *managers(case)], text, urgent=True)


@on_breach(VERDICT)
def verdict_late(clock: Clock, at: dt.datetime) -> None:
    """A delivered milestone waits too long: the managers are told."""
    milestone = Milestone.objects.select_related("fellowship").get(pk=clock.subject_id)
    case = milestone.fellowship
    text = f"“{milestone.title}” waits for a verdict since {milestone.delivered_at:%-d %B}"
    tell(case, "verdict_overdue", managers(case), text, page="milestones")
