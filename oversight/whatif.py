"""What another retention rule would have done: when those found due would have been so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance.retention_terms import Retention
from governance.rules import Difference, whatif
from governance.states import RuleKind
from oversight.models import DueErasure
from oversight.states import Ground

MOST: Final = 200


@whatif(RuleKind.RETENTION, of=say("people found due"))
def people(program: Program, before: Retention, after: Retention) -> Iterator[Difference]:
    """The latest people found due whose days would have been over on another day."""
    calendar = program.calendar()
    rows = DueErasure.objects.filter(program=program).select_related("person")
    for due in rows.order_by("-pk")[:MOST]:
        period = Ground(due.ground).period
        was, would = (getattr(rule, period).due(due.since, calendar) for rule in (before, after))
        if was != would:
            yield Difference(
                case=f"{due.person}: {due.get_ground_display().lower()}",
                url=due.get_absolute_url(),
                before=say("kept until {local:%-d %B %Y}", local=calendar.last_day(was)),
                after=say("kept until {local:%-d %B %Y}", local=calendar.last_day(would)),
                record=due,
            )
