"""Who asks about whom: finding the person and the dataset of a question, for those who may ask."""

from __future__ import annotations

from typing import Any, Final

from access import policy
from access.judging import find_people
from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role, may_be_recused
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say

UNKNOWN_PERSON: Final = say("Nobody is known by this name.")
UNKNOWN_DATASET: Final = say("No dataset of this name is in a catalogue you may read.")
SEVERAL: Final = say("Several programmes have a dataset of this name; give its reference.")


class NotAskable(Exception):
    """The question names nobody, no dataset, or several."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def find(
    by: Any, person: str, dataset: str, *, program: str = "", scoped: bool = False
) -> tuple[User, Dataset]:
    """The person and the dataset, for whoever may ask about them.

    `scoped` is set for a token that may ask about others. Raises Refused where `by` may not ask,
    whether or not the other person exists; NotAskable where nothing is found.
    """
    found = _dataset(by, dataset.strip(), program)
    if found is None:
        raise NotAskable("dataset", UNKNOWN_DATASET)
    asked = find_people({person.strip()}).get(person.strip())
    if not (scoped and has_role(by, found.program_id, *roles.STAFF)):
        refuse(policy.may_ask(found.program_id, asked, by))
    if asked is not None and asked.pk != by.pk and may_be_recused(by):
        refuse(policy.may_ask_despite(found.program_id, asked, by))
    if asked is None:
        raise NotAskable("person", UNKNOWN_PERSON)
    return asked, found


def _dataset(by: Any, name: str, program: str) -> Dataset | None:
    visible = Dataset.objects.visible_to(by).named(name)
    if program:
        visible = visible.filter(program__realm__slug=program)
    rows = list(visible.order_by("id")[:3])
    exact = [row for row in rows if name in (row.ref, row.slug)] or rows
    if len(exact) > 1:
        raise NotAskable("dataset", SEVERAL)
    return exact[0] if exact else None
