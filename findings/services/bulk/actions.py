"""What can be done to many findings at once: one description for each, used for one finding too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say, say_n
from fellowship.kernel.time import now
from findings import policy
from findings.models import Finding
from findings.states import FINDING_MOVES, Closure, FindingState

Said = Mapping[str, Any]
"""What was chosen: `reason`, `to` (a person), `of` (a finding), `look_again_at`; `covered`."""


@dataclass(frozen=True)
class Action:
    """A verb on findings as data.

    `already` tells a finding that is as the verb would leave it; `refusal` is the policy of the
    single verb; `apply` sets the finding's `fields` and returns what the event says. `stops` ends
    the due clock, `hands_over` gives it to the new owner. `told` words the notice to
    the fellow from what the findings are called and how many they are; none where the change is no
    business of theirs. `asks` are the inputs it needs. `one_by_one` says which findings it
    leaves to be dealt with singly, why, and where.
    """

    key: str
    label: str
    done: str
    verb: str
    fields: tuple[str, ...]
    already: Callable[[Finding, User, Said], bool]
    refusal: Callable[[Finding, User, Said], Refusal | None]
    apply: Callable[[Finding, User, Said], dict[str, Any]]
    asks: tuple[str, ...] = ("reason",)
    stops: bool = False
    hands_over: bool = False
    told: Callable[[str, int], str] | None = None
    one_by_one: str = ""


TAKEN: Final = (FindingState.INVESTIGATING, FindingState.ACCEPTED)


def _reason(said: Said) -> str:
    return str(said.get("reason") or "")


# --- whose it is ----------------------------------------------------------------------------


def _claim(finding: Finding, by: User, said: Said) -> dict[str, Any]:
    if finding.state == FindingState.REPORTED:
        finding.state = FINDING_MOVES.target(finding.state, "take")
    finding.product_owner = by
    return {"state": finding.state, "owner": by.pk}


def _assign(finding: Finding, by: User, said: Said) -> dict[str, Any]:
    before = finding.product_owner_id
    finding.product_owner = said["to"]
    return {"owner": {"from": before, "to": said["to"].pk}}


CLAIM: Final = Action(
    key="claim",
    label=say("Claim"),
    done=say("claimed"),
    verb="findings.claim",
    fields=("state", "product_owner"),
    asks=(),
    already=lambda f, by, said: (
        f.product_owner_id == by.pk
        and f.state in (FindingState.INVESTIGATING, FindingState.ACCEPTED)
    ),
    refusal=lambda f, by, said: policy.may_claim(f, by, said.get("covered") or frozenset()),
    apply=_claim,
    hands_over=True,
    told=lambda count, n: say_n(
        n, "{count} is under investigation", "{count} are under investigation", count=count
    ),
)
ASSIGN: Final = Action(
    key="assign",
    label=say("Assign"),
    done=say("assigned"),
    verb="findings.assign",
    fields=("product_owner",),
    asks=("to", "reason"),
    already=lambda f, by, said: f.product_owner_id == said["to"].pk,
    refusal=lambda f, by, said: policy.may_assign(f, said["to"], by, _reason(said)),
    apply=_assign,
    hands_over=True,
)


# --- dispositions ---------------------------------------------------------------------------

UNDECIDED: Final = ("actionable", "mapping")
"""What a finding that is not acted on says nothing of."""


def _undecided(finding: Finding) -> None:
    finding.actionable, finding.mapping = None, ""


def _settle(verb: str) -> Callable[[Finding, User, Said], dict[str, Any]]:
    def apply(finding: Finding, by: User, said: Said) -> dict[str, Any]:
        finding.state = FINDING_MOVES.target(finding.state, verb)
        finding.rationale = _reason(said).strip()
        _undecided(finding)
        change: dict[str, Any] = {"state": finding.state}
        if until := said.get("look_again_at"):
            finding.look_again_at = until
            change["look_again_at"] = until
        return change

    return apply


def _explore(finding: Finding, by: User, said: Said) -> dict[str, Any]:
    finding.state = FINDING_MOVES.target(finding.state, "accept")
    finding.actionable, finding.mapping = False, ""
    finding.rationale = _reason(said).strip()
    return {"state": finding.state, "actionable": False, "mapping": ""}


def _repeat(finding: Finding, by: User, said: Said) -> dict[str, Any]:
    finding.state = FINDING_MOVES.target(finding.state, "close_as_duplicate")
    finding.look_again_at = None
    finding.duplicate_of = said["of"]
    finding.closure = Closure.DUPLICATE
    finding.closed_at, finding.closed_by = now(), by
    _undecided(finding)
    return {"state": finding.state, "closure": finding.closure, "answer": said["of"].ref}


def _may_defer(finding: Finding, by: User, said: Said) -> Refusal | None:
    return first(
        policy.may_defer(finding, by),
        policy.says_why(_reason(said)),
        _within_rule(finding, said),
    )


def _within_rule(finding: Finding, said: Said) -> Refusal | None:
    """The limit of a deferral, worked out once for a case and a severity."""
    known = said.get("known", {})
    key = (finding.fellowship_id, finding.severity)
    if key not in known:
        known[key] = policy.deferred_within_rule(finding, said.get("look_again_at"))
    refused: Refusal | None = known[key]
    return refused


DEFER: Final = Action(
    key="defer",
    label=say("Defer"),
    done=say("deferred"),
    verb="findings.defer",
    fields=("state", "rationale", "look_again_at", *UNDECIDED),
    asks=("look_again_at", "reason"),
    already=lambda f, by, said: f.state == FindingState.DEFERRED,
    refusal=_may_defer,
    apply=_settle("defer"),
    stops=True,
    told=lambda count, n: say_n(n, "{count} was deferred", "{count} were deferred", count=count),
)
REJECT: Final = Action(
    key="reject",
    label=say("Reject"),
    done=say("rejected"),
    verb="findings.reject",
    fields=("state", "rationale", *UNDECIDED),
    already=lambda f, by, said: f.state == FindingState.REJECTED,
    refusal=lambda f, by, said: first(policy.may_reject(f, by), policy.says_why(_reason(said))),
    apply=_settle("reject"),
    stops=True,
    told=lambda count, n: say_n(n, "{count} was rejected", "{count} were rejected", count=count),
    one_by_one=say(
        "Critical and high findings go to the board one by one: its members read the claim and the "
        "evidence of each, and vote on it alone. Refer each on its page; what only repeats another "
        "is closed as a repetition, many at once."
    ),
)
EXPLORE: Final = Action(
    key="explore",
    label=say("Accept as exploratory"),
    done=say("accepted as exploratory"),
    verb="findings.accept",
    fields=("state", "rationale", *UNDECIDED),
    already=lambda f, by, said: f.state == FindingState.ACCEPTED,
    refusal=lambda f, by, said: first(policy.may_accept(f, by), policy.says_why(_reason(said))),
    apply=_explore,
    told=lambda count, n: say_n(
        n,
        "{count} was accepted as exploratory",
        "{count} were accepted as exploratory",
        count=count,
    ),
)
DUPLICATE: Final = Action(
    key="duplicate",
    label=say("Close as a repetition"),
    done=say("closed as a repetition"),
    verb="findings.close_as_duplicate",
    fields=(
        "state",
        "duplicate_of",
        "closure",
        "closed_at",
        "closed_by",
        "look_again_at",
        *UNDECIDED,
    ),
    asks=("of", "reason"),
    already=lambda f, by, said: f.state == FindingState.CLOSED,
    refusal=lambda f, by, said: policy.may_close_as_duplicate(f, said["of"], by),
    apply=_repeat,
    stops=True,
    told=lambda count, n: say_n(
        n,
        "{count} is closed as a repetition of another",
        "{count} are closed as a repetition of another",
        count=count,
    ),
)

ACTIONS: Final[dict[str, Action]] = {
    action.key: action for action in (CLAIM, ASSIGN, DEFER, REJECT, EXPLORE, DUPLICATE)
}
