"""The terms a proposal was submitted on: what it chose, in the versions of that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fellowship.programs import versions
from fellowship.programs.models import FellowshipModel, Offer, OutputType, Program, Track
from proposals.models import ProposalVersion
from proposals.sections import FIELDS, Field, Section, read

CHOICES: Final[Mapping[str, type[Offer]]] = {
    "output_type": OutputType,
    "fellowship_model": FellowshipModel,
    "track": Track,
}
"""The questions whose answer is something the programme offers."""


def pins(
    program: Program, answers: Mapping[str, Any], before: ProposalVersion | None
) -> dict[str, int]:
    """The version of each chosen term, by question.

    A choice that a revision leaves as it was keeps the version it had: no moving goalposts.
    """
    found = {}
    for question, model in CHOICES.items():
        key = answers.get(question)
        if before and before.answers.get(question) == key and question in before.terms:
            found[question] = before.terms[question]
        elif key and (row := model.of(program, key)):
            found[question] = row.version
    return found


def chosen(version: ProposalVersion) -> dict[str, Offer]:
    """Each chosen term as it stood in the version it was chosen in, by question."""
    program = version.proposal.program
    found = {
        question: versions.recorded(model, program, version.answers[question], number)
        for question, model in CHOICES.items()
        if (number := version.terms.get(question)) is not None
    }
    return {question: record for question, record in found.items() if record is not None}


@dataclass(frozen=True, slots=True)
class Chosen:
    """One choice with the version of its terms; `later` where they changed since."""

    question: str
    name: str
    number: int
    url: str
    later: int | None


def shown(version: ProposalVersion, chosen: Mapping[str, Offer]) -> list[Chosen]:
    """What was chosen, on which version of its terms, for the case's page."""
    return [
        Chosen(
            question=FIELDS[question].label,
            name=str(record),
            number=record.version,
            url=f"{record.get_absolute_url()}{record.version}/",
            later=_later(version.proposal.program, record),
        )
        for question, record in chosen.items()
    ]


def document(
    version: ProposalVersion | None, found: Mapping[str, Offer] | None = None
) -> list[tuple[Section, list[tuple[Field, Any]]]]:
    """The answers as people read them, with what was chosen as it was called then."""
    if version is None:
        return []
    return list(read(version.answers, labels(chosen(version) if found is None else found)))


def labels(chosen: Mapping[str, Offer]) -> dict[str, dict[str, str]]:
    """What was chosen as people read it, by the name of the list: its name at that time."""
    return {FIELDS[question].offer: {r.name_in_program: str(r)} for question, r in chosen.items()}


def _later(program: Program, record: Offer) -> int | None:
    now = type(record).of(program, record.name_in_program)
    return now.version if now and now.version > record.version else None
