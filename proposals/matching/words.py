"""Why somebody is suggested, what speaks against it, and why a place stays empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fellowship.accounts.roles import Seat
from fellowship.kernel.saying import begun, joined, listed, say, say_n
from proposals.matching.expertise import Match
from proposals.matching.gather import Case, Gathered, Person


def why(gathered: Gathered, case: Case, person: Person, panel: Collection[int], used: int) -> str:
    """The sentence for one reviewer; `panel`: keys of the whole panel, `used`: places before."""
    matched = gathered.matches.get((case.proposal.pk, person.user.pk), [])
    places = say("{used} of {places} places used before", used=used, places=person.places)
    parts = [_expertise(person, matched), places, _seat(gathered, person, panel)]
    if person.away:
        parts.append(
            say_n(
                person.away,
                "away on {n} day of the review window",
                "away on {n} days of the review window",
            )
        )
    return begun(joined("; ", [part for part in parts if part]) + ".")


def warnings(
    gathered: Gathered, case: Case, person: Person, panel: Collection[int], used: int
) -> list[str]:
    """What speaks against asking this person, as sentences; none of it forbids."""
    found = []
    pair = (case.proposal.pk, person.user.pk)
    name = str(person.user)
    if pair in gathered.returned:
        found.append(say("The same assignment was taken back before."))
    if used >= person.places:
        found.append(
            say(
                "{name} takes {places} reviews of a call and has {used}.",
                name=name,
                places=person.places,
                used=used,
            )
        )
    if person.absent:
        found.append(
            say_n(
                person.away,
                "{name} is away on {n} day of the review window.",
                "{name} is away on {n} days of the review window.",
                name=name,
            )
        )
    if person.seat and _others(gathered, person, panel):
        found.append(say("The panel has the {seat} seat already.", seat=_named(person.seat)))
    if pair not in gathered.matches:
        found.append(say("None of {name}’s fields is named in the text.", name=name))
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
    counted = [len(people) for people in (barred, returned, away, full)]
    there, asked = len(whole), len(case.panel) + case.need
    if not any(counted):
        return say("{there} of {asked}: nobody else reviews.", there=there, asked=asked)
    if len(others) == 1:
        alone = next(text for text, n in zip(_ALONE, counted, strict=True) if n)
        return say(
            "{there} of {asked}: the only other reviewer {alone}.",
            there=there,
            asked=asked,
            alone=alone,
        )
    return say(
        "{there} of {asked}: of the {others} other reviewers, {why_not}.",
        there=there,
        asked=asked,
        others=len(others),
        why_not=joined(", ", _counted(*counted)),
    )


_ALONE = (
    say("has a conflict or is on the team"),
    say("gave it back"),
    say("is away"),
    say("has no place left"),
)


def _counted(barred: int, returned: int, away: int, full: int) -> list[str]:
    parts = (
        (
            barred,
            say_n(
                barred,
                "{n} has a conflict or is on the team",
                "{n} have a conflict or are on the team",
            ),
        ),
        (returned, say("{n} gave it back", n=returned)),
        (away, say_n(away, "{n} is away", "{n} are away")),
        (full, say_n(full, "{n} has no place left", "{n} have no place left")),
    )
    return [text for number, text in parts if number]


def _expertise(person: Person, matched: list[Match]) -> str:
    for works in (True, False):
        for named in (True, False):
            fields = [m.field for m in matched if m.works == works and m.named == named]
            if fields:
                shown = listed([say("“{name}”", name=name) for name in fields[:2]])
                return _known(works, named, shown)
    if person.works_on or person.knows:
        return say("none of their fields is named in the text")
    return say("has named no fields")


def _known(works: bool, named: bool, fields: str) -> str:
    if works and named:
        return say("works on {fields}, which the question names", fields=fields)
    if works:
        return say("works on {fields}, which the text names", fields=fields)
    if named:
        return say("knows {fields}, which the question names", fields=fields)
    return say("knows {fields}, which the text names", fields=fields)


def _seat(gathered: Gathered, person: Person, panel: Collection[int]) -> str:
    if not person.seat:
        return ""
    seat = _named(person.seat)
    if _others(gathered, person, panel):
        return say("{seat} seat, as another reviewer here", seat=seat)
    return say("{seat} seat, which this panel lacks otherwise", seat=seat)


def _named(seat: str) -> str:
    return say(Seat(seat).label).lower()


def _others(gathered: Gathered, person: Person, panel: Collection[int]) -> bool:
    """Whether another on the panel has the same seat."""
    others = (gathered.by_key.get(pk) for pk in panel if pk != person.user.pk)
    return any(other is not None and other.seat == person.seat for other in others)
