"""What most programmes offer: models, tracks, outputs and the talent path, to begin with.

A new programme takes them over in one step and changes what is different there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fellowship.programs.models import FellowshipModel, Track
from fellowship.programs.states import Freedom, TalentPath, Tier
from fellowship.programs.terms import Milestone, ResidencyStage

Rows = Sequence[Mapping[str, Any]]

TRACKS: Final[Rows] = (
    {
        "key": Track.Key.OPEN,
        "summary": "Public models, public benchmarks or synthetic data; published broadly.",
        "approval": "The board approves the proposal; no further approval for public data.",
        "communication": "Talk freely. Tell us before a preprint goes out, so that we can cite it.",
    },
    {
        "key": Track.Key.CONTROLLED,
        "summary": "Internal systems, restricted logs or sensitive evaluation data.",
        "approval": "The board approves the proposal and each grant of restricted data.",
        "communication": "Methods at any time; results after the publication review.",
    },
    {
        "key": Track.Key.PRODUCT,
        "summary": "The output is expected to become a control, a guardrail or a policy.",
        "approval": "The board approves the proposal; a product owner is named before work begins.",
        "communication": "Findings go to the product owner first; publication after disposition.",
    },
)

RESIDENCY: Final = (
    ResidencyStage(
        "Open groundwork",
        Tier.PUBLIC,
        Freedom.HIGH,
        "The mentor accepts the method paper and the steward the data request.",
    ),
    ResidencyStage(
        "Controlled study",
        Tier.RESTRICTED,
        Freedom.MODERATE,
        "A product owner takes the first finding and names the control to build.",
    ),
    ResidencyStage(
        "Work on the control",
        Tier.RESTRICTED,
        Freedom.LOW,
        "The control is measured, or its time is over.",
    ),
    ResidencyStage("Writing up", Tier.INTERNAL, Freedom.HIGH, ""),
)

MODELS: Final[Rows] = (
    {
        "key": FellowshipModel.Key.OPEN,
        "access_level": "Public or synthetic data",
        "publication_freedom": "High",
        "best_for": "Benchmarking, theory, open-source tools",
        "main_risk": "Low product relevance",
    },
    {
        "key": FellowshipModel.Key.CONTROLLED,
        "access_level": "Restricted internal data and environment",
        "publication_freedom": "Moderate",
        "best_for": "Evaluations, failure analysis, audits",
        "main_risk": "Data leakage",
    },
    {
        "key": FellowshipModel.Key.PRODUCT,
        "access_level": "Targeted product telemetry and evaluations",
        "publication_freedom": "Moderate to low",
        "best_for": "Control design and mitigation research",
        "main_risk": "Slow translation",
    },
    {
        "key": FellowshipModel.Key.POLICY,
        "access_level": "Minimal system access",
        "publication_freedom": "High",
        "best_for": "Governance, disclosure norms, standards",
        "main_risk": "Detached from operations",
    },
    {
        "key": FellowshipModel.Key.HYBRID,
        "access_level": "Varies by stage of the project",
        "publication_freedom": "Mixed",
        "best_for": "Longer, strategic safety programmes",
        "main_risk": "Complex management overhead",
        "stages": [stage.write() for stage in RESIDENCY],
    },
)


def _plan(*milestones: tuple[int | None, str]) -> list[dict[str, Any]]:
    return [Milestone(title, week).write() for week, title in milestones]


OUTPUT_TYPES: Final[Rows] = (
    {
        "key": "interpretability-study",
        "name": "Interpretability study",
        "access_level": "Public weights or a hosted model",
        "highest_tier": Tier.PUBLIC,
        "reviews": "Scientific and policy",
        "publication_timeline": "Within the window for methods",
        "milestones": _plan(
            (4, "Protocol"), (None, "Replication on a public model"), (None, "Report")
        ),
    },
    {
        "key": "red-teaming-method",
        "name": "Red-teaming method",
        "access_level": "A staging system, no logs",
        "highest_tier": Tier.INTERNAL,
        "reviews": "Scientific, policy, coordinated disclosure",
        "publication_timeline": "After disclosure, in the window for vulnerabilities",
        "milestones": _plan(
            (3, "Threat model"),
            (None, "Attack set"),
            (None, "Hand-over to security"),
            (None, "Paper"),
        ),
    },
    {
        "key": "dataset-audit",
        "name": "Dataset audit",
        "access_level": "A de-identified sample in the controlled environment",
        "highest_tier": Tier.RESTRICTED,
        "reviews": "Scientific and policy",
        "publication_timeline": "Within the window for restricted work",
        "milestones": _plan((4, "Sampling plan"), (None, "Audit tables"), (None, "Report")),
    },
    {
        "key": "eval-harness",
        "name": "Evaluation harness",
        "access_level": "Internal models by interface",
        "reviews": "Scientific and policy",
        "publication_timeline": "Within the window for methods",
        "milestones": _plan(
            (3, "Protocol"), (None, "Harness running"), (None, "Measurements"), (None, "Report")
        ),
    },
    {
        "key": "policy-memo",
        "name": "Policy memo",
        "access_level": "Interviews and public documents",
        "highest_tier": Tier.INTERNAL,
        "reviews": "Policy",
        "publication_timeline": "Within the window for methods",
        "milestones": _plan((3, "Outline"), (None, "Draft for comment"), (None, "Memo")),
    },
    {
        "key": "prototype-control",
        "name": "Prototype control",
        "access_level": "A staging system and its telemetry",
        "highest_tier": Tier.RESTRICTED,
        "reviews": "Scientific, policy, product",
        "publication_timeline": "After the product’s disposition",
        "milestones": _plan(
            (4, "Design"), (None, "Prototype"), (None, "Measurement"), (None, "Hand-over")
        ),
    },
)

PATH: Final[Rows] = (
    {
        "key": TalentPath.SHORT_TERM,
        "summary": "One question, one signed scope of work, a mentor, and an end.",
        "fellow_side": "The milestones of the scope of work, with evidence. A check-in each month. "
        "Findings reported when they are found, not when the paper is ready.",
        "company_side": "The mentor’s hours as signed, data in time, a verdict within five working "
        "days, and permission to publish as the rule.",
        "begins_and_ends": "Begins when both sides have signed; ends on the last day of the scope.",
        "pay": "The stipend the call names.",
    },
    {
        "key": TalentPath.EXTENDED,
        "summary": "A second scope of work that follows from the first one’s results.",
        "fellow_side": "What a short-term fellow owes, and help in turning the first findings into "
        "controls where the product owner asks for it.",
        "company_side": "A new scope of work, reviewed as any other; the same mentor where both "
        "want it. Access is asked for anew; nothing carries over.",
        "begins_and_ends": "Begins with a new signed scope; ends with it. Six months at most each.",
        "pay": "A stipend at the rate of the call.",
    },
    {
        "key": TalentPath.ADVISORY,
        "summary": "Advice on request: a review, a panel seat, a talk. No access to data.",
        "fellow_side": "A few hours a month, conflicts declared, confidences kept.",
        "company_side": "Questions sent with what answers them takes; credit where it is due.",
        "begins_and_ends": "Begins with a letter; either side ends it at any time with one.",
        "pay": "By the hour, at the rate the letter names.",
    },
    {
        "key": TalentPath.HIRE,
        "summary": "Employment, through the company’s ordinary and open hiring.",
        "fellow_side": "An application like everybody’s. Rights to publish agreed as a fellow "
        "stand.",
        "company_side": "The advertised role, decided by people who did not mentor the fellow. The "
        "fellowship’s record is read only where the fellow asks for it.",
        "begins_and_ends": "Begins and ends as the employment contract says.",
        "pay": "The salary of the advertised role.",
    },
)

OFFERS: Final[Mapping[str, Rows]] = {
    "tracks": TRACKS,
    "models": MODELS,
    "output_types": OUTPUT_TYPES,
    "path_steps": PATH,
}
"""As `services.furnish` takes them."""
