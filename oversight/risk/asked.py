"""What a person asks the register for: the filters of its page, its file and its API."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import filters
from fellowship.web.tables import COUNT_LIMIT
from governance.models import ExceptionRecord
from oversight.policy import RISK_READERS
from oversight.risk.register import ORDERS, Wanted
from oversight.risk.sources import LEVELS, SOURCES

PER_PAGE: Final = 50


def _programs(request: HttpRequest | None) -> QuerySet[Program]:
    if request is None:
        return Program.objects.none()
    mine = realm_ids_where(request.user, *RISK_READERS)
    return Program.objects.filter(pk__in=mine).order_by("name")


def _holders(request: HttpRequest | None) -> QuerySet[User]:
    """Those who hold a role where the person reads the register."""
    if request is None:
        return User.objects.none()
    held = RoleAssignment.objects.live().filter(
        realm__in=realm_ids_where(request.user, *RISK_READERS)
    )
    return User.objects.filter(pk__in=held.values("user_id")).order_by("name")


@read
def _program_words(realms: list[int]) -> QuerySet[Program, Any]:
    return Program.objects.filter(pk__in=realms).order_by("name").values_list("pk", "name")


@read
def _holder_words(realms: list[int], at: dt.datetime) -> QuerySet[User, Any]:
    held = RoleAssignment.objects.live(at).filter(realm__in=realms).values("user_id")
    return User.objects.filter(pk__in=held).order_by("name").values_list("pk", "name", "email")


def _realms(request: HttpRequest | None) -> list[int]:
    return sorted(realm_ids_where(request.user, *RISK_READERS)) if request else []


def _programs_offered(request: HttpRequest | None) -> list[tuple[int, str]]:
    return _program_words(_realms(request))


def _holders_offered(request: HttpRequest | None) -> list[tuple[int, str]]:
    return [(pk, name or email) for pk, name, email in _holder_words(_realms(request), now())]


class RiskFilter(filters.FilterSet):
    """Risks by words, kind, gravity, programme, holder, and whether they are past their time."""

    q = filters.CharFilter(label=say("Search"), max_length=100)
    source = filters.ChoiceFilter(choices=[(s.key, s.label) for s in SOURCES], label=say("Kind"))
    level = filters.ChoiceFilter(
        choices=[(str(rank), label) for rank, label in LEVELS.items()], label=say("How grave")
    )
    program = filters.ModelChoiceFilter(
        queryset=_programs, offered=_programs_offered, label=say("Programme")
    )
    holder = filters.ModelChoiceFilter(
        queryset=_holders, offered=_holders_offered, label=say("Holder")
    )
    overdue = filters.BooleanFilter(label=say("Past its time"))

    class Meta:
        model = ExceptionRecord
        fields: list[str] = []


def asked(request: Any, at: dt.datetime) -> tuple[RiskFilter, Wanted, str]:
    """The filters, what they ask for, and the order; nonsense narrows nothing."""
    found = RiskFilter(request.GET, queryset=ExceptionRecord.objects.none(), request=request)
    found.form.is_valid()
    said = found.form.cleaned_data
    program, holder = said.get("program"), said.get("holder")
    wanted = Wanted(
        at=at,
        user=request.user,
        words=said.get("q") or "",
        source=said.get("source") or "",
        level=int(said.get("level") or 0),
        program=program.pk if program else None,
        holder=holder.pk if holder else None,
        overdue=bool(said.get("overdue")),
    )
    order = request.GET.get("sort", "")
    return found, wanted, order if order in ORDERS else "level"


def number_of(text: str) -> int:
    """The page asked for, of those that can be reached; the first for nonsense."""
    given = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    return min(max(given, 1), COUNT_LIMIT // PER_PAGE)
