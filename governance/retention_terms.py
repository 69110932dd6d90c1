"""What the retention rule holds: how long what names a person is kept once their part is over."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from governance.typed import BadParameter
from governance.windows import days

FEWEST_NOTICES: Final = 60
"""What is told once is not told again while its notice is there."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what names a person is kept, counted from the day their part is over.

    `applicants` counts from the end of the call, or from the decision where that came later, for
    who was never accepted; `fellows` from the closeout of the case, also for those who worked
    beside the fellow; `people` from the day the last role ended. Of who has a part in several, the
    longest counts. `newcomers` counts for who signed up and never took a part.

    `notices` is for what a person was told, `sessions` for what a sign-in left behind (browser and
    address), `tokens` for the name and the last use of a token that ended.

    Administrators are told what is due, and again every `remind_every` while something is. A hold
    lasts at most `longest_hold`; then it is decided anew.
    """

    applicants: Window
    fellows: Window
    people: Window
    newcomers: Window
    notices: Window
    sessions: Window
    tokens: Window
    remind_every: Window
    longest_hold: Window

    def __post_init__(self) -> None:
        for field in fields(self):
            window: Window = getattr(self, field.name)
            if window.unit != "calendar_days":
                raise BadParameter(field.name, say("must be in calendar days"))
            if not 1 <= window.amount <= 36_600:
                raise BadParameter(field.name, say("must be from one day to a hundred years"))
        if self.notices.amount < FEWEST_NOTICES:
            text = say(
                "must be at least {FEWEST_NOTICES} days, or people are told the same anew",
                FEWEST_NOTICES=FEWEST_NOTICES,
            )
            raise BadParameter("notices", text)


def retention() -> Retention:
    """What a new programme starts with."""
    return Retention(
        applicants=days(365),
        fellows=days(1_825),
        people=days(730),
        newcomers=days(365),
        notices=days(365),
        sessions=days(90),
        tokens=days(365),
        remind_every=days(14),
        longest_hold=days(365),
    )


LABELS = {
    "applicants": say("Applicants never accepted, after their call ended or was decided"),
    "fellows": say("Fellows and collaborators, after the closeout"),
    "people": say("Everyone else, after their last role ended"),
    "newcomers": say("Who signed up and never took a part"),
    "notices": say("What a person was told: inbox and mails"),
    "sessions": say("What a sign-in left behind: browser and address"),
    "tokens": say("Name and last use of a token, after it ended"),
    "remind_every": say("Administrators are told again of what is due every"),
    "longest_hold": say("A hold lasts at most"),
}
