"""Which candidates are known already, and why: the rules of de-duplication, in their order.

1. The same by what the format itself calls it: an AVID id, a tool's fingerprint, a run and probe.
2. The same rule or probe at the same place or on the same model.
3. The same title, on the same system, by the same technique.
4. In the same case: a title alike by nine words in ten, of the same system and technique.

Where one of the two names no system, rules 3 and 4 do without. They say nothing where both name a
place and the places differ. Compared is with what the
person may see, so that an import tells nobody of findings of others; and with earlier rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Value
from django.db.models.functions import Upper

from fellowship.kernel.folding import words
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say
from findings.importing.candidates import Candidate
from findings.models import Finding, ImportRow
from scoping.models import Fellowship

ALIKE: Final = 0.9
"""Share of words that two titles have in common from which on they are taken to say the same."""
LEAST_WORDS: Final = 4
COMPARED: Final = 1_000
"""How many of a case's latest findings are compared word by word."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a candidate repeats: a finding, or an earlier row of the file; and by which rule."""

    reason: str
    finding_id: int | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """One thing to compare with: a finding, or an earlier row of the file by its place."""

    called: str
    title: str
    system: str
    technique: str
    spot: str = ""
    identity: str = ""
    finding_id: int | None = None
    row: int | None = None

    def match(self, reason: str) -> Match:
        return Match(
            say("{reason} as {called}.", reason=reason, called=self.called),
            self.finding_id,
            self.row,
        )


@dataclass
class Index:
    """What is known, by each rule. Rows of the file are added as they are found to be new."""

    by_identity: dict[str, _Known] = field(default_factory=dict)
    by_spot: dict[str, _Known] = field(default_factory=dict)
    by_title: dict[tuple[str, str], list[_Known]] = field(default_factory=dict)
    near: dict[str, list[tuple[frozenset[str], _Known]]] = field(default_factory=dict)

    def add(self, known: _Known) -> None:
        """Take it in; what was first stays first."""
        if known.identity:
            self.by_identity.setdefault(known.identity, known)
        if known.spot:
            self.by_spot.setdefault(known.spot, known)
        self.by_title.setdefault((known.title, known.technique), []).append(known)

    def add_near(self, known: _Known) -> None:
        """Take it in for comparison word by word."""
        said = frozenset(words(known.title))
        self.near.setdefault(known.technique, []).append((said, known))

    def find(self, candidate: Candidate) -> Match | None:
        """What the candidate repeats; None where it is new."""
        if found := self.by_identity.get(candidate.identity):
            return found.match(say("Same {identity}", identity=candidate.identity))
        if found := self.by_spot.get(candidate.spot):
            return found.match(say("Same rule and place, {spot},", spot=candidate.spot))
        mine = _of(candidate)
        for known in self.by_title.get((mine.title, mine.technique), ()):
            if _may_be_same(mine, known):
                return known.match(say("Same title and {also}", also=_also(mine, known)))
        return self._alike(mine)

    def _alike(self, mine: _Known) -> Match | None:
        said = frozenset(words(mine.title))
        if len(said) < LEAST_WORDS:
            return None
        for theirs, known in self.near.get(mine.technique, ()):
            share = len(said & theirs) / len(said | theirs)
            if share >= ALIKE and _may_be_same(mine, known):
                also = _also(mine, known)
                return known.match(
                    say("Title alike by {share:.0%}, same {also},", share=share, also=also)
                )
        return None

    def take(self, place: int, candidate: Candidate) -> None:
        """The candidate in this place is new: later rows are compared with it."""
        known = _of(candidate, called=say("row {place} of this file", place=place), row=place)
        self.add(known)
        self.add_near(known)


def index(fellowship: Fellowship, candidates: Iterable[Candidate], by: Any) -> Index:
    """What is known that any of the candidates may repeat, in a fixed number of queries."""
    found = [*candidates]
    visible = Finding.objects.filter(program=fellowship.program_id)
    if not isinstance(by, System):
        visible = visible.visible_to(by)
    made = Index()
    rows = ImportRow.objects.filter(program=fellowship.program_id, finding__in=visible)
    told = rows.select_related("finding").order_by("pk")
    for name in ("identity", "spot"):
        wanted = {said for one in found if (said := getattr(one, name))}
        for start in range(0, len(wanted), 1_000):
            part = sorted(wanted)[start : start + 1_000]
            for row in told.filter(**{f"{name}__in": part}):
                if row.finding is not None:
                    made.add(_kept(row.finding, row))
    columns = ("pk", "ref", "title", "system", "technique")
    titles = sorted({one.title for one in found})
    for start in range(0, len(titles), 1_000):
        part = titles[start : start + 1_000]
        alike = visible.alias(said=Upper("title")).filter(said__in=[Upper(Value(t)) for t in part])
        same = alike.filter(title__in=part).only(*columns)
        for known in _with_spots(same.order_by("pk")):
            made.add(known)
    own = visible.filter(fellowship=fellowship).only(*columns).order_by("-pk")[:COMPARED]
    for known in _with_spots(own):
        made.add_near(known)
    return made


def _with_spots(findings: Iterable[Finding]) -> list[_Known]:
    """Findings with what files called them, where they came by one."""
    found = list(findings)
    told: dict[int | None, ImportRow] = {}
    for start in range(0, len(found), 1_000):
        part = [finding.pk for finding in found[start : start + 1_000]]
        rows = ImportRow.objects.filter(finding__in=part).only("finding", "spot", "identity")
        told |= {row.finding_id: row for row in rows}
    return [_kept(finding, told.get(finding.pk)) for finding in found]


def _kept(finding: Finding, row: ImportRow | None = None) -> _Known:
    return _Known(
        called=finding.ref,
        title=finding.title,
        system=finding.system,
        technique=finding.technique,
        spot=row.spot if row else "",
        identity=row.identity if row else "",
        finding_id=finding.pk,
    )


def _of(candidate: Candidate, called: str = "", row: int | None = None) -> _Known:
    return _Known(
        called=called,
        title=candidate.title,
        system=candidate.systems[0][0] if candidate.systems else "",
        technique=candidate.technique,
        spot=candidate.spot,
        identity=candidate.identity,
        row=row,
    )


def _may_be_same(one: _Known, other: _Known) -> bool:
    """Where both name a place and the places differ, they are two; so it is with systems."""
    apart = one.spot and other.spot and one.spot != other.spot
    return not apart and (_unsaid(one, other) or _fold(one.system) == _fold(other.system))


def _unsaid(one: _Known, other: _Known) -> bool:
    return not one.system or not other.system


def _also(one: _Known, other: _Known) -> str:
    return say("technique") if _unsaid(one, other) else say("system and technique")


def _fold(text: str) -> str:
    return " ".join(words(text))
