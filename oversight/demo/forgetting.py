"""Who is kept longer than the retention rule says: one due, and one held back."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.time import now
from oversight import services
from oversight.demo.cast import NARRATOR
from oversight.models import DueErasure

if TYPE_CHECKING:
    from oversight.demo.story import Story

PEOPLE: Final = {"early-one": "Ilse Brandt-Okoro", "early-two": "Tomas Arendt"}
"""They signed up for an information session, before there was a call, and never applied."""
CLAIM: Final = "Says the session promised a place; legal answers by the end of next month."


def plan(story: Story) -> None:
    """Put it on the stage."""
    story.stage.at(-380, _sign_up)
    story.stage.at(-6, partial(_hold, story))


def _sign_up() -> None:
    for username, name in PEOPLE.items():
        register(email=f"{username}@university.example", username=username, name=name, by=NARRATOR)


def _hold(story: Story) -> None:
    person = User.objects.get(username="early-two")
    due = DueErasure.objects.open().select_related("program").get(person=person)
    services.hold_data(
        person=person,
        program=due.program,
        ground="legal",
        reason=CLAIM,
        until=(now() + dt.timedelta(days=45)).date(),
        by=story.cast["admin"],
    )
