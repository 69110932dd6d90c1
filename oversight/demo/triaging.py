"""At the product owner's desk: filters, an absence, findings changed together."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.kernel.time import now
from findings import services as findings
from findings.models import Finding
from findings.services.bulk import fingerprint
from findings.states import FindingState

if TYPE_CHECKING:
    from oversight.demo.story import Story

KEY: Final = uuid.UUID("5b0f7a1e-6d0a-4a7e-9a55-0d1f5f9c2c01")


def plan(story: Story) -> None:
    """Put it on the stage."""
    story.stage.at(-30, partial(_filters, story))
    story.stage.at(-0.4, partial(_together, story))
    story.stage.at(-0.3, partial(_away, story))


def _filters(story: Story) -> None:
    """What the owner looks at each morning, and what all look at on Mondays."""
    owner, manager = story.cast["product-owner"], story.cast["manager"]
    program = story.cast.programs["assistants"]
    findings.save_filter(
        name="Severe, no control yet",
        query="family=none&queue=all&severity=severe",
        program=program,
        by=manager,
    )
    findings.save_filter(name="Mine, overdue", query="overdue=on&queue=mine", by=owner)


def _together(story: Story) -> None:
    """Late findings nobody took up are claimed together."""
    owner = story.cast["product-owner"]
    rows = Finding.objects.visible_to(owner).filter(state=FindingState.REPORTED)
    keys = list(rows.filter(product_owner=None).order_by("pk").values_list("pk", flat=True)[:2])
    if keys:
        findings.run_batch(key=KEY, action="claim", keys=keys, by=owner, seen=fingerprint(keys))


def _away(story: Story) -> None:
    """The owner is away next week; the manager stands in."""
    owner, manager = story.cast["product-owner"], story.cast["manager"]
    findings.enter_cover(
        program=story.cast.programs["assistants"],
        person=owner,
        stand_in=manager,
        starts_at=now() + dt.timedelta(days=4),
        ends_at=now() + dt.timedelta(days=9),
        by=owner,
    )
