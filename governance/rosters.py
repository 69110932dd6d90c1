"""Whether somebody named in a record is somebody we know: by account, ORCID iD or name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

from fellowship.accounts.models import User
from fellowship.kernel.folding import words
from governance.hints import Party

Who = TypeVar("Who")


def name_key(name: str) -> tuple[str, ...]:
    """A name as it is compared: its words in any order; empty for a single word."""
    parts = sorted(words(name))
    return tuple(parts) if len(parts) > 1 else ()


class Roster(Generic[Who]):
    """Finds those of a list who are, or by their name may be, somebody in a record."""

    def __init__(self) -> None:
        self._users: dict[int, list[Who]] = defaultdict(list)
        self._orcids: dict[str, list[Who]] = defaultdict(list)
        self._names: dict[tuple[str, ...], list[Who]] = defaultdict(list)

    def add(self, who: Who, *, user_id: int | None, orcid: str, name: str) -> None:
        """Enter somebody under all that is known of them."""
        if user_id:
            self._users[user_id].append(who)
        if orcid:
            self._orcids[orcid].append(who)
        if key := name_key(name):
            self._names[key].append(who)

    def find(self, *, user_id: int | None = None, orcid: str = "", name: str = "") -> list[Who]:
        """Each of the list who may be this person, once."""
        found: list[Who] = []
        found += self._users.get(user_id or 0, ())
        found += self._orcids.get(orcid, ())
        found += self._names.get(name_key(name), ())
        return list(dict.fromkeys(found))


def of_people(people: Iterable[User]) -> Roster[User]:
    """People by account, ORCID iD and name."""
    roster: Roster[User] = Roster()
    for person in people:
        roster.add(person, user_id=person.pk, orcid=person.orcid, name=person.name)
    return roster


def of_parties(parties: Iterable[Party]) -> Roster[Party]:
    """Parties by account, ORCID iD and name."""
    roster: Roster[Party] = Roster()
    for party in parties:
        roster.add(party, user_id=party.user_id, orcid=party.orcid, name=party.name)
    return roster


def by_account(parties: Iterable[Party]) -> dict[int, list[Party]]:
    """Parties who have an account, by its key."""
    found: dict[int, list[Party]] = defaultdict(list)
    for party in parties:
        if party.user_id:
            found[party.user_id].append(party)
    return found
