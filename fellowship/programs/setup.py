"""What a new programme still needs, in the order in which it is done; each step has its page.

Applications below in the import ladder register the steps that are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import joined, say
from fellowship.programs import policy

if TYPE_CHECKING:
    from fellowship.programs.models import Program


@dataclass(frozen=True, slots=True)
class Step:
    """One step and its page; `refusal` says why this person may not take it.

    What is `optional` is offered and not counted.
    """

    order: int
    title: str
    url: str
    done: bool
    hint: str = ""
    refusal: Refusal | None = None
    optional: bool = False


Provider = Callable[["Program", Any], Iterable[Step]]
_providers: list[Provider] = []

NEEDED = (
    roles.MANAGER,
    roles.CHAIR,
    roles.BOARD_MEMBER,
    roles.REVIEWER,
    roles.STEWARD,
    roles.PRODUCT_OWNER,
)
SECTIONS = (
    (20, say("The programme")),
    (30, say("Seats and people")),
    (35, say("Rules")),
    (40, say("Data")),
    (50, say("What it offers")),
    (60, say("Dates")),
)
"""Headings of the steps: each holds those whose order is below its number."""
PARTS = {
    "track": (say("Tracks"), "tracks"),
    "model": (say("Fellowship models"), "models"),
    "output": (say("Output types"), "output_types"),
    "step": (say("Talent path"), "path_steps"),
    "standard": (say("Stage standards"), "stage_standards"),
}
"""What a programme is furnished with: its name for people, and the relation that holds it."""


def register(provider: Provider) -> Provider:
    """Add steps, each with its place in the order; usable as a decorator."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def steps(program: Program, user: Any) -> list[Step]:
    """Every step for this person, done or not, in the order in which they are done."""
    found = [step for provider in _providers for step in provider(program, user)]
    return sorted(found, key=lambda step: step.order)


def missing(found: Iterable[Step]) -> list[Step]:
    """The steps still to be done."""
    return [step for step in found if not step.done and not step.optional]


def sections(found: Iterable[Step]) -> list[tuple[str, list[Step]]]:
    """The steps under their headings."""
    known = list(found)
    below, parts = 0, []
    for order, heading in SECTIONS:
        parts.append((heading, [step for step in known if below <= step.order < order]))
        below = order
    return [(heading, steps) for heading, steps in parts if steps]


@register
def _own(program: Program, user: Any) -> Iterator[Step]:
    refusal = policy.may_set_up(program, user)
    slug, there, lacking = program.slug, _there(program), _missing(program)
    named = program.sponsor_id is not None
    sponsor = reverse("programs:sponsor", args=[slug])
    yield Step(10, say("Name the sponsor"), sponsor, named, refusal=refusal)
    hint = say("Nobody is {lacking} yet.", lacking=joined(", ", lacking)) if lacking else ""
    administers = policy.may_administer(program, user)
    give = f"{reverse('accounts:grant')}?realm={slug}"
    yield Step(20, say("Give the roles"), give, not lacking, hint, administers)
    by_list = reverse("programs:bring_people", args=[slug])
    said = say("From a spreadsheet; who has no account yet is invited by mail.")
    yield Step(
        21, say("Bring many people by a list"), by_list, False, said, administers, optional=True
    )
    for key, (label, relation) in PARTS.items():
        url = reverse("programs:furnish", args=[slug, key])
        yield Step(40, label, url, there[relation], refusal=refusal)
    cohort = reverse("programs:cohort", args=[slug])
    manages = policy.may_manage(program, user)
    yield Step(50, say("Open a cohort"), cohort, there["cohorts"], refusal=manages)


def _there(program: Program) -> dict[str, bool]:
    """Which relations hold any row, in one query."""
    relations = [*(relation for _, relation in PARTS.values()), "cohorts"]
    related: Any = [program._meta.get_field(name).related_model for name in relations]
    asked = [Exists(model._base_manager.filter(program=OuterRef("pk"))) for model in related]
    found = type(program).objects.filter(pk=program.pk).values_list(*asked).get()
    return dict(zip(relations, found, strict=True))


def _missing(program: Program) -> list[str]:
    """Roles without which no case gets through, as they stand in a sentence."""
    held = RoleAssignment.objects.live().filter(realm=program.pk).values_list("role", "seat")
    there = {role for role, _ in held}
    lacking = [roles.ROLES[key].label.lower() for key in NEEDED if key not in there]
    seats = {seat for _, seat in held}
    vacant = [
        say("in the {label} seat", label=s.label.lower())
        for s in roles.Seat
        if s.value not in seats
    ]
    return lacking + (vacant if roles.BOARD_MEMBER in there else [])
