"""A version of the scope of work as one document: values, text, hash, differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fellowship.kernel import saying
from fellowship.kernel.canonical import digest
from scoping import stages
from scoping.models import ScopeOfWork
from scoping.sections import CLAUSES, SECTIONS, Clause, Section


@dataclass(frozen=True, slots=True)
class Line:
    """One clause as it reads in the document."""

    clause: Clause
    cited: str
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One clause that reads differently in two versions."""

    cited: str
    old: str
    new: str


def value(scope: ScopeOfWork, clause: Clause) -> Any:
    """What the version says on the clause."""
    return getattr(scope, clause.key) if clause.enforced else scope.terms.get(clause.key, "")


def values(scope: ScopeOfWork) -> dict[str, Any]:
    """Every clause by key: what forms start from."""
    return {key: value(scope, clause) for key, clause in CLAUSES.items()}


def write(scope: ScopeOfWork, said: Mapping[str, Any]) -> None:
    """Put the values, checked before, in the clauses they belong to. A stage follows its bounds.

    A clause that changes no longer reads as it was generated, and loses its source.
    """
    before = values(scope)
    for key, new in said.items():
        if CLAUSES[key].enforced:
            setattr(scope, key, new)
        else:
            scope.terms = {**scope.terms, key: new}
    if "stages" not in said:
        clip(scope)
    after = values(scope)
    scope.sources = {k: source for k, source in scope.sources.items() if after[k] == before[k]}


def clip(scope: ScopeOfWork) -> None:
    """Let every stage say no more than the clauses that bound it."""
    scope.stages = [s.clipped(scope.bounds()).write() for s in stages.read(scope.stages)]


def read(scope: ScopeOfWork) -> Iterator[tuple[Section, list[Line]]]:
    """The document, section by section."""
    for section in SECTIONS:
        yield (
            section,
            [
                Line(clause, section.label(clause), clause.shown(value(scope, clause)))
                for clause in section.clauses
            ],
        )


@saying.in_source()
def body(scope: ScopeOfWork) -> dict[str, Any]:
    """All that is signed: case, parties, dates, every clause, the policies it rests on."""
    case = scope.fellowship
    return {
        "fellowship": case.ref,
        "version": scope.number,
        "title": case.title,
        "program": case.program_id,
        "fellow": case.fellow_id,
        "from": case.starts_on,
        "until": case.ends_on,
        "clauses": values(scope),
        "pins": scope.pins,
    }


def text_hash(scope: ScopeOfWork) -> str:
    """SHA-256 of the canonical JSON of `body`, in hex."""
    return digest(body(scope))


def is_intact(scope: ScopeOfWork) -> bool:
    """Whether the text still has the hash it was offered with."""
    return bool(scope.text_hash) and text_hash(scope) == scope.text_hash


def changes(old: ScopeOfWork, new: ScopeOfWork) -> list[Changed]:
    """The clauses that read differently, in the document's order."""
    return [
        Changed(section.label(c), c.shown(value(old, c)), c.shown(value(new, c)))
        for section in SECTIONS
        for c in section.clauses
        if value(old, c) != value(new, c)
    ]


def missing(scope: ScopeOfWork) -> list[Clause]:
    """Required clauses that say nothing yet."""
    return [
        clause
        for clause in CLAUSES.values()
        if clause.required
        and clause.kind not in ("yes_no", "days")
        and not _says_something(value(scope, clause))
    ]


def _says_something(said: Any) -> bool:
    return bool(said.strip()) if isinstance(said, str) else bool(said)
