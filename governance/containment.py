"""What on-call may do at once to contain harm; the apps that hold the means register them here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fellowship.kernel.refusals import Refused

if TYPE_CHECKING:
    from fellowship.accounts.models import Actor
    from governance.models import Escalation

Act = Callable[..., str]
Hint = Callable[["Escalation"], str]


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing a means must be told: a text, or one of `choices` (value, words)."""

    key: str
    label: str
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def _nothing(escalation: Escalation) -> tuple[Ask, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Containment:
    """One means: `act(escalation=, by=, reason=, **told) -> str` does it and says what was done.

    It runs in the transaction of the escalation's verb and works through service verbs. `applies`
    says whether it makes sense for an escalation; `asks` what it must be told, by key; `hint` what
    it does.
    """

    key: str
    label: str
    act: Act
    applies: Callable[[Escalation], bool]
    asks: Callable[[Escalation], tuple[Ask, ...]] = _nothing
    hint: str | Hint = ""
    order: int = 50

    def hinted(self, escalation: Escalation) -> str:
        """What it does, in a line: for this alarm, where the means says so."""
        return self.hint if isinstance(self.hint, str) else self.hint(escalation)

    def field(self, ask: str) -> str:
        """The name of what it asks, among those of all means."""
        return f"{self.key.replace('.', '_')}_{ask}"

    def __call__(
        self, *, escalation: Escalation, by: Actor, reason: str, told: Mapping[str, str]
    ) -> str:
        """Do it; a refusal names the field of what was told, as `field` gives it."""
        asked = {ask.key: told.get(self.field(ask.key), "") for ask in self.asks(escalation)}
        try:
            return self.act(escalation=escalation, by=by, reason=reason, **asked)
        except Refused as refused:
            if refused.refusal.field not in asked:
                raise
            named = replace(refused.refusal, field=self.field(refused.refusal.field))
            raise Refused(named) from refused


_means: dict[str, Containment] = {}


def register(
    key: str,
    label: str,
    act: Act,
    applies: Callable[[Escalation], bool] = lambda escalation: True,
    *,
    asks: Callable[[Escalation], tuple[Ask, ...]] = _nothing,
    hint: str | Hint = "",
    order: int = 50,
) -> None:
    """Register a means under a stable key, `access.suspend_grants`. The last registered counts.

    `hint` says what it does; `order` puts what stops most harm first.
    """
    _means[key] = Containment(key, label, act, applies, asks, hint, order)


def get(key: str) -> Containment | None:
    """The means of that key."""
    return _means.get(key)


def available(escalation: Escalation) -> list[Containment]:
    """The means that make sense for the escalation, in their order."""
    fitting = [means for means in _means.values() if means.applies(escalation)]
    return sorted(fitting, key=lambda means: (means.order, means.label))


# --- findings ---------------------------------------------------------------------------------

_findings: set[str] = set()


def counts_as_finding(label: str) -> None:
    """Say that records of this model, `findings.finding`, are findings an alarm may end in."""
    _findings.add(label)


def is_finding(label: str) -> bool:
    """Whether records of this model are findings."""
    return label in _findings
