"""The steward's check of a request: its questions, and the evidence that lies beside each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from access import duo, handling
from access.models import AccessRequest, Dataset
from access.states import Operation
from access.suggesting import least_that_serves
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import joined, say
from scoping.models import ScopeOfWork
from scoping.sections import cite

HOLDS: Final = "holds_"
NOTE: Final = "note_"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a question's statement holds, and what the steward notes beside it."""

    holds: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One statement the steward confirms or denies."""

    key: str
    statement: str


PURPOSE: Final = Question("purpose", say("The purpose lies within the signed scope of work"))
FIELDS: Final = Question("fields", say("Every field and row asked for is needed"))
LESSER: Final = Question("lesser", say("No lesser variant would serve"))
USE: Final = Question("duo", say("The conditions of the data’s makers allow this use"))
HANDLING: Final = Question("handling", say("The tier’s handling allows it, or an exception will"))
QUESTIONS: Final = {q.key: q for q in (PURPOSE, FIELDS, LESSER, USE, HANDLING)}


def told(checklist: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A check as it was recorded, its statements in the words of who reads them."""
    return [
        {
            **row,
            "statement": QUESTIONS[row["key"]].statement
            if row["key"] in QUESTIONS
            else row["statement"],
        }
        for row in checklist
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """One question with what there is to judge it by."""

    question: Question
    evidence: tuple[str, ...]


def questions_for(dataset: Dataset) -> list[Question]:
    """The questions a check of this dataset answers: of data use codes only where it has some."""
    return [q for q in QUESTIONS.values() if q is not USE or dataset.duo]


def complete(dataset: Dataset, answers: Mapping[str, Answer]) -> Refusal | None:
    """Why these answers do not pass the request on: one is missing, or one says no."""
    for question in questions_for(dataset):
        answer = answers.get(question.key)
        if answer is None:
            reason = say("Say whether it holds: {statement}.", statement=question.statement.lower())
            return Refusal("unanswered", reason, field=f"{HOLDS}{question.key}")
        if not answer.holds:
            reason = say(
                "“{statement}” does not hold: send the request back, or refuse it.",
                statement=question.statement,
            )
            return Refusal("does_not_hold", reason, field=f"{HOLDS}{question.key}")
    return None


def explained(dataset: Dataset, answers: Mapping[str, Answer]) -> Refusal | None:
    """Why these answers do not go back to whoever asked: a no that does not say why."""
    for question in questions_for(dataset):
        answer = answers.get(question.key)
        if answer is not None and not answer.holds and not answer.note.strip():
            reason = say("Note beside each no what would have to be different.")
            return Refusal("no_note", reason, field=f"{NOTE}{question.key}")
    return None


def kept(dataset: Dataset, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    """The answers as the request keeps them, with the words of the question they answer."""
    return [
        {"key": q.key, "statement": q.statement, "holds": a.holds, "note": a.note.strip()}
        for q in questions_for(dataset)
        if (a := answers.get(q.key)) is not None
    ]


def lines(request: AccessRequest, scope: ScopeOfWork | None) -> list[Line]:
    """Each question beside its evidence: the scope, the fields, the variants, codes, the table."""
    evidence: dict[str, Iterator[str]] = {
        PURPOSE.key: _purpose(request, scope),
        FIELDS.key: _fields(request),
        LESSER.key: _lesser(request),
        USE.key: _use(request),
        HANDLING.key: _handling(request),
    }
    return [Line(q, tuple(evidence[q.key])) for q in questions_for(request.dataset)]


def _purpose(request: AccessRequest, scope: ScopeOfWork | None) -> Iterator[str]:
    yield say("Asked for: {purpose}", purpose=request.purpose)
    if scope is None:
        yield say("No scope of work is signed.")
        return
    yield say("Scope of work v{number}, {cite}: ", number=scope.number, cite=cite("question")) + (
        scope.terms.get("question") or say("says nothing")
    )
    yield f"{cite('datasets')}: {joined(', ', scope.datasets) or 'none'}"


def _fields(request: AccessRequest) -> Iterator[str]:
    dataset = request.dataset
    sensitive = {f["name"] for f in dataset.fields if f.get("sensitive")} & set(request.fields)
    if dataset.fields:
        yield say(
            "{n} of {n2} fields: {fields}",
            n=len(request.fields),
            n2=len(dataset.fields),
            fields=joined(", ", request.fields),
        )
        yield say(
            "Sensitive: {sensitive}",
            sensitive=joined(", ", sorted(sensitive)) or say("none of them"),
        )
    else:
        yield say("The catalogue names no fields: the whole dataset is asked for.")
    yield say("Rows: {rows_in_words}", rows_in_words=rows_in_words(dataset, request.row_filters))
    yield say(
        "Why less would not do: {why_less_would_not_do}",
        why_less_would_not_do=request.why_less_would_not_do,
    )


def rows_in_words(dataset: Dataset, row_filters: Collection[str]) -> str:
    """The rows asked for, by the labels of their filters."""
    chosen = [row["label"] for row in dataset.row_filters if row["key"] in row_filters]
    return joined("; ", chosen) if chosen else "all"


def _lesser(request: AccessRequest) -> Iterator[str]:
    if not request.lesser:
        yield say("The catalogue has no lesser variant of this dataset.")
    for variant in request.lesser:
        yield f"{variant['name']} ({variant['variant'].lower()}): “{variant['why']}”"
    judged = least_that_serves(
        request.dataset, request.operations, request.fields, rule=request.handling
    )
    for one in judged:
        if one.dataset.pk != request.dataset_id:
            said = say("would serve by the catalogue") if one.serves else say("would not serve")
            yield f"{one.dataset.name} {said}: {' '.join(one.reasons)}"


def _use(request: AccessRequest) -> Iterator[str]:
    for term in duo.described(request.dataset.duo):
        yield f"{term.shorthand}, {term.label}: {term.meaning}"


def _handling(request: AccessRequest) -> Iterator[str]:
    table = handling.table(request.handling, request.dataset.tier)
    for operation in request.operations:
        yield f"{Operation(operation).label}: {handling.WORDS[table[operation]].lower()}"
    window = handling.tier_of(request.handling, request.dataset.tier).longest_grant
    days = (request.ends_on - request.starts_on).days + 1
    yield say(
        "{days} calendar days asked for; the tier allows {window}. {handling}",
        days=days,
        window=window,
        handling=request.handling,
    )
