"""The least that serves: which variants of a body of data would do for what is asked of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from access import handling
from access.models import Dataset
from access.states import EXPOSURE, Operation
from fellowship.kernel.saying import joined, say
from governance.models import RuleVersion
from governance.rules import in_force
from governance.states import RuleKind


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One variant, and why it serves or does not."""

    dataset: Dataset
    serves: bool
    reasons: tuple[str, ...]


def least_that_serves(
    dataset: Dataset,
    operations: Collection[str] = (),
    fields: Collection[str] = (),
    *,
    rule: RuleVersion | None = None,
    family: Collection[Dataset] | None = None,
) -> list[Suggestion]:
    """The dataset and every variant of it that shows less, the least first, each judged.

    The first that `serves` is the one to ask for; reasons say what speaks for it, or what it lacks.
    `rule` is the handling standard the asker is held to (the one in force, unless given); `family`
    spares a query where the page has read it already.
    """
    if family is None:
        family = Dataset.objects.family_of(dataset).in_catalogue().least_first()
    standard = rule or in_force(dataset.program_id, RuleKind.DATA_HANDLING)
    shown = EXPOSURE[dataset.variant]
    less = [d for d in family if d.pk == dataset.pk or EXPOSURE[d.variant] < shown]
    return [_judged(one, dataset, operations, fields, standard) for one in less]


def _judged(
    one: Dataset,
    asked: Dataset,
    operations: Collection[str],
    fields: Collection[str],
    rule: RuleVersion,
) -> Suggestion:
    lacks = [name for name in fields if one.fields and name not in one.field_names]
    table = handling.table(rule, one.tier)
    never = [str(Operation(o).label) for o in operations if table.get(o) == handling.NO]
    against = [
        *([say("It has no field {lacks}.", lacks=joined(", ", lacks))] if lacks else []),
        *([say("Its tier never allows: {never}.", never=joined(", ", never))] if never else []),
    ]
    if against:
        return Suggestion(one, serves=False, reasons=tuple(against))
    return Suggestion(one, serves=True, reasons=tuple(_for(one, asked, fields, operations)))


def _for(
    one: Dataset, asked: Dataset, fields: Collection[str], operations: Collection[str]
) -> list[str]:
    said = []
    if fields:
        said.append(say("It has every field asked for."))
    if operations:
        said.append(say("Its tier allows, or may allow, every operation asked for."))
    if one.pk != asked.pk:
        said.append(
            say(
                "{variant}: it shows less than {name}.",
                variant=one.get_variant_display(),
                name=asked.name,
            )
        )
    return said
