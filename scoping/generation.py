"""The first version of a scope of work, from the accepted proposal and the templates it chose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from fellowship.programs.models import FellowshipModel, Offer, OutputType, Track
from fellowship.programs.terms import Milestone, ResidencyStage
from governance.rulekinds import FellowshipPolicy
from governance.rules import pinned
from governance.states import RuleKind
from proposals.models import Proposal
from proposals.terms import chosen
from scoping import postures
from scoping.models import Fellowship
from scoping.stages import Stage, Terms
from scoping.states import Credit
from scoping.values import TITLE_MAX

DEFAULT_DAYS: Final = 180
TEXT_MAX: Final = 20_000

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
    "their CRediT roles and agreed before drafting."
)
_ACKNOWLEDGEMENT: Final = (
    "Other help is acknowledged by name and by what was done, with consent. The work names the "
    "programme that gave access."
)
STANDING: Final = "the programme's standing clauses"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a first version says: prose by key, columns by name, and where each came from."""

    terms: dict[str, str]
    columns: dict[str, Any]
    sources: dict[str, str]


def draft(case: Fellowship) -> Draft:
    """The first version of the case: the applicant's own words, and the narrowest template."""
    version = case.proposal.current()
    offers = chosen(version) if version else {}
    answers = case.proposal.answers()
    names = datasets(answers)
    least, from_templates = postures.narrowest(postures.templates(case.track, offers))
    bounds = least.terms(names)
    residency = _residency(offers)
    stages = by_stage(residency, bounds, case.starts_on, case.ends_on)
    proposal = f"the proposal, version {version.number}" if version else "the proposal"
    prose = terms(case, answers, offers)
    columns = {
        **bounds.write(),
        "retention_days": least.retention_days,
        "stages": [stage.write() for stage in stages],
        "milestones": milestones(template(offers), case.starts_on, case.ends_on),
        "checkpoints": checkpoints(stages, case.starts_on, case.ends_on),
        "credit": credit(),
    }
    return Draft(prose, columns, _sources(prose, case, offers, proposal, stages) | from_templates)


def _sources(
    prose: Mapping[str, str],
    case: Fellowship,
    offers: Mapping[str, Offer],
    proposal: str,
    stages: Sequence[Stage],
) -> dict[str, str]:
    """Where each clause came from, by key; nothing for those that say nothing yet."""
    names = {
        question: postures.named(question, case.track, offers)
        for question in postures.KINDS
        if question in offers or question == "track"
    }
    own = ("objective", "question", "system", "hypothesis", "method", "deliverables")
    sources = {
        **dict.fromkeys(own, proposal),
        **dict.fromkeys(("tools", "prohibited"), names["track"]),
        "mentoring": "the hours promised in the fellowship",
        "publication": " and ".join([f"the call {case.proposal.call.ref}", *names.values()]),
        **dict.fromkeys(("authorship", "acknowledgement", "triggers", "closeout"), STANDING),
        "reviews": " and ".join([STANDING, *filter(None, [names.get("output_type")])]),
    }
    found = {key: source for key, source in sources.items() if prose.get(key)}
    found |= {"datasets": proposal, "credit": STANDING}
    found["milestones"] = names.get("output_type", STANDING)
    if stages:
        found["stages"] = found["checkpoints"] = names["fellowship_model"]
    return {"checkpoints": STANDING, **found}


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


def span(proposal: Proposal, today: dt.date, policy: FellowshipPolicy) -> tuple[dt.date, dt.date]:
    """First and last day: the cohort's, begun no earlier than today; half a year without one.

    No fellowship is longer than its policy allows.
    """
    cohort = proposal.call.cohort
    if cohort is None or cohort.ends_on <= today:
        first, last = today, today + dt.timedelta(days=DEFAULT_DAYS)
    else:
        first, last = max(cohort.starts_on, today), cohort.ends_on
    return first, min(last, latest_end(first, policy))


def latest_end(first: dt.date, policy: FellowshipPolicy) -> dt.date:
    """The last day of the longest fellowship that begins on the day."""
    return first + relativedelta(months=policy.longest_fellowship_months, days=-1)


