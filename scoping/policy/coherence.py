"""Whether the clauses of a version agree with each other, the fellowship and the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from fellowship.kernel.refusals import Refusal, first
from governance.models import RuleVersion
from governance.rules import pinned
from proposals.checks import advise
from scoping import stages
from scoping.handling import COLUMN, NEVER
from scoping.models import ScopeOfWork
from scoping.sections import cite
from scoping.states import Environment, Operation, Tier

RULE: Final = "terms by stage"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reader of a version will stumble on, at a clause; it holds up nothing."""

    clause: str
    text: str

    @property
    def cited(self) -> str:
        """The clause as decisions name it."""
        return cite(self.clause)


def coherent(scope: ScopeOfWork) -> Refusal | None:
    """Why no version may say this: its stages or its plan contradict themselves."""
    return first(_stages(scope), _plan(scope))


def handled(scope: ScopeOfWork) -> Refusal | None:
    """Why the standard pinned on the case does not let the work be done where the version says."""
    rule = _standard(scope)
    for stretch in scope.stretches():
        terms = stretch.terms
        if terms.environment != Environment.OWN or terms.max_tier == Tier.PUBLIC:
            continue
        if rule.params.tiers[terms.max_tier].download == NEVER:
            where = f" in “{stretch.title}”" if stretch.title else ""
            return Refusal(
                "tier_handling",
                f"Work on the fellow's own equipment{where} means that data are downloaded, and "
                f"{rule} never allows that for {Tier(terms.max_tier).label.lower()} data "
                f"({cite('max_tier')}). Choose an environment of the company, or a lower tier.",
                rule=str(rule),
                field="environment",
            )
    return None


def remarks(scope: ScopeOfWork) -> list[Remark]:
    """What does not fit together though nothing forbids it, in the document's order."""
    return [remark for look in _LOOKS for remark in look(scope)]


def _stages(scope: ScopeOfWork) -> Refusal | None:
    found, case, bounds = stages.read(scope.stages), scope.fellowship, scope.bounds()
    if not found:
        return None
    if found[0].since != case.starts_on:
        said = f"The first stage begins on the first day of the fellowship, {case.starts_on}."
        return Refusal("stages_gap", said, rule=RULE, field="stages")
    if found[-1].since > case.ends_on:
        said = f"“{found[-1].title}” begins after the last day of the fellowship, {case.ends_on}."
        return Refusal("stages_gap", said, rule=RULE, field="stages")
    for stage in found:
        said_terms = stages.Terms.read({**bounds.write(), **stage.less})
        if beyond := said_terms.beyond(bounds):
            said = f"“{stage.title}” allows more than {cite(beyond[0])}; a stage only allows less."
            return Refusal("stage_beyond", said, rule=RULE, field="stages")
    return None


def _plan(scope: ScopeOfWork) -> Refusal | None:
    keys = [item["key"] for item in (*scope.milestones, *scope.checkpoints)]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        said = f"A milestone and a review checkpoint both have the key “{twice}”."
        return Refusal("key_twice", said, field="checkpoints")
    return None


def _standard(scope: ScopeOfWork) -> RuleVersion:
    return pinned(scope.fellowship, "data_handling")


def _question(scope: ScopeOfWork) -> Iterator[Remark]:
    said = {"problem": scope.terms.get("objective"), "question": scope.terms.get("question")}
    clauses = {"problem": "objective", "question": "question"}
    for advice in advise({key: text or "" for key, text in said.items()}):
        if advice.field in clauses:
            yield Remark(clauses[advice.field], advice.message)


def _data(scope: ScopeOfWork) -> Iterator[Remark]:
    if not scope.datasets and scope.max_tier != Tier.PUBLIC:
        yield Remark("max_tier", "No dataset is named, so nothing above public data is needed.")
    if scope.datasets and not scope.operations:
        yield Remark("operations", "Datasets are named, and nothing may be done with them.")
    rule, tier = _standard(scope), Tier(scope.max_tier)
    table = rule.params.tiers[tier]
    never = [
        str(Operation(op).label)
        for op in scope.operations
        if op in COLUMN and getattr(table, COLUMN[op]) == NEVER
    ]
    if never:
        yield Remark(
            "operations",
            f"{rule} never allows this for {tier.label.lower()} data, so it holds for lower tiers "
            f"alone: {', '.join(never)}.",
        )


def _leaving(scope: ScopeOfWork) -> Iterator[Remark]:
    out = [op for op in (Operation.EXPORT, Operation.DOWNLOAD) if op in scope.operations]
    if out and not scope.code_may_leave:
        names = " and ".join(f"“{op.label}”" for op in out)
        yield Remark(
            "code_may_leave",
            f"Code may not leave, and {names} is allowed: outputs leave by the release desk alone, "
            "and code among them is held back. Say under the tools what may be released.",
        )
    if scope.code_may_leave and scope.environment == Environment.CONTROLLED and not out:
        yield Remark(
            "code_may_leave",
            "Code may leave, and no operation takes anything out of the controlled environment.",
        )


def _dates(scope: ScopeOfWork) -> Iterator[Remark]:
    last = scope.fellowship.ends_on
    for key, items in (("milestones", scope.milestones), ("checkpoints", scope.checkpoints)):
        late = [item["title"] for item in items if dt.date.fromisoformat(item["due"]) > last]
        if late:
            yield Remark(key, f"After the last day of the fellowship, {last}: {'; '.join(late)}.")


def _credit(scope: ScopeOfWork) -> Iterator[Remark]:
    if not scope.credit:
        yield Remark("credit", "The fellow is credited with nothing.")


_LOOKS: Final[tuple[Callable[[ScopeOfWork], Iterator[Remark]], ...]] = (
    _question,
    _data,
    _leaving,
    _dates,
    _credit,
)
