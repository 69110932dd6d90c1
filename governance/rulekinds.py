"""What each kind of rule holds, as a frozen dataclass. `rule.params` is one of these.

All lengths of time are windows in words: “30 calendar days”, “5 working days”, “4 hours”.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from fellowship.accounts.roles import ROLES, Seat
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from governance.ballots import BallotRule
from governance.health_terms import GovernanceHealth
from governance.identity_terms import IdentityRules
from governance.oncall_terms import OncallRules
from governance.publication_terms import PublicationPolicy
from governance.retention_terms import Retention
from governance.rulemaking_terms import RuleMaking
from governance.states import ExceptionKind, RuleKind, Severity
from governance.typed import BadParameter, read, write

__all__ = ["BadParameter", "as_json", "read_params"]

TIERS = ("public", "internal", "restricted", "highly_restricted")
"""The four data tiers, from the most open to the most closed."""


@dataclass(frozen=True, slots=True)
class FellowshipPolicy:
    """The frame of every fellowship of the programme.

    The fellow signs an offered scope within `signature`, the company within `countersignature`;
    delivered work has its verdict within `verdict`. A training opens access for `training_holds`.
    A party replies to a decision within `right_of_reply`, is answered within `reply_answer`, and
    may ask for an independent review within `review_request` of the decision or of that answer.
    `independent_reviewers` people carry it out within `independent_review`.
    """

    longest_fellowship_months: int
    signature: Window
    countersignature: Window
    verdict: Window
    training_holds: Window
    right_of_reply: Window
    reply_answer: Window
    review_request: Window
    independent_review: Window
    independent_reviewers: int
    retention_after_close: Window

    def __post_init__(self) -> None:
        _positive(
            longest_fellowship_months=self.longest_fellowship_months,
            independent_reviewers=self.independent_reviewers,
        )


Allowed: TypeAlias = Literal["yes", "no", "by_approval"]
OutputKind: TypeAlias = Literal["table", "figure", "code", "model", "text"]


@dataclass(frozen=True, slots=True)
class TierHandling:
    """What may be done with data of one tier, and who must approve a grant.

    `label` is what the programme calls the tier. `view_controlled` is viewing in the controlled
    environment; `notebooks` is copying into notebooks there; `weights` is training on it.
    `approvers` are role keys; `board` asks for its decision.

    What leaves does so by the release desk: outputs of `output_kinds` and at most
    `largest_output_kb` kilobytes, no group below `smallest_group` (0 asks for none), no table of
    `record_rows` rows or more that could be records (0 asks for none), nothing that names a person
    or opens a system unless `identifiers_leave`.
    """

    label: str
    meaning: str
    download: Allowed
    view_controlled: Allowed
    notebooks: Allowed
    export: Allowed
    publication: Allowed
    weights: Allowed
    approvers: tuple[str, ...]
    board: bool
    longest_grant: Window
    deletion_within: Window
    output_kinds: tuple[OutputKind, ...]
    largest_output_kb: int
    smallest_group: int
    record_rows: int
    identifiers_leave: bool

    def __post_init__(self) -> None:
        for role in self.approvers:
            if role not in ROLES:
                raise BadParameter("approvers", say("{role} is no role", role=role))
        if len(set(self.output_kinds)) != len(self.output_kinds):
            raise BadParameter("output_kinds", say("must be different kinds"))
        _positive(largest_output_kb=self.largest_output_kb)


@dataclass(frozen=True, slots=True)
class DataHandling:
    """How data of each tier is handled, and which acts must be logged.

    Outputs are reviewed within `release_review`, by two people who do not see each other's verdict.
    """

    tiers: Mapping[str, TierHandling]
    logged: tuple[str, ...]
    release_review: Window

    def __post_init__(self) -> None:
        _exactly("tiers", self.tiers, TIERS)


DIMENSIONS = ("sensitivity", "identifiability", "business_impact", "reidentification_risk")
"""What a dataset is judged by, each from 1 to 5."""


@dataclass(frozen=True, slots=True)
class ClassAnswer:
    """One answer to a question: its score from 1 to 5, and what it means."""

    score: int
    label: str
    meaning: str

    def __post_init__(self) -> None:
        if not 1 <= self.score <= 5:
            raise BadParameter("score", say("must be from 1 to 5"))


@dataclass(frozen=True, slots=True)
class ClassQuestion:
    """One question about a dataset. Its answers go from the least grave to the gravest."""

    key: str
    dimension: Literal["sensitivity", "identifiability", "business_impact", "reidentification_risk"]
    question: str
    answers: tuple[ClassAnswer, ...]

    def __post_init__(self) -> None:
        scores = [answer.score for answer in self.answers]
        if len(scores) < 2 or scores != sorted(set(scores)):
            raise BadParameter("answers", say("must be two or more, with scores that rise"))


@dataclass(frozen=True, slots=True)
class TierThreshold:
    """A tier is reached where one score is `any_score` or more, or all four sum to `total`."""

    any_score: int
    total: int


@dataclass(frozen=True, slots=True)
class DataClassification:
    """Who answers which questions about a dataset, and the tier that follows from the answers.

    Two people of the two `answered_by` roles answer apart from each other; where they differ, a
    third person of a `settled_by` role settles each question. The score of a dimension is the
    highest of its questions. `tiers` names for every tier but the first what reaches it.
    """

    answered_by: tuple[str, ...]
    settled_by: tuple[str, ...]
    questions: tuple[ClassQuestion, ...]
    tiers: Mapping[str, TierThreshold]

    def __post_init__(self) -> None:
        for name in ("answered_by", "settled_by"):
            for role in getattr(self, name):
                if role not in ROLES:
                    raise BadParameter(name, say("{role} is no role", role=role))
        if len(self.answered_by) != 2 or len(set(self.answered_by)) != 2:
            raise BadParameter("answered_by", say("must be two different roles"))
        if not self.settled_by:
            raise BadParameter(
                "settled_by", say("must name who settles what two people see differently")
            )
        keys = [question.key for question in self.questions]
        if len(set(keys)) != len(keys) or not all(keys):
            raise BadParameter("questions", say("must have different keys"))
        if {question.dimension for question in self.questions} != set(DIMENSIONS):
            raise BadParameter("questions", say("must ask about each of the four dimensions"))
        _exactly("tiers", self.tiers, TIERS[1:])
        rising = [self.tiers[tier] for tier in TIERS[1:]]
        for before, after in itertools.pairwise(rising):
            if after.any_score < before.any_score or after.total < before.total:
                raise BadParameter("tiers", say("must ask for more from tier to tier"))

    def scores(self, answers: Mapping[str, int]) -> dict[str, int]:
        """The score of each dimension: the highest of its questions'. All must be answered."""
        return {
            dimension: max(answers[q.key] for q in self.questions if q.dimension == dimension)
            for dimension in DIMENSIONS
        }

    def tier(self, scores: Mapping[str, int]) -> str:
        """The tier these four scores lead to: the most closed one that is reached."""
        reached = TIERS[0]
        for tier in TIERS[1:]:
            threshold = self.tiers[tier]
            grave = max(scores.values()) >= threshold.any_score
            if grave or sum(scores.values()) >= threshold.total:
                reached = tier
        return reached


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of the rubric. `anchors` say what 1 to 5 look like, in order."""

    key: str
    label: str
    question: str
    weight: int
    anchors: tuple[str, ...]

    def __post_init__(self) -> None:
        _positive(weight=self.weight)
        if len(self.anchors) != 5:
            raise BadParameter("anchors", say("must be five sentences, for 1 to 5"))


@dataclass(frozen=True, slots=True)
class ReviewRubric:
    """How proposals are scored. Weights are percentages.

    `discussed_from_range`: points between the highest and the lowest score of one criterion from
    which the panel discusses the proposal. `adjusted_from_reviews`: reviews a reviewer must have
    sent for a call before their leniency is estimated.
    """

    criteria: tuple[Criterion, ...]
    reviewers_per_proposal: int
    review_window: Window
    discussed_from_range: int
    adjusted_from_reviews: int

    def __post_init__(self) -> None:
        if sum(c.weight for c in self.criteria) != 100:
            raise BadParameter("criteria", say("must have weights that add up to 100"))
        if len({c.key for c in self.criteria}) != len(self.criteria):
            raise BadParameter("criteria", say("must have different keys"))
        _positive(
            reviewers_per_proposal=self.reviewers_per_proposal,
            discussed_from_range=self.discussed_from_range,
        )
        if self.adjusted_from_reviews < 2:
            raise BadParameter("adjusted_from_reviews", say("must be at least 2"))


@dataclass(frozen=True, slots=True)
class SeverityClock:
    """How fast each step follows for one severity."""

    acknowledge: Window
    inform_every: Window
    disposition: Window
    control: Window


@dataclass(frozen=True, slots=True)
class SeverityClocks:
    """The clocks of escalations and findings by severity."""

    severities: Mapping[str, SeverityClock]

    def __post_init__(self) -> None:
        _exactly("severities", self.severities, Severity.values)


@dataclass(frozen=True, slots=True)
class BallotRules:
    """One ballot rule for each kind of matter, and the chair's power in words."""

    matters: Mapping[str, BallotRule]
    chair_power: str

    def __post_init__(self) -> None:
        for kind, rule in self.matters.items():
            _ballot(f"matters.{kind}", rule)


