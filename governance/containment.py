"""What on-call may do at once to contain harm; the apps that hold the means register them here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fellowship.accounts.models import Actor
    from governance.models import Escalation

Act = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Containment:
    """One means: `act(escalation=, by=, reason=) -> str` does it and says what was done.

    It runs in the transaction of the escalation's verb and works through service verbs. `applies`
    says whether it makes sense for an escalation.
    """

    key: str
    label: str
    act: Act
    applies: Callable[[Escalation], bool]

    def __call__(self, *, escalation: Escalation, by: Actor, reason: str) -> str:
        return self.act(escalation=escalation, by=by, reason=reason)


_means: dict[str, Containment] = {}


def register(
    key: str,
    label: str,
    act: Act,
    applies: Callable[[Escalation], bool] = lambda escalation: True,
) -> None:
    """Register a means under a stable key, `access.suspend_grants`. The last registered counts."""
    _means[key] = Containment(key, label, act, applies)


def get(key: str) -> Containment | None:
    """The means of that key."""
    return _means.get(key)


def available(escalation: Escalation) -> list[Containment]:
    """The means that make sense for the escalation, by label."""
    fitting = [means for means in _means.values() if means.applies(escalation)]
    return sorted(fitting, key=lambda means: means.label)
