"""Whether the clauses of a version agree with each other, the fellowship and the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from governance.models import RuleVersion
from governance.rules import pinned
from proposals.checks import advise
from scoping import stages
from scoping.handling import COLUMN, NEVER
from scoping.models import ScopeOfWork
from scoping.sections import cite
from scoping.states import Environment, Operation, Tier

RULE: Final = say("terms by stage")


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
            where = say(" in “{title}”", title=stretch.title) if stretch.title else ""
            return Refusal(
                "tier_handling",
                say(
                    "Work on the fellow's own equipment{where} means that data are "
                    "downloaded, and {rule} never allows that for {label} data ({cite}). "
                    "Choose an environment of the company, or a lower tier.",
                    where=where,
                    rule=rule,
                    label=Tier(terms.max_tier).label.lower(),
                    cite=cite("max_tier"),
                ),
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
        said = say(
            "The first stage begins on the first day of the fellowship, {starts_on}.",
            starts_on=case.starts_on,
        )
        return Refusal("stages_gap", said, rule=RULE, field="stages")
    if found[-1].since > case.ends_on:
        said = say(
            "“{title}” begins after the last day of the fellowship, {ends_on}.",
            title=found[-1].title,
            ends_on=case.ends_on,
        )
        return Refusal("stages_gap", said, rule=RULE, field="stages")
    for stage in found:
        said_terms = stages.Terms.read({**bounds.write(), **stage.less})
        if beyond := said_terms.beyond(bounds):
            said = say(
                "“{title}” allows more than {cite}; a stage only allows less.",
                title=stage.title,
                cite=cite(beyond[0]),
            )
            return Refusal("stage_beyond", said, rule=RULE, field="stages")
    return None


def _plan(scope: ScopeOfWork) -> Refusal | None:
    keys = [item["key"] for item in (*scope.milestones, *scope.checkpoints)]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        said = say("A milestone and a review checkpoint both have the key “{twice}”.", twice=twice)
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
        yield Remark(
            "max_tier", say("No dataset is named, so nothing above public data is needed.")
        )
    if scope.datasets and not scope.operations:
        yield Remark("operations", say("Datasets are named, and nothing may be done with them."))
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
            say(
                "{rule} never allows this for {label} data, so it holds for lower tiers "
                "alone: {never}.",
                rule=rule,
                label=tier.label.lower(),
                never=joined(", ", never),
            ),
        )


def _leaving(scope: ScopeOfWork) -> Iterator[Remark]:
    out = [op for op in (Operation.EXPORT, Operation.DOWNLOAD) if op in scope.operations]
    if out and not scope.code_may_leave:
        names = joined(say(" and "), (f"“{op.label}”" for op in out))
        yield Remark(
            "code_may_leave",
            say(
                "Code may not leave, and {names} is allowed: outputs leave by the "
                "release desk alone, and code among them is held back. Say under the "
                "tools what may be released.",
                names=names,
            ),
        )
    if scope.code_may_leave and scope.environment == Environment.CONTROLLED and not out:
        yield Remark(
            "code_may_leave",
            say(
                "Code may leave, and no operation takes anything out of the controlled environment."
            ),
        )


def _dates(scope: ScopeOfWork) -> Iterator[Remark]:
    last = scope.fellowship.ends_on
    for key, items in (("milestones", scope.milestones), ("checkpoints", scope.checkpoints)):
        late = [item["title"] for item in items if dt.date.fromisoformat(item["due"]) > last]
        if late:
            yield Remark(
                key,
                say(
                    "After the last day of the fellowship, {last}: {late}.",
                    last=last,
                    late=joined("; ", late),
                ),
            )


def _credit(scope: ScopeOfWork) -> Iterator[Remark]:
    if not scope.credit:
        yield Remark("credit", say("The fellow is credited with nothing."))


_LOOKS: Final[tuple[Callable[[ScopeOfWork], Iterator[Remark]], ...]] = (
    _question,
    _data,
    _leaving,
    _dates,
    _credit,
)
