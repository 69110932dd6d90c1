"""What happens by itself: pauses end, grounds end, an overdue finding is told step by step."""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.registry import describe, sweeper
from fellowship.kernel.saying import say
from findings.services import DUE_CLOCK
from findings.services import overdue as time

describe(DUE_CLOCK, label=say("Answer to a finding"))


@sweeper("findings.ended")
def record_what_ended(at: dt.datetime) -> int:
    """Record pauses that are over, and open again what was settled on a ground that ended."""
    return time.record_what_ended(at)


@sweeper("findings.overdue")
def tell_overdue(at: dt.datetime) -> int:
    """Tell the owner of each overdue finding, and after the rule's interval the sponsor."""
    return time.tell_overdue(at)
