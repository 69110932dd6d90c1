"""From which figures on a board hears of its own oversight: typed parameters of that rule."""

from __future__ import annotations

from dataclasses import dataclass

from fellowship.kernel.saying import say
from governance.typed import BadParameter


@dataclass(frozen=True, slots=True)
class GovernanceHealth:
    """What is measured about the board's own work, and how much of it is too much.

    Ballots, decisions, windows, alarms and promises of the last `looks_back_days` calendar days
    count; what is overdue or unowned counts as it stands. A vote cast within `hasty_seconds` of
    opening the dossier is hasty. Whoever approved `approver_percent` of `approver_votes` votes or
    more is named. An exception renewed more than `renewals_borne` times is noted, and a finding
    that nobody owned for more than `unowned_days`.

    Each `most_…` is the most that passes: from more on, the board finds it on its agenda. Those in
    percent are shares of what could have been; `most_days_…` are working days within which nine
    of ten cases stay.
    """

    looks_back_days: int
    hasty_seconds: int
    most_hasty_percent: int
    most_unopened_percent: int
    most_silent_percent: int
    most_copied_percent: int
    most_unanimous: int
    approver_votes: int
    approver_percent: int
    most_approvers: int
    most_conditions_overdue: int
    renewals_borne: int
    most_renewed: int
    most_lapsed: int
    most_late_acknowledgements: int
    unowned_days: int
    most_unowned: int
    most_days_with_us: int
    most_days_with_fellow: int
    most_promises_percent: int

    def __post_init__(self) -> None:
        for name in ("looks_back_days", "approver_votes", "approver_percent", "most_unanimous"):
            if getattr(self, name) < 1:
                raise BadParameter(name, say("must be at least 1"))
        if self.looks_back_days > 3_660:
            raise BadParameter("looks_back_days", say("must be within ten years"))
        if self.unowned_days > 3_660:
            raise BadParameter("unowned_days", say("must be within ten years"))
        if self.hasty_seconds > 86_400:
            raise BadParameter("hasty_seconds", say("must be within a day"))
        for name in _SHARES:
            if getattr(self, name) > 100:
                raise BadParameter(name, say("must be a percentage: 100 at most"))


_SHARES = (
    "most_hasty_percent",
    "most_unopened_percent",
    "most_silent_percent",
    "most_copied_percent",
    "approver_percent",
    "most_promises_percent",
)

LABELS = {
    "looks_back_days": say("Looks back, in days"),
    "hasty_seconds": say("Hasty: cast within so many seconds of opening the dossier"),
    "most_hasty_percent": say("Most hasty votes, in percent"),
    "most_unopened_percent": say(
        "Most dossiers never opened, in percent of the seats that may vote"
    ),
    "most_silent_percent": say("Most votes without a reason, in percent"),
    "most_copied_percent": say("Most reasons copied, in percent of those given"),
    "most_unanimous": say("Most unanimous decisions in a row"),
    "approver_votes": say("Approves nearly everything: of so many votes or more"),
    "approver_percent": say("Approves nearly everything: so many percent or more"),
    "most_approvers": say("Most people who approve nearly everything"),
    "most_conditions_overdue": say("Most conditions overdue"),
    "renewals_borne": say("Renewals of an exception that are borne"),
    "most_renewed": say("Most exceptions renewed more often"),
    "most_lapsed": say("Most review windows that lapsed unreviewed"),
    "most_late_acknowledgements": say("Most alarms acknowledged late"),
    "unowned_days": say("A finding may be without an owner for so many days"),
    "most_unowned": say("Most findings without an owner for longer"),
    "most_days_with_us": say("Nine of ten cases were with us for so many working days at most"),
    "most_days_with_fellow": say("Nine of ten cases were with the fellow for so many at most"),
    "most_promises_percent": say("Most promises missed, in percent of those due"),
}
"""What each parameter is called on pages."""
