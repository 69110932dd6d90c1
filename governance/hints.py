"""What the records say that may be a conflict of interest: a hint says it, the person decides.

An app below registers whom a record is about (`parties_of`) and what it knows of relations between
them and people who are to judge (`source`). A hint is a sentence with its evidence. It never bans:
it is shown where a conflict is declared, where somebody is asked to review, and taken as data by
whatever suggests reviewers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db.models import Model

from fellowship.accounts.models import User
from fellowship.kernel.saying import begun, joined, say

YOU: Final = say("you")
SOMEONE: Final = say("someone of the team")


@dataclass(frozen=True, slots=True)
class Party:
    """A person a record is about: by account, ORCID iD, name or all of them.

    `subject` is the record's key. `affiliations` are as they were written.
    """

    subject: int
    name: str
    user_id: int | None = None
    orcid: str = ""
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """One relation. `said` is a sentence without its full stop about `{who}` and `{party}`.

    `evidence` is what it rests on; `record` is the record named there, as `(label, key)`.
    """

    kind: str
    said: str
    party: str
    evidence: str = ""
    record: tuple[str, int] | None = None

    def sentence(self, who: str = YOU) -> str:
        """For whoever may know the parties."""
        rest = f": {self.evidence}." if self.evidence else "."
        return joined("", (self._put(who, self.party), rest))

    def blind(self, who: str = YOU) -> str:
        """For whoever may not: neither the party nor the evidence is named."""
        return joined("", (self._put(who, SOMEONE), "."))

    def _put(self, who: str, party: str) -> str:
        return begun(say(self.said, who=who, party=party))


Found = Mapping[tuple[int, int], tuple[Hint, ...]]
"""Hints by the keys of record and person; nothing is there where there is none."""
Source = Callable[[Sequence[Party], Sequence[User]], Iterable[tuple[Party, User, Hint]]]
Parties = Callable[[Sequence[Any]], Iterable[Party]]
_sources: list[Source] = []
_parties: dict[str, Parties] = {}


def source(function: Source) -> Source:
    """Add a source, asked for many parties and people at once; a decorator."""
    if function not in _sources:
        _sources.append(function)
    return function


def parties_of(label: str) -> Callable[[Parties], Parties]:
    """Register whom the records of a model are about; a decorator."""

    def register(function: Parties) -> Parties:
        _parties[label] = function
        return function

    return register


def of(subjects: Sequence[Model], people: Sequence[User]) -> Found:
    """What is known of these people and the parties of these records, all of one model.

    The number of queries does not depend on how many there are.
    """
    if not subjects or not people:
        return {}
    about = _parties.get(subjects[0]._meta.label_lower)
    parties = list(about(subjects)) if about else []
    found: dict[tuple[int, int], dict[Hint, None]] = defaultdict(dict)
    for each in _sources:
        for party, person, hint in each(parties, people):
            if party.user_id != person.pk:
                found[party.subject, person.pk][hint] = None
    return {key: tuple(hints) for key, hints in found.items()}


def of_one(subject: Model, person: User) -> tuple[Hint, ...]:
    """What is known of one person and the parties of one record, as the person may read it."""
    return of([subject], [person]).get((subject.pk, person.pk), ())


def readable(found: Found, reader: Any) -> Found:
    """Without the hints that rest on a record which `reader`, who is not their person, may not see.

    One query for each model of such records.
    """
    asked: dict[str, set[int]] = defaultdict(set)
    for hints in found.values():
        for hint in hints:
            if hint.record:
                asked[hint.record[0]].add(hint.record[1])
    seen: set[tuple[str, int]] = set()
    for label, keys in asked.items():
        manager: Any = apps.get_model(label)._default_manager
        rows = manager.visible_to(reader).filter(pk__in=keys).order_by()
        seen |= {(label, key) for key in rows.values_list("pk", flat=True)}
    kept = {
        key: tuple(h for h in hints if h.record is None or h.record in seen)
        for key, hints in found.items()
    }
    return {key: hints for key, hints in kept.items() if hints}
