"""What other systems report in the story: late, twice, without a zone, by names of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from access import services as access
from access.models import Dataset, Grant
from fellowship.accounts.models import User
from fellowship.kernel.time import now
from governance import services as governance
from governance.models import Escalation
from governance.states import EscalationKind
from oversight.demo.cast import NARRATOR

if TYPE_CHECKING:
    from oversight.demo.story import Story

GATEWAY: Final = "model-gateway"
NOTEBOOKS: Final = "notebook-hub"
BADGE: Final = "uid-20417"
"""What the notebook hub calls the fellow, until the steward says who that is."""
PATTERN: Final = "SELECT * WHERE turn > ? LIMIT ?"


def plan(story: Story) -> None:
    """Put the reports on the story's days."""
    at = story.stage.at
    at(-19, partial(_gateway, story))
    at(-11, partial(_hub, story))
    at(-9, partial(_named, story))
    at(-8.8, partial(_answered, story))
    at(-8, partial(_hub_again, story))
    at(-4.5, partial(_beyond, story))


def _answered(story: Story) -> None:
    """On-call closes the alarm about the badge, now that it is known whose it is."""
    oncall = story.cast["oncall"]
    about = {"kind": EscalationKind.OUT_OF_SCOPE, "subject_type": Dataset._meta.label_lower}
    for found in Escalation.objects.open().filter(**about):
        governance.contain(
            escalation=found,
            by=oncall,
            text="The badge is the fellow's, and her grant covers what she ran. Nothing is closed.",
        )
        governance.verify(
            escalation=found, by=oncall, text="The hub's own log names her for all six runs."
        )
        governance.prevent(
            escalation=found,
            by=oncall,
            text="The hub sends addresses from its next release; Lena Fischer checks it then.",
        )
        governance.close(
            escalation=found,
            by=oncall,
            none_found="It was a question of names: nothing was done outside the agreements.",
            review="The notebook hub reports badges where other systems report addresses. The "
            "steward has said whose this one is; the hub sends addresses from its next release.",
        )


def _gateway(story: Story) -> None:
    """The gateway was offline for two weeks: what it kept comes late."""
    grant = story.grants[0]
    rows = list(_calls(grant, now() - dt.timedelta(days=14), 24))
    _report(grant, rows, GATEWAY)


def _hub(story: Story) -> None:
    """The hub reports by badge, without zones in its first export."""
    grant = story.grants[0]
    rows = list(_notebooks(grant, now() - dt.timedelta(days=2), BADGE))
    for row in rows[3:5]:
        row["at"] = row["at"][:19]
    _report(grant, rows, NOTEBOOKS)


def _named(story: Story) -> None:
    """The steward looks it up."""
    grant = story.grants[0]
    steward: User = story.cast["steward"]
    access.name_identity(
        program=grant.fellowship.program,
        source=NOTEBOOKS,
        identity=BADGE,
        person=grant.person,
        by=steward,
    )


def _hub_again(story: Story) -> None:
    """The hub sends its export again, mended; one row says something else than before."""
    grant = story.grants[0]
    began = now() - dt.timedelta(days=5)
    first, _, _, *others = _notebooks(grant, began, BADGE)
    first["at"] = (began - dt.timedelta(hours=1)).isoformat()
    _report(grant, [first, *others], NOTEBOOKS)


def _beyond(story: Story) -> None:
    """One query of the fellow reads a field the grant does not name."""
    grant = story.grants[0]
    beyond = next(f["name"] for f in grant.dataset.fields if f["name"] not in grant.fields)
    row = {
        "id": f"{grant.ref}-columns",
        "at": (now() - dt.timedelta(hours=3)).isoformat(),
        "person": grant.person.email,
        "dataset": grant.dataset.slug,
        "kind": "query",
        "session": "run-19",
        "details": {"rows": 40, "fields": [grant.fields[0], beyond], "pattern": PATTERN},
    }
    _report(grant, [row], "research-environment")


def _calls(grant: Grant, began: dt.datetime, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "id": f"gw-{grant.pk}-{number:04d}",
            "at": (began + dt.timedelta(minutes=19 * number)).isoformat(),
            "person": grant.person.email,
            "kind": "model_call",
            "session": f"judge-{number // 6 + 1}",
            "details": {"model": "assistant-3", "tokens": 900 + 37 * number % 700},
        }


def _notebooks(grant: Grant, began: dt.datetime, person: str) -> Iterator[dict[str, Any]]:
    for number in range(8):
        yield {
            "id": f"nb-{grant.pk}-{number:03d}",
            "at": (began + dt.timedelta(hours=number)).isoformat(),
            "person": person,
            "dataset": grant.dataset.slug,
            "kind": "code_execution",
            "session": f"drift-{number // 4 + 1}.ipynb",
            "details": {"cells": 4 + number % 5},
        }


def _report(grant: Grant, rows: list[dict[str, Any]], source: str) -> None:
    access.ingest(program=grant.fellowship.program, events=rows, source=source, by=NARRATOR)