@dataclass(frozen=True, slots=True)
class StageStandardRule:
    """Who owns a stage, what must be true to leave it, and how long it should take."""

    owner_role: str
    standard: str
    expected: Window


@dataclass(frozen=True, slots=True)
class StageStandards:
    """The written standard of each of the eight stages."""

    stages: Mapping[str, StageStandardRule]

    def __post_init__(self) -> None:
        from fellowship.programs.states import Stage

        _exactly("stages", self.stages, Stage.values)
        for stage, standard in self.stages.items():
            if standard.owner_role not in ROLES:
                raise BadParameter(f"stages.{stage}.owner_role", say("is no role"))


@dataclass(frozen=True, slots=True)
class ExceptionTerm:
    """The longest term of one kind of exception, in calendar days."""

    longest_days: int

    def __post_init__(self) -> None:
        _positive(longest_days=self.longest_days)


@dataclass(frozen=True, slots=True)
class ExceptionRules:
    """Terms per kind, when owners are reminded, and when one is no longer an exception.

    The compensating measure is tested every `measure_tested_every` while it lasts. What was
    excepted `renewals_noted_from` times again, by extension or anew, is listed as repeated.
    """

    terms: Mapping[str, ExceptionTerm]
    reminder_days: tuple[int, ...]
    renewals_noted_from: int
    measure_tested_every: Window

    def __post_init__(self) -> None:
        _exactly("terms", self.terms, ExceptionKind.values)
        if list(self.reminder_days) != sorted(set(self.reminder_days), reverse=True):
            raise BadParameter(
                "reminder_days", say("must fall from the earliest reminder to the last")
            )
        if 0 in self.reminder_days:
            raise BadParameter("reminder_days", say("must come before the expiry"))
        _positive(renewals_noted_from=self.renewals_noted_from)


