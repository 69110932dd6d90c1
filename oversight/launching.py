"""What cohort reviews recommend, shown beside the launch checklist of the next call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fellowship.kernel.saying import say
from fellowship.programs import launch
from fellowship.programs.models import Program
from oversight.models import Recommendation

MOST: Final = 50


@launch.register_undertakings
def recommendations(program: Program, user: Any) -> Iterator[launch.Undertaking]:
    """Those that wait, with their page for whoever may open it; one query."""
    rows = Recommendation.objects.for_the_next_call(program).visible_to(user)
    for row in rows.select_related("owner", "cohort")[:MOST]:
        yield launch.Undertaking(
            title=row.text,
            owner=str(row.owner),
            due_on=row.due_on,
            source=say("Review of {cohort}", cohort=row.cohort),
            url=row.get_absolute_url(),
        )
