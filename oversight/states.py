"""Closed lists of oversight: what is written at the end of a case, what comes back, who answers."""

from __future__ import annotations

from typing import Final

from django.db import models


class ClosingKind(models.TextChoices):
    """A text that a case closes with."""

    SUMMARY = "summary", "Findings summary"
    FELLOW = "fellow_review", "The fellow’s review"
    MENTOR = "mentor_review", "The mentor’s review"


class HeldKind(models.TextChoices):
    """What a fellow was handed; `nothing` states that there was none."""

    PROPERTY = "property", "Property"
    ACCOUNT = "account", "Account"
    NOTHING = "nothing", "Nothing was handed out"


class SurveySide(models.TextChoices):
    """Who is asked after a cohort."""

    FELLOW = "fellow", "Fellows"
    MENTOR = "mentor", "Mentors"


class Outcome(models.TextChoices):
    """What became of a recommendation."""

    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


class Ground(models.TextChoices):
    """What somebody was here, by which the days are counted for which they are named."""

    APPLICANT = "applicant", "Applied and was not accepted"
    FELLOW = "fellow", "Was a fellow, or worked or wrote with one"
    LEFT = "left", "Their last role ended"
    NEWCOMER = "newcomer", "Signed up and never took a part"

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

    CONDUCT = "conduct", "An open matter of conduct"
    LEGAL = "legal", "A legal claim, or a duty to keep"
    APPEAL = "appeal", "An appeal or an independent review"


FEWEST: Final = 5
"""Answers of one side below which nothing of them is shown."""
SCALE: Final = ((1, "Not at all"), (2, "Hardly"), (3, "Partly"), (4, "Mostly"), (5, "Entirely"))
"""The points of every question and their words."""
