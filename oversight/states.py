"""Closed lists of oversight: what is written at the end of a case, what comes back, who answers."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.saying import say


class ClosingKind(models.TextChoices):
    """A text that a case closes with."""

    SUMMARY = "summary", say("Findings summary")
    FELLOW = "fellow_review", say("The fellow’s review")
    MENTOR = "mentor_review", say("The mentor’s review")


class HeldKind(models.TextChoices):
    """What a fellow was handed; `nothing` states that there was none."""

    PROPERTY = "property", say("Property")
    ACCOUNT = "account", say("Account")
    NOTHING = "nothing", say("Nothing was handed out")


class SurveySide(models.TextChoices):
    """Who is asked after a cohort."""

    FELLOW = "fellow", say("Fellows")
    MENTOR = "mentor", say("Mentors")


class Outcome(models.TextChoices):
    """What became of a recommendation."""

    DONE = "done", say("Done")
    DROPPED = "dropped", say("Dropped")


class Ground(models.TextChoices):
    """What somebody was here, by which the days are counted for which they are named."""

    APPLICANT = "applicant", say("Applied and was not accepted")
    FELLOW = "fellow", say("Was a fellow, or worked or wrote with one")
    LEFT = "left", say("Their last role ended")
    NEWCOMER = "newcomer", say("Signed up and never took a part")

    @property
    def period(self) -> str:
        """The parameter of the retention rule that says how long."""
        return _PERIODS[self.value]


_PERIODS: Final = {
    "applicant": "applicants",
    "fellow": "fellows",
    "left": "people",
    "newcomer": "newcomers",
}


class HoldGround(models.TextChoices):
    """What keeps somebody's data back beyond its days: the whole list."""

    CONDUCT = "conduct", say("An open matter of conduct")
    LEGAL = "legal", say("A legal claim, or a duty to keep")
    APPEAL = "appeal", say("An appeal or an independent review")


FEWEST: Final = 5
"""Answers of one side below which nothing of them is shown."""
SCALE: Final = (
    (1, say("Not at all")),
    (2, say("Hardly")),
    (3, say("Partly")),
    (4, say("Mostly")),
    (5, say("Entirely")),
)
"""The points of every question and their words."""
