"""A scope of the record: a programme, and optionally a period, people, kinds, a subject, words."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from django.apps import apps
from django.db.models import CharField, F, Model, Q, QuerySet, Value

from fellowship.accounts import recusals
from fellowship.accounts.models import Conflict, User
from fellowship.history.models import Event, Tracked
from fellowship.history.rows import history_model_of
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import kept
from fellowship.kernel.subjects import about
from fellowship.programs.models import Program
from oversight import casebook
from oversight.audit import names as naming
from oversight.audit import search
from proposals.models import Proposal
from scoping.models import Fellowship

Pair = tuple[str, int]
LOOK: Final = "oversight.view"
"""The verb of an auditor's look."""


@dataclass(frozen=True)
class Scope:
    """What is asked for. Instants are half-open: `from_at` is inside, `to_at` is not.

    Auditors' own looks are left out unless `looks` asks for them, or they are asked for by name.
    """

    program_id: int
    from_at: dt.datetime | None = None
    to_at: dt.datetime | None = None
    actors: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    reference: str = ""
    case: bool = False
    words: str = ""
    looks: bool = True
    hidden: Mapping[str, list[int]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, program: Program, user: Any, **asked: Any) -> Self:
        """The scope for a person: what they declared a conflict about is left out."""
        return cls(program_id=program.pk, hidden=conflicted(user), **asked)

    def said(self) -> dict[str, Any]:
        """The scope as the ledger keeps it: without what is empty."""
        values = {
            "from": self.from_at,
            "to": self.to_at,
            "actors": list(self.actors),
            "kinds": list(self.kinds),
            "verbs": list(self.verbs),
            "reference": self.reference,
            "whole_case": self.case,
            "words": self.words,
        }
        return {name: value for name, value in values.items() if value}

    @classmethod
    def again(cls, program: Program, user: Any, said: Mapping[str, Any]) -> Self:
        """The scope that `said()` told, as the ledger kept it."""
        instants = {"from": "from_at", "to": "to_at"}
        names = {"whole_case": "case", **instants}
        asked = {
            names.get(key, key): dt.datetime.fromisoformat(value)
            if key in instants
            else tuple(value)
            if isinstance(value, list)
            else value
            for key, value in said.items()
        }
        return cls.of(program, user, **asked)

    def events(self) -> Any:
        """The events of the scope, unordered."""
        rows: Any = Event.objects.filter(realm_id=self.program_id)
        if self.from_at:
            rows = rows.filter(at__gte=self.from_at)
        if self.to_at:
            rows = rows.filter(at__lt=self.to_at)
        if self.actors:
            rows = rows.filter(_among("actor_id", self.actors))
        if self.kinds:
            rows = rows.filter(_of_kinds(self.kinds))
        if self.verbs:
            rows = rows.filter(_among("verb", self.verbs))
        elif not self.looks:
            rows = rows.exclude(verb=LOOK)
        if self.words:
            rows = search.narrowed(rows, self.words)
        if self.reference:
            rows = rows.filter(about(self.subjects()))
        if self.hidden:
            rows = rows.exclude(about(self.hidden))
        return rows.order_by()

    def subjects(self) -> Mapping[str, list[int]]:
        """The records the reference names; with `case`, all of the case they belong to."""
        found = resolve(self.reference)
        if not self.case:
            return found
        for pk in found.get(Fellowship._meta.label_lower, ()):
            return casebook.subjects(Fellowship.objects.get(pk=pk))
        return found


def _of_kinds(kinds: tuple[str, ...]) -> Q:
    """Events about records of these kinds; of a kind that no event is about, those that wrote it.

    A vote is written by an event about its ballot. Asked in this order, since the subject's index
    answers for nearly every kind.
    """
    subjects = tuple(k for k in kinds if Event.objects.filter(subject_type=k).exists())
    found = [_among("subject_type", subjects)] if subjects else []
    for kind in sorted(set(kinds) - set(subjects)):
        model: Any = apps.get_model(kind)
        history = history_model_of(model)
        found.append(Q(uid__in=history.objects.values("history_event")))
    return functools.reduce(operator.or_, found)


def _among(column: str, values: tuple[Any, ...]) -> Q:
    """One value as equality, so that an index gives the order as well."""
    return Q(**{column: values[0]}) if len(values) == 1 else Q(**{f"{column}__in": values})


def conflicted(user: Any) -> dict[str, list[int]]:
    """The records an auditor declared a conflict about, with the whole of such a case."""
    if not getattr(user, "pk", None):
        return {}
    found: dict[str, list[int]] = {}
    for label, pk in _recusing(user.pk):
        for case in _cases(label, pk):
            for name, ids in case.items():
                found.setdefault(name, []).extend(ids)
        found.setdefault(label, []).append(pk)
    for label, ids in recusals.closed_to(user.pk).items() if found else ():
        found.setdefault(label, []).extend(ids)
    return found


@read
def _recusing(user: int) -> QuerySet[Conflict, Any]:
    rows = Conflict.objects.recusing().filter(user_id=user)
    return rows.values_list("subject_type", "subject_id")


def _cases(label: str, pk: int) -> list[casebook.Subjects]:
    """The whole case of the record: from the proposal on, whether it became a fellowship or not."""
    if label == Fellowship._meta.label_lower:
        return [casebook.subjects(case) for case in Fellowship.objects.filter(pk=pk)]
    if label != Proposal._meta.label_lower:
        return []
    fellowships = Fellowship.objects.filter(proposal_id=pk)
    return [casebook.subjects(case) for case in fellowships] or [casebook.subjects_of_proposal(pk)]


def resolve(reference: str) -> dict[str, list[int]]:
    """The records that have this reference, by model label, in one query."""
    parts = []
    for model in referenced():
        label: Any = Value(model._meta.label_lower, output_field=CharField())
        rows: Any = model._default_manager.filter(ref__iexact=reference).order_by()
        parts.append(rows.annotate(_label=label, _id=F("pk")).values_list("_label", "_id"))
    first, *rest = parts
    found: dict[str, list[int]] = {}
    for name, pk in first.union(*rest, all=True):
        found.setdefault(name, []).append(pk)
    return found


@functools.cache
def referenced() -> tuple[type[Model], ...]:
    """The tracked models whose records have a reference."""
    return tuple(
        model
        for model in apps.get_models()
        if issubclass(model, Tracked) and any(f.name == "ref" for f in model._meta.concrete_fields)
    )


@read
def actors(program: int) -> QuerySet[User, Any]:
    """The people who hold or held a role in the programme, for the filter: key, name, address."""
    rows = User.objects.filter(role_assignments__realm_id=program).distinct().order_by("name")
    return rows.values_list("pk", "name", "email")


def by_application(
    choices: Iterable[tuple[str, str]],
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices whose keys begin with an application, under its name; as they come within it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, label in choices:
        found.setdefault(key.partition(".")[0], []).append((key, label))
    named = ((str(apps.get_app_config(app).verbose_name), group) for app, group in found.items())
    return sorted(named, key=lambda pair: pair[0])


@kept(16)
def kinds() -> list[tuple[str, str]]:
    """Every tracked model as a choice: label and name."""
    models = [m for m in apps.get_models() if issubclass(m, Tracked)]
    names = [naming.kind(m._meta.label_lower) for m in models]
    return sorted(
        (
            (
                m._meta.label_lower,
                f"{name} ({m._meta.app_label})" if names.count(name) > 1 else str(name),
            )
            for m, name in zip(models, names, strict=True)
        ),
        key=lambda pair: pair[1],
    )
