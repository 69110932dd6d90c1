"""What people hold for the company, so that it has a new holder when they leave.

Each app registers its own records. A successor holds the same role in the programme; where nobody
does or may, the manager and then the chair get it. What is not simply handed on, a review that asks
for another reviewer, goes to them as something to settle.

Why it is so: docs/adr/0035-identity-by-rule.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from fellowship.accounts import roles

FALLBACK: Final = (roles.MANAGER, roles.CHAIR)
"""Who gets what nobody else may take over, in this order."""
Rows = Callable[[QuerySet[Any]], QuerySet[Any]]
Ending = Callable[[Any, Any, str], object]


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of record that a person holds by `field`.

    `open` narrows to those that still ask something of them, as a condition or a function of the
    rows; `realm` leads to the programme's key.
    A successor holds `role`. With `by_hand` the field stays and the manager settles it.
    """

    key: str
    label: str
    model: str
    field: str
    realm: str
    role: str
    open: Q | Rows
    by_hand: bool = False
    order: int = 50

    def rows(self, person_id: int) -> QuerySet[Any]:
        """What the person holds, in order."""
        model: type[Model] = apps.get_model(self.model)
        held: QuerySet[Any] = model._default_manager.filter(**{self.field: person_id})
        held = held.filter(self.open) if isinstance(self.open, Q) else self.open(held)
        return held.order_by("pk")

    def realm_id(self, row: Any) -> int:
        """The programme's key of a record."""
        value = row
        for part in self.realm.split("__"):
            value = getattr(value, part)
        return int(value)


_known: dict[str, Holding] = {}
_endings: list[Ending] = []


def register(
    model: str,
    field: str,
    *,
    label: str,
    role: str,
    realm: str = "program_id",
    open: Q | Rows | None = None,
    by_hand: bool = False,
    order: int = 50,
) -> None:
    """Name what people hold of a model by one of its fields; see `Holding`."""
    key = f"{model}.{field}"
    _known[key] = Holding(key, label, model, field, realm, role, open or Q(), by_hand, order)


def ends(ending: Ending) -> Ending:
    """Let `ending(person, by, reason)` end what nobody takes over: a person's own access."""
    if ending not in _endings:
        _endings.append(ending)
    return ending


def every() -> list[Holding]:
    """Every kind, those first that others follow."""
    return sorted(_known.values(), key=lambda holding: (holding.order, holding.key))


def of_key(key: str) -> Holding | None:
    """The kind of this key."""
    return _known.get(key)


def endings() -> list[Ending]:
    """What else ends with a person's leaving."""
    return list(_endings)