def terms(
    case: Fellowship, answers: Mapping[str, Any], offers: Mapping[str, Offer]
) -> dict[str, str]:
    """The prose clauses, in the applicant's own words where there are any."""
    policy = pinned(case, RuleKind.FELLOWSHIP_POLICY).params
    said = {key: str(text).strip() for key, text in answers.items() if isinstance(text, str)}
    prose = {
        "objective": said.get("problem", ""),
        "question": said.get("question", ""),
        "system": " · ".join(filter(None, (said.get("system"), said.get("system_version")))),
        "hypothesis": said.get("hypothesis", ""),
        "method": "\n\n".join(filter(None, (said.get("method"), said.get("success")))),
        "tools": postures.TOOLS[case.track],
        "prohibited": postures.PROHIBITED[case.track],
        "deliverables": said.get("output_note", "") or said.get("success", ""),
        "reviews": "\n\n".join([_reviews(policy), *_reviews_passed(offers)]),
        "mentoring": f"{case.mentor_hours} hours a month with the mentor named in the fellowship.",
        "publication": "\n\n".join([case.proposal.call.publication_rules, *_freedom(offers)]),
        "authorship": _AUTHORSHIP,
        "acknowledgement": _ACKNOWLEDGEMENT,
        "triggers": _TRIGGERS,
        "closeout": _CLOSEOUT,
    }
    return {key: text.strip()[:TEXT_MAX] for key, text in prose.items()}


def _reviews(policy: FellowshipPolicy) -> str:
    return (
        "A check-in each month, noted by the fellow and by the mentor; the mentor's verdict on "
        f"every milestone and at every review checkpoint within {policy.verdict}."
    )


def _freedom(offers: Mapping[str, Offer]) -> Iterable[str]:
    """What track, model and output type say on publishing, a sentence each."""
    track, model, output = (offers.get(question) for question in postures.KINDS)
    if isinstance(track, Track):
        yield f"What may be said outside, and when: {track.communication}"
    if isinstance(model, FellowshipModel):
        yield f"Freedom to publish: {model.publication_freedom.lower()}."
    if isinstance(output, OutputType):
        yield f"When it is published: {output.publication_timeline.lower()}."


def _reviews_passed(offers: Mapping[str, Offer]) -> Iterable[str]:
    output = offers.get("output_type")
    if isinstance(output, OutputType) and output.reviews:
        yield f"Reviews the work passes: {output.reviews.lower()}."


def template(offers: Mapping[str, Offer]) -> list[Milestone]:
    """The milestones of the output type chosen, as they were when it was submitted."""
    output = offers.get("output_type")
    return output.template() if isinstance(output, OutputType) else []


def _residency(offers: Mapping[str, Offer]) -> list[ResidencyStage]:
    model = offers.get("fellowship_model")
    return model.residency() if isinstance(model, FellowshipModel) else []


def by_stage(
    residency: Sequence[ResidencyStage], bounds: Terms, starts_on: dt.date, ends_on: dt.date
) -> list[Stage]:
    """The residency's stages over the fellowship, of equal length until the two sides say else."""
    days = (ends_on - starts_on).days
    if not 2 <= len(residency) <= days:
        return []
    return [
        Stage(
            key=f"s{number + 1}",
            title=stage.name[:TITLE_MAX],
            since=starts_on + dt.timedelta(days=days * number // len(residency)),
            less=postures.of_stage(stage, bounds),
            freedom=stage.freedom,
            switch=stage.switch,
        )
        for number, stage in enumerate(residency)
    ]


def checkpoints(
    stages: Sequence[Stage], starts_on: dt.date, ends_on: dt.date
) -> list[dict[str, str]]:
    """One before each switch of stage; else one midway. One at the end in any case."""
    found = [
        (f"Before “{after.title}”: {before.switch}", after.since - dt.timedelta(days=1))
        for before, after in pairwise(stages)
    ]
    midway = starts_on + dt.timedelta(days=(ends_on - starts_on).days // 2)
    found = found or [("Midway review with the mentor", midway)]
    return [
        {"key": f"c{number}", "title": title[:300], "kind": "checkpoint", "due": due.isoformat()}
        for number, (title, due) in enumerate([*found, ("Final review", ends_on)], start=1)
    ]


def standing_clauses(call_rules: str, policy: FellowshipPolicy) -> str:
    """What a first scope says whatever the proposal, in Markdown; both sides may change it."""
    clauses = (
        ("Reviews", _reviews(policy)),
        ("Publication", call_rules),
        ("Authorship", _AUTHORSHIP),
        ("Acknowledgement", _ACKNOWLEDGEMENT),
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
