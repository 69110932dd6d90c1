"""Marks in every private text of the house: what somebody reads tells which texts they were given.

`tests/authorisation/fields.toml` names every text field there is, and who may read it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import Model

from fellowship.accounts.models import RoleAssignment, User
from governance.models import IndependentReview
from governance.services.reviews import namers
from proposals.models import Proposal
from publications.models import Publication, Version
from tests.scenarios.world import PEOPLE
from tests.support.belonging import ends, reached
from tests.support.cast import CAST, ELSEWHERE, RECUSED, STAFF
from tests.support.house import House

FILE: Final = Path(__file__).resolve().parent.parent / "authorisation" / "fields.toml"
MARK: Final = re.compile(r"q7([0-9a-f]{3})r([0-9a-f]+)z", re.I)
NOT_OURS: Final = ("admin", "auth", "contenttypes", "sessions", "guardian")
"""Apps of Django and guardian whose texts no page of ours shows: names of permissions, sessions."""
TEXT: Final = (models.CharField, models.TextField, models.JSONField)
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "everybody": tuple(CAST),
    "signed-in": tuple(name for name in CAST if name != "visitor"),
    "programme": tuple(n for n in CAST if CAST[n].role and n not in ELSEWHERE),
    "staff": (*STAFF, *RECUSED),
    "case": (
        *("fellow", "mentor", "board", "chair", "manager", "steward", "product_owner", "oncall"),
        *("policy_reviewer", "legal_reviewer", "auditor", "sponsor"),
    ),
}
"""Names for several who ask. `own` is whoever the record names, `nobody` no one at all."""
WITH_CASES: Final = ("fellow", "fellow_other", "applicant", "elsewhere_fellow")
"""Who has proposals or a case of their own, of which they are the fellow."""


@dataclass(frozen=True)
class Field:
    """A text field of a model, and who may read it."""

    model: str
    name: str
    readers: frozenset[str]

    def __str__(self) -> str:
        return f"{self.model}.{self.name}"


def there() -> set[str]:
    """Every field of ours that holds text: not a choice among few, nor a hash by another name."""
    return {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label not in NOT_OURS and not hasattr(model, "history_object")
        for field in model._meta.concrete_fields
        if isinstance(field, TEXT) and not field.choices
    }


def said() -> dict[str, dict[str, str]]:
    """The file: fields by model under who may read them."""
    return tomllib.loads(FILE.read_text())


@cache
def fields() -> tuple[Field, ...]:
    """Every field that is marked, in the order of the file."""
    found = []
    for readers, by_model in said().items():
        if readers in ("names", "public"):
            continue
        named = frozenset(readers.split(" "))
        wide = {name for group in named for name in GROUPS.get(group, (group,))}
        for model, names in by_model.items():
            found += [Field(model, name, frozenset(wide)) for name in names.split(" ")]
    return tuple(found)


def mark_all() -> dict[str, int]:
    """Write a mark into every private text there is; how many of each field took one."""
    return {str(field): _mark(number, field) for number, field in enumerate(fields())}


def _mark(number: int, field: Field) -> int:
    model = apps.get_model(field.model)
    column: Any = model._meta.get_field(field.name)
    done = 0
    for key, value in model._base_manager.values_list("pk", field.name):
        mark = f"q7{number:03x}r{key:x}z"
        new = _in_address(column, mark) or _marked(value, mark)
        longest = getattr(column, "max_length", None)
        if isinstance(new, str) and longest and len(new) > longest:
            new = mark
        if new == value:
            continue
        try:
            with transaction.atomic():
                done += models.QuerySet(model).filter(pk=key).update(**{field.name: new})
        except IntegrityError:
            continue  # it is empty because of what the record is
    return done


def _in_address(column: Any, mark: str) -> str:
    """An address with the mark, where the field holds one."""
    if isinstance(column, models.EmailField):
        return f"{mark}@example.org"
    return f"https://example.org/{mark}" if isinstance(column, models.URLField) else ""


def _marked(value: Any, mark: str) -> Any:
    """The text with its mark; of what is nested, every sentence with it."""
    if isinstance(value, str):
        packed = _unpacked(value)
        return json.dumps(_marked(packed, mark)) if packed else f"{value} {mark}".strip()
    if isinstance(value, list):
        return [_marked(one, mark) if not _is_word(one) else one for one in value]
    if isinstance(value, dict):
        return {k: _marked(one, mark) if not _is_word(one) else one for k, one in value.items()}
    return value


def _unpacked(text: str) -> Any:
    """What a text of JSON holds, as messages to systems are kept."""
    try:
        return json.loads(text) if text.startswith("{") else None
    except ValueError:
        return None


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and " " not in value


def read(text: str) -> set[tuple[int, int]]:
    """The marks in a text: number of the field, key of the record."""
    return {(int(number, 16), int(key, 16)) for number, key in MARK.findall(text)}


SECOND_ON_CALL: Final = "nightly"
"""Who is on call beside the cast's, by `tests.scenarios.oncall.colleague`."""
ONCE_RELEASED: Final = {"publications.publication.title", "publications.version.text"}
"""What is public of a work that is released."""


