"""Why somebody is suggested, what speaks against it, and why a place stays empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fellowship.accounts.roles import Seat
from proposals.matching.expertise import Match
from proposals.matching.gather import Case, Gathered, Person


def why(gathered: Gathered, case: Case, person: Person, panel: Collection[int], used: int) -> str:
    """The sentence for one reviewer; `panel`: keys of the whole panel, `used`: places before."""
    matched = gathered.matches.get((case.proposal.pk, person.user.pk), [])
    places = f"{used} of {person.places} places used before"
    parts = [_expertise(person, matched), places, _seat(gathered, person, panel)]
    if person.away:
        parts.append(f"away on {_days(person.away)} of the review window")
    text = "; ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}."


def warnings(
    gathered: Gathered, case: Case, person: Person, panel: Collection[int], used: int
) -> list[str]:
    """What speaks against asking this person, as sentences; none of it forbids."""
    found = []
    pair = (case.proposal.pk, person.user.pk)
    name = str(person.user)
    if pair in gathered.returned:
        found.append("The same assignment was taken back before.")
    if used >= person.places:
        found.append(f"{name} takes {person.places} reviews of a call and has {used}.")
    if person.absent:
        found.append(f"{name} is away on {_days(person.away)} of the review window.")
    if person.seat and _others(gathered, person, panel):
        found.append(f"The panel has the {Seat(person.seat).label.lower()} seat already.")
    if pair not in gathered.matches:
        found.append(f"None of {name}’s fields is named in the text.")
    found += [hint.sentence(name) for hint in gathered.hinted.get(pair, ())]
    return found


def missing(gathered: Gathered, case: Case, got: Collection[int], used: Mapping[int, int]) -> str:
    """Why a proposal has fewer reviewers than it needs: `got` are their keys, `used` the places."""
    key = case.proposal.pk
    whole = case.panel | set(got)
    others = [p for p in gathered.people if p.user.pk not in whole]
    barred = [p for p in others if (key, p.user.pk) in gathered.barred]
    returned = [p for p in others if (key, p.user.pk) in gathered.returned and p not in barred]
    rest = [p for p in others if p not in barred and p not in returned]
    away = [p for p in rest if p.absent]
    full = [p for p in rest if not p.absent and used[p.user.pk] >= p.places]
    parts = [
        _part(barred, "has a conflict or is on the team", "have a conflict or are on the team"),
        _part(returned, "gave it back", "gave it back"),
        _part(away, "is away", "are away"),
        _part(full, "has no place left", "have no place left"),
    ]
    there = len(whole)
    asked = len(case.panel) + case.need
    why_not = ", ".join(part for part in parts if part)
    if not others or not why_not:
        return f"{there} of {asked}: nobody else reviews."
    if len(others) == 1:
        return f"{there} of {asked}: the only other reviewer {why_not.removeprefix('1 ')}."
    return f"{there} of {asked}: of the {len(others)} other reviewers, {why_not}."


def _part(people: Sequence[Person], one: str, many: str) -> str:
    return f"{len(people)} {one if len(people) == 1 else many}" if people else ""


def _expertise(person: Person, matched: Sequence[Match]) -> str:
    for works, verb in ((True, "works on"), (False, "knows")):
        for named, where in ((True, "which the question names"), (False, "which the text names")):
            fields = [m.field for m in matched if m.works == works and m.named == named]
            if fields:
                listed = " and ".join(f"“{name}”" for name in fields[:2])
                return f"{verb} {listed}, {where}"
    if person.works_on or person.knows:
        return "none of their fields is named in the text"
    return "has named no fields"


def _seat(gathered: Gathered, person: Person, panel: Collection[int]) -> str:
    if not person.seat:
        return ""
    seat = Seat(person.seat).label.lower()
    if _others(gathered, person, panel):
        return f"{seat} seat, as another reviewer here"
    return f"{seat} seat, which this panel lacks otherwise"


def _others(gathered: Gathered, person: Person, panel: Collection[int]) -> bool:
    """Whether another on the panel has the same seat."""
    others = (gathered.by_key.get(pk) for pk in panel if pk != person.user.pk)
    return any(other is not None and other.seat == person.seat for other in others)


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
