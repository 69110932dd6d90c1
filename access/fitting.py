"""What the rules say to what is asked for: every reason why it could never be granted as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from access import handling
from access.models import AccessRequest, Dataset, Grant
from access.states import OPEN_REQUEST, TIERS, Operation, RequestState
from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import joined, say
from governance.models import RuleVersion
from scoping.models import Collaborator, Fellowship
from scoping.queries import signed_scope

SCOPE: Final = "outside_scope"
HANDLING: Final = "handling_forbids"
LONGEST: Final = "too_long"
EXCEPTABLE: Final = (SCOPE, HANDLING, LONGEST)
"""The refusals a live exception opens. Nothing else of a request can be excepted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as it can be judged before anybody has. Days not known yet are None."""

    fellowship: Fellowship
    dataset: Dataset
    person: User
    rule: RuleVersion
    operations: Collection[str] = ()
    fields: Collection[str] = ()
    row_filters: Collection[str] = ()
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    renews: Grant | None = None
    instead_of: AccessRequest | None = None


def problems(asked: Asked) -> list[Refusal]:
    """Every reason why it could never be granted, each at the field it concerns."""
    reasons = (
        in_catalogue(asked.dataset),
        person_is_of_the_case(asked.fellowship, asked.person),
        scope_covers(asked.fellowship, asked.dataset, asked.operations),
        _handling_allows(asked),
        _named(asked.dataset, asked.fields),
        _filtered(asked.dataset, asked.row_filters),
        _dates_fit(asked),
        _follows_on(asked),
        asked_already(asked.fellowship, asked.dataset, asked.person, asked.instead_of),
    )
    return [reason for reason in reasons if reason]


def in_catalogue(dataset: Dataset) -> Refusal | None:
    """Why nobody may ask for the dataset: it is retired, or two people have not classified it."""
    if dataset.retired_at is not None:
        return Refusal("retired", say("{dataset} is out of the catalogue.", dataset=dataset))
    if dataset.classification_id is None:
        return Refusal(
            "not_classified",
            say(
                "{dataset} is not classified yet: two people answer the questions about "
                "it first. Until then it is held as the most closed tier.",
                dataset=dataset,
            ),
            rule=say("data classification"),
        )
    return None


def person_is_of_the_case(fellowship: Fellowship, person: User) -> Refusal | None:
    """Data is granted to the fellow and to confirmed collaborators, each by name."""
    if person.pk == fellowship.fellow_id:
        return None
    of_case = Collaborator.objects.active().filter(fellowship=fellowship)
    if of_case.filter(person=person).exists():
        return None
    reason = say(
        "{person} is neither the fellow nor a collaborator of {ref}.",
        person=person,
        ref=fellowship.ref,
    )
    return Refusal("not_of_the_case", reason, field="person")


def scope_covers(
    fellowship: Fellowship, dataset: Dataset, operations: Iterable[str]
) -> Refusal | None:
    """Why the signed scope of work does not cover it."""
    scope = signed_scope(fellowship)
    if scope is None:
        return Refusal("no_signed_scope", say("The scope of work is not signed yet."))
    rule = say("scope of work v{number}", number=scope.number)
    if not {dataset.ref, dataset.slug, dataset.name} & set(scope.datasets):
        reason = say(
            "The signed scope of work does not name {name}; amend it first.", name=dataset.name
        )
        return Refusal(SCOPE, reason, rule=rule)
    if TIERS.index(dataset.tier) > TIERS.index(scope.max_tier):
        reason = say(
            "{name} lies above the highest tier of the signed scope of work.", name=dataset.name
        )
        return Refusal(SCOPE, reason, rule=rule)
    outside = [str(Operation(o).label) for o in operations if o not in scope.operations]
    if outside:
        reason = say(
            "The signed scope of work does not allow: {outside}.", outside=joined(", ", outside)
        )
        return Refusal(SCOPE, reason, rule=rule, field="operations")
    return None


def _handling_allows(asked: Asked) -> Refusal | None:
    if not asked.operations:
        return Refusal("no_operation", say("Choose at least one operation."), field="operations")
    table = handling.table(asked.rule, asked.dataset.tier)
    never = [str(Operation(o).label) for o in asked.operations if table[o] == handling.NO]
    if never:
        reason = say("Data of this tier is never handled so: {never}.", never=joined(", ", never))
        return Refusal(HANDLING, reason, rule=str(asked.rule), field="operations")
    return None


def _named(dataset: Dataset, fields: Collection[str]) -> Refusal | None:
    unknown = sorted(set(fields) - set(dataset.field_names))
    if unknown:
        reason = say(
            "{name} has no field {unknown}.", name=dataset.name, unknown=joined(", ", unknown)
        )
        return Refusal("unknown_field", reason, field="fields_wanted")
    if dataset.fields and not fields:
        return Refusal("no_fields", say("Choose the fields you need."), field="fields_wanted")
    return None


def _filtered(dataset: Dataset, row_filters: Collection[str]) -> Refusal | None:
    unknown = sorted(set(row_filters) - set(dataset.row_filter_keys))
    if not unknown:
        return None
    reason = say(
        "{name} has no row filter {unknown}.", name=dataset.name, unknown=joined(", ", unknown)
    )
    return Refusal("unknown_row_filter", reason, field="row_filters")


def _dates_fit(asked: Asked) -> Refusal | None:
    start, end, case = asked.starts_on, asked.ends_on, asked.fellowship
    if start is None or end is None:
        return None
    if end < start:
        return Refusal(
            "ends_before_start", say("The end must not come before the start."), field="ends_on"
        )
    if end < case.program.today():
        return Refusal("in_the_past", say("The end lies in the past."), field="ends_on")
    if end > case.ends_on:
        reason = say(
            "The fellowship ends on {ends_on:%-d %B %Y}; access ends with it.", ends_on=case.ends_on
        )
        return Refusal("after_the_fellowship", reason, field="ends_on")
    last = handling.longest_end(asked.rule, asked.dataset.tier, start)
    if end > last:
        window = handling.tier_of(asked.rule, asked.dataset.tier).longest_grant
        reason = say(
            "Data of this tier is granted for at most {window}: until {last:%-d %B %Y}.",
            window=window,
            last=last,
        )
        return Refusal(LONGEST, reason, rule=str(asked.rule), field="ends_on")
    return None


def first_day_after(grant: Grant) -> dt.date:
    """The day on which a grant that follows begins, in the programme's zone: no gap, no overlap."""
    return grant.fellowship.program.day(grant.ends_at)


def _follows_on(asked: Asked) -> Refusal | None:
    grant = asked.renews
    if grant is None or asked.starts_on is None:
        return None
    begins = first_day_after(grant)
    if asked.starts_on == begins:
        return None
    reason = say(
        "{ref} ends the day before {begins:%-d %B %Y}; what renews it begins then.",
        ref=grant.ref,
        begins=begins,
    )
    return Refusal("does_not_follow", reason, field="starts_on")


def asked_already(
    fellowship: Fellowship, dataset: Dataset, person: Any, instead_of: AccessRequest | None = None
) -> Refusal | None:
    """Why the same person does not ask for the same dataset again while a request is open."""
    waiting = AccessRequest.objects.filter(
        fellowship=fellowship,
        dataset=dataset,
        person=person,
        state__in=[*OPEN_REQUEST, RequestState.APPROVED],
    )
    if instead_of is not None:
        waiting = waiting.exclude(pk=instead_of.pk)
    pending = waiting.first()
    if pending is None:
        return None
    return Refusal(
        "already_asked", say("{ref} asks for this dataset and is still open.", ref=pending.ref)
    )