Params: TypeAlias = (
    FellowshipPolicy
    | DataClassification
    | DataHandling
    | PublicationPolicy
    | ReviewRubric
    | SeverityClocks
    | BallotRules
    | StageStandards
    | ExceptionRules
    | GovernanceHealth
    | RuleMaking
    | OncallRules
    | IdentityRules
    | Retention
)

KINDS: dict[str, type[Any]] = {
    RuleKind.FELLOWSHIP_POLICY: FellowshipPolicy,
    RuleKind.DATA_CLASSIFICATION: DataClassification,
    RuleKind.DATA_HANDLING: DataHandling,
    RuleKind.PUBLICATION_POLICY: PublicationPolicy,
    RuleKind.REVIEW_RUBRIC: ReviewRubric,
    RuleKind.SEVERITY_CLOCKS: SeverityClocks,
    RuleKind.BALLOT_RULES: BallotRules,
    RuleKind.STAGE_STANDARDS: StageStandards,
    RuleKind.EXCEPTIONS: ExceptionRules,
    RuleKind.HEALTH: GovernanceHealth,
    RuleKind.RULE_MAKING: RuleMaking,
    RuleKind.ONCALL: OncallRules,
    RuleKind.IDENTITY: IdentityRules,
    RuleKind.RETENTION: Retention,
}


def read_params(kind: str, value: Any) -> Any:
    """The typed parameters of a rule of `kind`. Raises BadParameter, naming the parameter."""
    return read(KINDS[kind], value)


def as_json(params: Any) -> dict[str, Any]:
    """Typed parameters as the JSON that is stored."""
    stored: dict[str, Any] = write(params)
    return stored


def _exactly(path: str, value: Mapping[str, Any], keys: Any) -> None:
    for key in value:
        if key not in keys:
            raise BadParameter(f"{path}.{key}", say("is not a known parameter"))
    for key in keys:
        if key not in value:
            raise BadParameter(f"{path}.{key}", say("is missing"))


def _positive(**values: int) -> None:
    for path, value in values.items():
        if value < 1:
            raise BadParameter(path, say("must be at least 1"))


def _ballot(path: str, rule: BallotRule) -> None:
    for name in ("seats", "quorum_includes", "blocking"):
        for seat in getattr(rule, name):
            if seat not in Seat.values or (name != "seats" and seat not in rule.seats):
                raise BadParameter(
                    f"{path}.{name}", say("{seat} is no seat of this ballot", seat=seat)
                )
    if len(set(rule.seats)) != len(rule.seats) or not rule.seats:
        raise BadParameter(f"{path}.seats", say("must be different seats"))
    if not rule.quorum.share and rule.quorum.needed(0) > len(rule.seats):
        raise BadParameter(f"{path}.quorum", say("asks for more seats than may vote"))
    _positive(**{f"{path}.window_working_days": rule.window_working_days})
