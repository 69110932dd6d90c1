"""The launch checklist against the facts: what people vouched for, what the system knows itself.

An item stands when someone gave its evidence and the fact still holds. Where the system knows the
fact, it is asked each time: a seat that becomes vacant opens the item again by itself. Applications
below in the import ladder register the facts that are theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment
from fellowship.accounts.queries import with_names
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import listed, say
from fellowship.kernel.time import now
from fellowship.programs.models import ChecklistItem, Program, StageStandard
from fellowship.programs.states import LaunchItem, Stage


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact can be looked up."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What the system knows about an item: whether it holds, and what is so or what is missing."""

    holds: bool
    text: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """One item with the fact behind it, where there is one."""

    item: ChecklistItem
    fact: Fact | None

    @property
    def stands(self) -> bool:
        """Whether its evidence was given and the fact holds."""
        return self.item.done_at is not None and not self.refuted

    @property
    def refuted(self) -> bool:
        """Whether the system knows that it is not so."""
        return self.fact is not None and not self.fact.holds

    @property
    def lapsed(self) -> bool:
        """Whether its evidence was given once and the fact holds no more."""
        return self.item.done_at is not None and self.refuted


Provider = Callable[[Program], Mapping[LaunchItem, Fact]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Add the facts an application knows; usable as a decorator."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


@dataclass(frozen=True, slots=True)
class Undertaking:
    """Something to be done before the next call: what, by whom, by when, and where it comes from.

    `url` is empty for whoever may not open its page.
    """

    title: str
    owner: str
    due_on: dt.date
    source: str
    url: str = ""


Undertaken = Callable[[Program, Any], Iterable[Undertaking]]
_undertaken: list[Undertaken] = []


def register_undertakings(provider: Undertaken) -> Undertaken:
    """Add what is to be done before the next call; asked with the programme and the reader."""
    if provider not in _undertaken:
        _undertaken.append(provider)
    return provider


def undertakings(program: Program, user: Any) -> list[Undertaking]:
    """Everything to be done before the programme's next call, the first due first.

    It is shown beside the checklist and holds no call: a recommendation is no rule.
    """
    found = [item for provider in _undertaken for item in provider(program, user)]
    return sorted(found, key=lambda item: (item.due_on, item.title))


def facts(program: Program) -> dict[str, Fact]:
    """What the system knows now, by item; items that rest on words alone are left out."""
    return {str(key): fact for provider in _providers for key, fact in provider(program).items()}


def standings(program: Program) -> list[Standing]:
    """The whole checklist as it stands now, in its order."""
    known = facts(program)
    return [Standing(row, known.get(row.item)) for row in _checklist(program.pk)]


@read
def _checklist(program: int) -> QuerySet[ChecklistItem]:
    return with_names(ChecklistItem.objects.filter(program_id=program), "done_by")


def open_items(program: Program) -> list[Standing]:
    """The items that do not stand."""
    return [standing for standing in standings(program) if not standing.stands]


@register
def _own(program: Program) -> dict[LaunchItem, Fact]:
    held = _held(program.pk, now())
    return {
        LaunchItem.SPONSOR: _sponsor(program),
        LaunchItem.BOARD: _board(held),
        LaunchItem.TRANSLATION: _owners(held),
        LaunchItem.STAGES: _stages(program, {a.user_id for a in held}),
    }


@read
def _held(program: int, at: dt.datetime) -> QuerySet[RoleAssignment]:
    """Who holds a seat, owns a product or a stage: not every fellow, of whom there are many."""
    live = RoleAssignment.objects.live(at).filter(realm_id=program, user__is_active=True)
    standards = StageStandard.objects.filter(program_id=program)
    live = live.filter(
        Q(role__in=[roles.BOARD_MEMBER, roles.PRODUCT_OWNER])
        | Q(user__in=standards.values("owner"))
    )
    wanted = ("realm_id", "role", "seat", "user__name", "user__email")
    return live.select_related("user").only(*wanted).order_by("role", "pk")


def _sponsor(program: Program) -> Fact:
    page = Source(say("The sponsor"), reverse("programs:sponsor", args=[program.slug]))
    if program.sponsor is None:
        return Fact(False, say("No sponsor is named."), (page,))
    if not program.sponsor.is_active:
        return Fact(
            False, say("{sponsor}, the sponsor, has left.", sponsor=program.sponsor), (page,)
        )
    return Fact(True, say("{sponsor} is named as sponsor.", sponsor=program.sponsor), (page,))


def _board(held: Iterable[RoleAssignment]) -> Fact:
    seats = {a.seat: str(a.user) for a in held if a.role == roles.BOARD_MEMBER}
    vacant = [s.label.lower() for s in roles.Seat if s.value not in seats]
    if vacant:
        noun = say("seat is") if len(vacant) == 1 else say("seats are")
        return Fact(False, say("The {vacant} {noun} vacant.", vacant=listed(vacant), noun=noun))
    named = [
        say("{label} by {seats}", label=s.label.lower(), seats=seats[s.value]) for s in roles.Seat
    ]
    return Fact(True, say("All five seats are held: {named}.", named=listed(named)))


def _owners(held: Iterable[RoleAssignment]) -> Fact:
    owners = sorted({str(a.user) for a in held if a.role == roles.PRODUCT_OWNER})
    if not owners:
        return Fact(False, say("Nobody is product owner."))
    noun = say("product owner") if len(owners) == 1 else say("product owners")
    return Fact(True, say("{owners}: {noun} of the programme.", owners=listed(owners), noun=noun))


def _stages(program: Program, people: set[int]) -> Fact:
    kept = "stage_standards" in getattr(program, "_prefetched_objects_cache", {})
    rows = program.stage_standards.all() if kept else _standards(program.pk)
    owned = {s.stage for s in rows if s.owner.is_active and s.owner_id in people}
    lacking = [s.label.lower() for s in Stage if s.value not in owned]
    page = Source(
        say("The stage standards"),
        f"{reverse('programs:program', args=[program.slug])}#standards",
    )
    if lacking:
        text = say(
            "No owner who works in the programme, or no standard: {lacking}.",
            lacking=listed(lacking),
        )
        return Fact(False, text, (page,))
    return Fact(True, say("Each of the eight stages has its owner and its standard."), (page,))


@read
def _standards(program: int) -> QuerySet[StageStandard]:
    rows = StageStandard.objects.filter(program_id=program).select_related("owner")
    return rows.only("stage", "owner__is_active")
