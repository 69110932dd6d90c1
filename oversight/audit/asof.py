"""The record as it stood at an instant: one record's columns, and what was in force.

Everything is read from history rows, so that what was changed since does not colour the past.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from access.models import Agreement, Grant
from fellowship.accounts.models import RoleAssignment
from fellowship.history import withheld
from fellowship.history.models import Event
from fellowship.history.rows import history_models
from fellowship.kernel.prepared import read
from fellowship.web.items import Row
from fellowship.web.tables import Page
from governance.models import ExceptionRecord, RuleVersion
from governance.models.exceptions import DECIDED
from oversight.audit import names as naming
from oversight.audit.trail import SKIPPED
from oversight.audit.words import heading, listed, word

PER_PAGE: Final = 25
"""Roles, grants and exceptions on one page, of each."""
RECORDS_PER_PAGE: Final = 50
COUNTED: Final = 1_000
"""How many rows of the past are counted: each costs a look for a later one."""
Hidden = Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """One record at an instant: what it is called now, its columns then, when it changed."""

    name: str
    exists: bool
    rows: list[Row]
    since: dt.datetime | None
    changes: list[dt.datetime]


def history_of(label: str) -> Any:
    """The history model of a tracked model's label, or None."""
    for model in history_models().values():
        if model.instance_type._meta.label_lower == label:
            return model
    return None


def standing(label: str, pk: int, at: dt.datetime) -> Standing | None:
    """The record as it stood at `at`; None where there is no such record at any time."""
    model = history_of(label)
    if model is None:
        return None
    key = model.instance_type._meta.pk.attname
    rows = withheld.readable(model._meta.label_lower, model.objects.filter(**{key: pk}))
    versions = list(rows.order_by("history_id").values_list("history_id", "history_date")[:500])
    if not versions:
        return None
    last = rows.filter(history_date__lte=at).order_by("-history_id").first()
    exists = last is not None and last.history_type != "-"
    columns = [f.attname for f in model._meta.concrete_fields if f.attname not in SKIPPED]
    values = {name: getattr(last, name) for name in columns} if exists else {}
    names = naming.of([(label, pk), *naming.points_at(model, values)])
    return Standing(
        naming.titled(label, pk, names),
        exists,
        [
            Row(heading(model, name), word(model, name, values, names))
            for name in listed(model, values)
        ],
        last.history_date if last else None,
        [date for _, date in versions],
    )


def found(program_id: int, label: str, pk: int, at: dt.datetime, hidden: Hidden) -> Standing | None:
    """The programme's record as it stood at `at`; None where it is none or closed to the reader.

    `hidden` are the keys a conflict closes, by kind.
    """
    if pk >= 2**62 or pk in hidden.get(label, ()) or not known(program_id, label, pk):
        return None
    return standing(label, pk, at)


def known(program_id: int, label: str, pk: int) -> bool:
    """Whether the ledger of this programme speaks of the record, or wrote it beside another."""
    events = Event.objects.filter(realm_id=program_id)
    if events.filter(subject_type=label, subject_id=pk).exists():
        return True
    model = history_of(label)
    if model is None:
        return False
    key = key_of(model)
    rows = model.objects.filter(**{key: pk}, history_event__in=events.values("uid"))
    return bool(rows.exists())


def key_of(history: Any) -> str:
    """The column of a history model with the record's key: a programme has that of its realm."""
    return str(history.instance_type._meta.pk.attname)


def newest(model: Any, at: dt.datetime, **only: Any) -> QuerySet[Any]:
    """The history rows that say how the records of `model` stood at `at`, without deleted ones.

    `only` narrows by columns that never change, such as the programme.
    """
    history = model.history.model
    key = model._meta.pk.attname
    later = history.objects.filter(
        history_date__lte=at, history_id__gt=OuterRef("history_id"), **{key: OuterRef(key)}
    )
    rows: QuerySet[Any] = (
        withheld.readable(
            history._meta.label_lower, history.objects.filter(history_date__lte=at, **only)
        )
        .exclude(history_type="-")
        .filter(~Exists(later))
    )
    return rows


def records(program_id: int, label: str, at: dt.datetime, hidden: Hidden) -> QuerySet[Any] | None:
    """The records of a kind in this programme as they stood at `at`: their history rows.

    A record is the programme's where it names it, or else where any event of its ledger wrote it.
    Newest records first. None for an unknown kind.
    """
    history = history_of(label)
    if history is None:
        return None
    model, key = history.instance_type, key_of(history)
    columns = {field.attname for field in history._meta.concrete_fields}
    own = next((name for name in ("program_id", "realm_id") if name in columns), "")
    if own:
        rows = newest(model, at, **{own: program_id})
    else:
        ours = history.objects.filter(
            history_event__in=Event.objects.filter(realm_id=program_id).values("uid"),
            **{key: OuterRef(key)},
        )
        rows = newest(model, at).filter(Exists(ours))
    if left_out := hidden.get(label):
        rows = rows.exclude(**{f"{key}__in": left_out})
    return rows.order_by(f"-{key}")


@dataclass(frozen=True, slots=True)
class Part:
    """Some records of a kind, where the older ones begin, and how many there are, counted so far
    as it is cheap.
    """

    rows: list[Any]
    older: str
    total: int

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total_text(self) -> str:
        """“412”, or “1,000+” where it was not counted on."""
        return f"{min(self.total, COUNTED):,}{'+' if self.total > COUNTED else ''}"


