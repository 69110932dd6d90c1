"""Who carries how much: open clocks, and what people own, each number with its cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.clocks.states import Side
from fellowship.kernel.saying import joined, say
from oversight.office.figures import FIGURES, OWNED, View
from oversight.office.stalls import Lying


@dataclass(frozen=True, slots=True)
class Load:
    """What one person of ours carries; `owned` by the keys of `OWNED`."""

    person: User
    roles: str
    clocks: int
    overdue: int
    owned: dict[str, int]

    @property
    def total(self) -> int:
        """All they carry, each thing once for each way in which it is theirs."""
        return self.clocks + sum(self.owned.values())


def loads(view: View, there: Sequence[Lying]) -> list[Load]:
    """Everyone who carries anything or holds a role of the programme, the most laden first.

    `there`: the open clocks. Two queries, and one for each thing people own.
    """
    clocks = Counter(one.person_id for one in there if one.side == Side.US and one.person_id)
    overdue = Counter(
        one.person_id for one in there if one.side == Side.US and one.person_id and one.overdue
    )
    owned = {key: _by_person(view, key, field) for key, field in OWNED.items()}
    held = _roles(view)
    keys = {*clocks, *held, *(pk for counts in owned.values() for pk in counts)}
    people = User.objects.filter(pk__in=keys, is_active=True) | User.objects.filter(
        pk__in={*clocks, *(pk for counts in owned.values() for pk in counts)}
    )
    found = [
        Load(
            person,
            joined(", ", held.get(person.pk, ())) or say("no role here now"),
            clocks[person.pk],
            overdue[person.pk],
            {key: counts.get(person.pk, 0) for key, counts in owned.items()},
        )
        for person in people.distinct()
    ]
    return sorted(found, key=lambda load: (-load.overdue, -load.total, str(load.person)))


def _by_person(view: View, key: str, field: str) -> dict[int, int]:
    rows = FIGURES[key].rows(view).order_by().annotate(who=F(field)).values("who")
    return dict(rows.annotate(number=Count("pk")).values_list("who", "number"))


def _roles(view: View) -> dict[int, list[str]]:
    """The roles of our people in the programme, in words."""
    rows = RoleAssignment.objects.live(view.at).filter(realm_id=view.program_id)
    found: dict[int, list[str]] = defaultdict(list)
    for user_id, role in rows.order_by("role").values_list("user_id", "role"):
        if role in roles.STAFF:
            found[user_id].append(roles.ROLES[role].label.lower())
    return found
