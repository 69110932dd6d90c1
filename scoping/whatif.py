"""What another fellowship policy would have done: to fellowships, to signatures and verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance.rulekinds import FellowshipPolicy
from governance.rules import Difference, whatif
from governance.states import RuleKind
from governance.whatifs import by_other_window
from scoping import generation
from scoping.models import Fellowship, Milestone
from scoping.services.common import COUNTERSIGNATURE, SIGNATURE, VERDICT

MOST: Final = 200
WINDOWS: Final = {
    SIGNATURE: "signature",
    COUNTERSIGNATURE: "countersignature",
    VERDICT: "verdict",
}
"""The parameter that says how long each clock runs."""


@whatif(RuleKind.FELLOWSHIP_POLICY, of=say("fellowships"))
def lengths(
    program: Program, before: FellowshipPolicy, after: FellowshipPolicy
) -> Iterator[Difference]:
    """Fellowships that would have had to end earlier."""
    for case in Fellowship.objects.filter(program=program).order_by("-starts_on", "-pk")[:MOST]:
        latest = generation.latest_end(case.starts_on, after)
        if case.ends_on > latest:
            yield Difference(
                case=f"{case.ref} {case.title}",
                url=case.get_absolute_url(),
                before=say("Ends on {day:%-d %B %Y}", day=case.ends_on),
                after=say("Ends on {day:%-d %B %Y}", day=latest),
                record=case,
            )


@whatif(RuleKind.FELLOWSHIP_POLICY, of=say("signatures and verdicts waited for"))
def waits(
    program: Program, before: FellowshipPolicy, after: FellowshipPolicy
) -> Iterator[Difference]:
    """Signatures and verdicts that would have come too late, or no longer."""
    calendar = program.calendar()
    over = Clock.objects.filter(realm=program.realm, kind__in=WINDOWS, ended_at__isnull=False)
    clocks = over.order_by("-starts_at", "-pk")[:MOST]
    cases = Fellowship.objects.in_bulk({c.subject_id for c in clocks if c.kind != VERDICT})
    milestones = Milestone.objects.select_related("fellowship").in_bulk(
        {c.subject_id for c in clocks if c.kind == VERDICT}
    )
    for clock in clocks:
        windows = [getattr(rule, WINDOWS[clock.kind]) for rule in (before, after)]
        of = (milestones if clock.kind == VERDICT else cases)[clock.subject_id]
        case = of.fellowship if isinstance(of, Milestone) else of
        name = f"{case.ref} {of.title}: {clock.label}"
        yield from by_other_window(
            name, case, windows, calendar, begun=clock.starts_at, done=clock.ended_at
        )