class Knowing:
    """Who may read a mark."""

    def __init__(self, house: House) -> None:
        self.people = house.world.people
        self.reached: dict[tuple[str, int], set[tuple[str, int]]] = {}
        self.named: dict[tuple[str, int], set[int]] = {}
        self.case = ends(house.case.fellowship)
        there = self.people["elsewhere_manager"].role_assignments.values_list("realm_id", flat=True)
        self.elsewhere = {
            (model, key) for key in there for model in ("accounts.realm", "programs.program")
        }
        holders = RoleAssignment.objects.filter(realm__in=list(there))
        self.elsewhere |= {("accounts.user", key) for key in holders.values_list("user", flat=True)}
        self.own = {who: self._cases_of(self.people[who]) for who in WITH_CASES}
        self.released = _released()
        self.reviewing = _reviewing()

    def _cases_of(self, person: User) -> set[tuple[str, int]]:
        found = Proposal.objects.filter(applicant=person), person.fellowships.all()
        return {(rows.model._meta.label_lower, row.pk) for rows in found for row in rows}

    def may(self, who: str, mark: tuple[int, int]) -> bool:
        """Whether the person is among the readers of the field, as they stand to the record."""
        field = fields()[mark[0]]
        if str(field) in ONCE_RELEASED and mark[1] in self.released[field.model]:
            return True
        if "own" in field.readers and self._is_named(who, field.model, mark[1]):
            return True
        return self.stands(_part_of(who), field.model, mark[1]) in field.readers

    def stands(self, who: str, model: str, key: int) -> str:
        """How somebody stands to a record, in the words of the cast."""
        leads = self._reached(model, key)
        if leads & self.own.get(who, set()):
            return "fellow"
        if who == "fellow" and any(leads & own for own in self.own.values()):
            return "fellow_other"
        if who in RECUSED and not leads & self.case:
            return who.removesuffix("_recused")
        if leads & self.elsewhere:
            here, _, there = who.partition("elsewhere_")
            return there.replace("fellow", "applicant") if there else ELSEWHERE[1] if here else who
        return who

    def _reached(self, model: str, key: int) -> set[tuple[str, int]]:
        if (model, key) not in self.reached:
            record = apps.get_model(model)._base_manager.filter(pk=key).first()
            self.reached[model, key] = reached(record)
        return self.reached[model, key]

    def _is_named(self, who: str, model: str, key: int) -> bool:
        if who == "visitor":
            return False
        if (model, key) not in self.named:
            record = apps.get_model(model)._base_manager.filter(pk=key).first()
            self.named[model, key] = set(_people(record)) if record else set()
            if model == "governance.matter":
                self.named[model, key] |= self.reviewing.get(key, set())
        return self.people[who].pk in self.named[model, key]


def _released() -> dict[str, set[int]]:
    """The keys of works that are public, and of their versions."""
    works = Publication.objects.filter(state="released")
    versions = Version.objects.filter(publication__in=works)
    return {
        rows.model._meta.label_lower: set(rows.values_list("pk", flat=True))
        for rows in (works, versions)
    }


def _reviewing() -> dict[int, set[int]]:
    """Who was named to review a decision, and who names them, by the key of its matter."""
    return {
        review.decision.matter_id: {
            *review.seats.values_list("reviewer_id", flat=True),
            *(person.pk for person in namers(review)),
        }
        for review in IndependentReview.objects.select_related("decision__matter")
    }


def _part_of(who: str) -> str:
    """Who of the cast has the role of somebody of a world that is not among them."""
    if who == SECOND_ON_CALL:
        return "oncall"
    _, elsewhere, known = who.rpartition("elsewhere_")
    role = PEOPLE.get(known, ("",))[0]
    same = (name for name, part in CAST.items() if role and part.role == role)
    return who if who in CAST else elsewhere + next(same, "newcomer")


def _people(record: Model) -> Iterator[int]:
    if isinstance(record, User):
        yield record.pk
    for field in record._meta.concrete_fields:
        if field.related_model is User and (key := getattr(record, field.attname)):
            yield key


def told(marks: Mapping[tuple[int, int], str]) -> list[str]:
    """Marks in words, with where they were read."""
    return [f"{fields()[number]} of {key}: {where}" for (number, key), where in marks.items()]
