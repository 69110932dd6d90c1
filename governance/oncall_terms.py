"""The parameters of the on-call rule: how long each person paged has, who is next, what to report.

The days within which a serious incident is reported start as those of the EU's general-purpose AI
code of practice (safety and security chapter, commitment 9): 2, 5, 10 and 15 days from the moment
the company knows of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fellowship.accounts import roles
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from governance.states import Harm, Severity
from governance.typed import BadParameter
from governance.windows import days, minutes

MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class OncallRules:
    """Paging and reporting.

    By severity each person paged has the window of `answer`; then the next in line is paged. The
    whole line is gone through `rounds` times. Where nobody answered, holders of `then` are told.
    `reports` names for each kind of serious incident how soon it is reported to the authority.
    """

    answer: Mapping[str, Window]
    rounds: int
    then: tuple[str, ...]
    reports: Mapping[str, Window]

    def __post_init__(self) -> None:
        _exactly("answer", self.answer, Severity.values)
        _exactly("reports", self.reports, Harm.values)
        if not 1 <= self.rounds <= MOST_ROUNDS:
            raise BadParameter(
                "rounds", say("must be from 1 to {MOST_ROUNDS}", MOST_ROUNDS=MOST_ROUNDS)
            )
        if not self.then:
            raise BadParameter("then", say("must name who is told where nobody answers"))
        for role in self.then:
            if role not in roles.STAFF:
                raise BadParameter("then", say("{role} is no role of the company", role=role))
        for name in ("answer", "reports"):
            for key, window in getattr(self, name).items():
                if window.amount < 1:
                    raise BadParameter(f"{name}.{key}", say("must be at least 1"))


def _exactly(path: str, value: Mapping[str, Window], keys: list[str]) -> None:
    for key in [*value, *keys]:
        if key not in keys:
            raise BadParameter(f"{path}.{key}", say("is not a known parameter"))
        if key not in value:
            raise BadParameter(f"{path}.{key}", say("is missing"))


def oncall() -> OncallRules:
    """What a new programme starts with: a quarter of an hour for what is critical."""
    return OncallRules(
        answer={
            str(Severity.CRITICAL): minutes(15),
            str(Severity.HIGH): minutes(30),
            str(Severity.MEDIUM): Window(4, "hours"),
            str(Severity.LOW): Window(1, "working_days"),
        },
        rounds=2,
        then=(roles.CHAIR, roles.MANAGER, roles.SPONSOR),
        reports={
            str(Harm.INFRASTRUCTURE): days(2),
            str(Harm.CYBERSECURITY): days(5),
            str(Harm.DEATH): days(10),
            str(Harm.SERIOUS): days(15),
        },
    )
