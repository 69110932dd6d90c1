"""The record as it stood at an instant: one record's columns, and what was in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from access.models import Grant
from fellowship.accounts.models import RoleAssignment
from fellowship.history import withheld
from fellowship.history.models import Event
from fellowship.history.rows import history_models
from fellowship.web.items import Row
from fellowship.web.tables import Page, paginate
from governance.models import ExceptionRecord, RuleVersion
from oversight.audit import names as naming
from oversight.audit.trail import SKIPPED
from oversight.audit.words import heading, listed, word

PER_PAGE: Final = 25
"""Roles, grants and exceptions on one page, of each."""


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
        [Row(heading(model, name), word(model, name, values, names)) for name in listed(values)],
        last.history_date if last else None,
        [date for _, date in versions],
    )


def known(program_id: int, label: str, pk: int) -> bool:
    """Whether the ledger of this programme speaks of the record."""
    return Event.objects.filter(realm_id=program_id, subject_type=label, subject_id=pk).exists()


@dataclass(frozen=True, slots=True)
class InForce:
    """What held in a programme at an instant; what there is much of, a page at a time."""

    roles: Page[Any]
    rules: list[RuleVersion]
    grants: Page[Grant]
    exceptions: Page[ExceptionRecord]

    @property
    def longest(self) -> Page[Any]:
        """The list with the most pages; one turns all of them at once."""
        return max((self.roles, self.grants, self.exceptions), key=lambda page: page.total)


def in_force(request: HttpRequest, program_id: int, at: dt.datetime) -> InForce:
    """Roles, rules, grants and exceptions as they stood at `at`, the page `?page=` of each.

    Roles are read from their history, since ending one early rewrites its end.
    """
    grants = Grant.objects.filter(fellowship__program_id=program_id).live(at)
    exceptions = ExceptionRecord.objects.filter(program_id=program_id).live(at)
    return InForce(
        roles=_page(request, roles_at(program_id, at)),
        rules=list(
            RuleVersion.objects.filter(program_id=program_id)
            .effective(at)
            .order_by("kind", "-version")
        ),
        grants=_page(
            request,
            grants.select_related("dataset", "person", "fellowship").order_by("ends_at", "pk"),
        ),
        exceptions=_page(request, exceptions.select_related("owner").order_by("expires_at", "pk")),
    )


def _page(request: HttpRequest, rows: Any) -> Page[Any]:
    """The page asked for; empty, not the last again, where this list has no more."""
    page = paginate(request, rows, per_page=PER_PAGE)
    asked = request.GET.get("page", "")
    beyond = asked.isascii() and asked.isdigit() and len(asked) < 7 and int(asked) > page.pages
    return replace(page, rows=[]) if beyond else page


def roles_at(program_id: int, at: dt.datetime) -> QuerySet[Any]:
    """The role assignments that held at `at`, as they were then written."""
    history: Any = RoleAssignment.history.model
    newest = (
        history.objects.filter(id=OuterRef("id"), history_date__lte=at)
        .order_by("-history_id")
        .values("history_id")[:1]
    )
    rows: QuerySet[Any] = (
        history.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=at),
            history_id=Subquery(newest),
            realm_id=program_id,
            starts_at__lte=at,
        )
        .exclude(history_type="-")
        .select_related("user")
        .order_by("role", "user__name", "history_id")
    )
    return rows
