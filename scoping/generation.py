"""The first version of a scope of work, from the accepted proposal and what the track implies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fellowship.programs.models import FellowshipModel, OutputType, Track
from fellowship.programs.terms import Milestone
from proposals.models import Proposal
from proposals.terms import chosen
from scoping.states import Credit, Environment, Operation, Tier

_ALL: Final = tuple(Operation.values)
_INSIDE: Final = (Operation.VIEW, Operation.QUERY, Operation.RUN_CODE, Operation.NOTEBOOK)
DEFAULT_DAYS: Final = 180
TEXT_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Posture:
    """What a research track allows unless the two sides agree on less or more."""

    tier: Tier
    environment: Environment
    operations: tuple[str, ...]
    retention_days: int
    code_may_leave: bool
    tools: str
    prohibited: str


POSTURES: Final[Mapping[str, Posture]] = {
    Track.Key.OPEN: Posture(
        Tier.PUBLIC,
        Environment.OWN,
        _ALL,
        365,
        True,
        "Any tool the fellow chooses. No internal system of the company.",
        "Access to internal systems or unpublished data. Attacks on services in production.",
    ),
    Track.Key.CONTROLLED: Posture(
        Tier.RESTRICTED,
        Environment.CONTROLLED,
        _INSIDE,
        30,
        False,
        "The tools of the controlled environment; others on request to the data steward.",
        "Copying data out of the controlled environment. Attempts to identify people. "
        "Sharing of credentials. Attacks on services in production.",
    ),
    Track.Key.PRODUCT: Posture(
        Tier.RESTRICTED,
        Environment.COMPANY,
        (*_INSIDE, Operation.MODEL_CALL),
        30,
        False,
        "The company's research environment and the evaluation tools of the product team.",
        "Changes to systems in production. Copying data out of the research environment. "
        "Attempts to identify people. Disclosure of unreleased product specifics.",
    ),
}
_TRIGGERS: Final = (
    "At once, by the escalation page: a critical exploit, unexpected exposure of sensitive or "
    "personal data, model behaviour that could cause harm in the world, any sign of a data leak. "
    "Contain first, verify second; publication is discussed afterwards."
)
_CLOSEOUT: Final = (
    "A summary of findings; the artifacts listed as deliverables; confirmation that data was "
    "deleted within the retention limit; the outcome of each publication; the status of each "
    "finding."
)
_AUTHORSHIP: Final = (
    "The fellow may publish alone. Company staff are co-authors only for contributions named by "
    "their CRediT roles and agreed before drafting; other help is acknowledged by name, "
    "with consent."
)
_CHECKPOINTS: Final = (
    "A check-in each month, noted by the fellow and by the mentor; the mentor's verdict on every "
    "milestone within five working days."
)


def facts(proposal: Proposal) -> dict[str, Any]:
    """Track, model and output type the applicant chose, where the programme offers them."""
    answers, program = proposal.answers(), proposal.program
    track = str(answers.get("track") or "")
    model = str(answers.get("fellowship_model") or "")
    wanted = str(answers.get("output_type") or "")
    return {
        "track": track if track in Track.Key.values else Track.Key.CONTROLLED,
        "model": model if model in FellowshipModel.Key.values else "",
        "output_type": program.output_types.filter(key=wanted).first(),
    }


def span(proposal: Proposal, today: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day: the cohort's, begun no earlier than today; half a year without one."""
    cohort = proposal.call.cohort
    if cohort is None or cohort.ends_on <= today:
        return today, today + dt.timedelta(days=DEFAULT_DAYS)
    return max(cohort.starts_on, today), cohort.ends_on


def terms(
    answers: Mapping[str, Any], call_rules: str, posture: Posture, hours: int
) -> dict[str, str]:
    """The prose clauses, in the applicant's own words where there are any."""
    said = {key: str(text).strip() for key, text in answers.items() if isinstance(text, str)}
    prose = {
        "objective": said.get("problem", ""),
        "question": said.get("question", ""),
        "system": " · ".join(filter(None, (said.get("system"), said.get("system_version")))),
        "hypothesis": said.get("hypothesis", ""),
        "method": "\n\n".join(filter(None, (said.get("method"), said.get("success")))),
        "tools": posture.tools,
        "prohibited": posture.prohibited,
        "deliverables": said.get("output_note", "") or said.get("success", ""),
        "checkpoints": _CHECKPOINTS,
        "mentoring": f"{hours} hours a month with the mentor named in the fellowship.",
        "publication": call_rules,
        "authorship": _AUTHORSHIP,
        "triggers": _TRIGGERS,
        "closeout": _CLOSEOUT,
    }
    return {key: text[:TEXT_MAX] for key, text in prose.items()}


def template(proposal: Proposal) -> list[Milestone]:
    """The milestones of the output type chosen, as they were when it was submitted."""
    version = proposal.current()
    output = chosen(version).get("output_type") if version else None
    return output.template() if isinstance(output, OutputType) else []


def standing_clauses(call_rules: str) -> str:
    """What a first scope says whatever the proposal, in Markdown; both sides may change it."""
    clauses = (
        ("Review checkpoints", _CHECKPOINTS),
        ("Publication", call_rules),
        ("Authorship", _AUTHORSHIP),
        ("Escalation triggers", _TRIGGERS),
        ("Close-out", _CLOSEOUT),
    )
    return "\n\n".join(f"**{title}.** {text}" for title, text in clauses)


def milestones(
    template: Sequence[Milestone], starts_on: dt.date, ends_on: dt.date
) -> list[dict[str, str]]:
    """The output type's milestones in their weeks, those without one spread evenly.

    None falls after the last day; the last falls on it where no week says otherwise.
    """
    template = list(template) or [Milestone("Interim report"), Milestone("Final report")]
    days = (ends_on - starts_on).days

    def due(number: int, milestone: Milestone) -> dt.date:
        after = days * number // len(template) if milestone.week is None else 7 * milestone.week
        return starts_on + dt.timedelta(days=min(after, days))

    return [
        {
            "key": f"m{number}",
            "title": milestone.title[:300],
            "kind": "deliverable",
            "due": due(number, milestone).isoformat(),
        }
        for number, milestone in enumerate(template, start=1)
    ]


def datasets(answers: Mapping[str, Any]) -> list[str]:
    """The names the applicant asked for, each once, in their order."""
    rows = answers.get("data_needs") or []
    if answers.get("needs_data") != "yes" or not isinstance(rows, list):
        return []
    names = (str(row.get("dataset", "")).strip()[:200] for row in rows if isinstance(row, dict))
    return list(dict.fromkeys(filter(None, names)))


def credit() -> list[str]:
    """What a fellow who does the study is credited with."""
    return [
        Credit.CONCEPTUALIZATION,
        Credit.INVESTIGATION,
        Credit.METHODOLOGY,
        Credit.ORIGINAL_DRAFT,
    ]