def part(rows: QuerySet[Any], before: str) -> Part:
    """The records older than the key `before`, a page of them: the last costs what the first does.

    Nonsense in `before` begins with the newest.
    """
    asked, key = rows, key_of(rows.model)
    if before.isascii() and before.isdigit() and len(before) < 19:
        asked = rows.filter(**{f"{key}__lt": int(before)})
    found = list(asked[: RECORDS_PER_PAGE + 1])
    more = len(found) > RECORDS_PER_PAGE
    found = found[:RECORDS_PER_PAGE]
    counted = rows.order_by().values("pk")[: COUNTED + 1].count()
    return Part(found, str(getattr(found[-1], key)) if more else "", counted)


@dataclass(frozen=True, slots=True)
class InForce:
    """What held in a programme at an instant; what there is much of, a page at a time."""

    roles: Page[Any]
    rules: list[RuleVersion]
    grants: Page[Any]
    exceptions: Page[Any]

    @property
    def longest(self) -> Page[Any]:
        """The list with the most pages; one turns all of them at once."""
        return max((self.roles, self.grants, self.exceptions), key=lambda page: page.total)


def in_force(request: HttpRequest, program_id: int, at: dt.datetime, hidden: Hidden) -> InForce:
    """Roles, rules, grants and exceptions as they stood at `at`, the page `?page=` of each."""
    return InForce(
        roles=_page(request, roles_at, program_id, at, ()),
        rules=rules_at(program_id, at),
        grants=_page(request, grants_at, program_id, at, hidden.get("access.grant", ())),
        exceptions=_page(
            request, exceptions_at, program_id, at, hidden.get("governance.exceptionrecord", ())
        ),
    )


Then = Callable[[int, dt.datetime], QuerySet[Any]]
"""What stood in a programme at an instant."""
_NONE: Final = 0
"""The key of no record."""


def _page(
    request: HttpRequest, of: Then, program_id: int, at: dt.datetime, closed: Sequence[int]
) -> Page[Any]:
    """The page asked for; empty, not the last again, where this list has no more.

    `closed` are the keys of what the reader declared a conflict about.
    """
    asked = request.GET.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    number = max(number, 1)
    start = (number - 1) * PER_PAGE
    keys = list(closed) or [_NONE]
    found = _rows(of, start)(program_id, at, keys) if start < COUNTED else []
    counted = len(found)
    if start or counted > PER_PAGE:
        counted = len(_keys(of)(program_id, at, keys))
    total, shown = min(counted, COUNTED), found[:PER_PAGE] if start < counted else []
    return Page(shown, number, PER_PAGE, total, counted > COUNTED, "", request.GET)


Asked = Callable[[int, dt.datetime, list[int]], list[Any]]


@functools.cache
def _rows(of: Then, start: int) -> Asked:
    """A page of rows and one more, which tells whether there is another page."""

    @read
    def rows(program_id: int, at: dt.datetime, closed: list[int]) -> QuerySet[Any]:
        return of(program_id, at).exclude(id__in=closed)[start : start + PER_PAGE + 1]

    return rows


@functools.cache
def _keys(of: Then) -> Asked:
    """As many keys as are counted, and one more; planned each time, since how much of the history
    lies before an instant decides how.
    """

    def rows(program_id: int, at: dt.datetime, closed: list[int]) -> QuerySet[Any, Any]:
        open_ones = of(program_id, at).exclude(id__in=closed).order_by()
        return open_ones.values_list("pk", flat=True)[: COUNTED + 1]

    return read(rows, anew=True)


def roles_at(program_id: int, at: dt.datetime) -> QuerySet[Any]:
    """The role assignments that held at `at`, as they were then written."""
    rows = newest(RoleAssignment, at, realm_id=program_id).filter(
        Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at
    )
    shown = ("id", "role", "seat", "starts_at", "ends_at", *_called("user"))
    return rows.select_related("user").only(*shown).order_by("role", "user__name", "history_id")


@read
def rules_at(program_id: int, at: dt.datetime) -> QuerySet[RuleVersion]:
    """The version of each kind of rule that was in force at `at`.

    Adopted versions never change, so they are read from themselves. One that was entered later,
    from before the programme kept its rules here, says so by its `created_at`.
    """
    rows = RuleVersion.objects.filter(program_id=program_id).current(at=at)
    return rows.order_by("kind")


def grants_at(program_id: int, at: dt.datetime) -> QuerySet[Any]:
    """The grants that were live at `at`, as they were then written, their agreement accepted."""
    accepted = newest(Agreement, at).filter(id=OuterRef("agreement_id"), accepted_at__lte=at)
    rows = newest(Grant, at, fellowship__program_id=program_id).filter(
        Q(revoked_at=None) | Q(revoked_at__gt=at),
        Exists(accepted),
        starts_at__lte=at,
        ends_at__gt=at,
    )
    shown = ("id", "ref", "ends_at", "dataset__name", "fellowship__ref", *_called("person"))
    return rows.select_related("dataset", "person", "fellowship").only(*shown).order_by("-id")


def exceptions_at(program_id: int, at: dt.datetime) -> QuerySet[Any]:
    """The exceptions that were live at `at`, as they were then written."""
    rows = newest(ExceptionRecord, at, program_id=program_id).filter(
        Q(ended_at=None) | Q(ended_at__gt=at),
        state__in=DECIDED,
        waits=False,
        starts_at__lte=at,
        expires_at__gt=at,
    )
    shown = ("id", "ref", "title", "expires_at", *_called("owner"))
    return rows.select_related("owner").only(*shown).order_by("-id")


def _called(person: str) -> tuple[str, str]:
    """What a person is called by."""
    return f"{person}__name", f"{person}__email"
