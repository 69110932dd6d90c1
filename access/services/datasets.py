"""The catalogue's verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from access import describing, policy
from access.duo import TERMS
from access.models import Dataset
from access.states import Variant
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, first, refuse
from fellowship.programs.models import Program

CHANGEABLE: Final = (
    "name",
    "description",
    "tier",
    "sensitivity",
    "identifiability",
    "business_impact",
    "reidentification_risk",
    "fields",
    "row_filters",
    "duo",
    "licence",
    "citation",
    "version",
    "url",
    "steward",
    "owner",
)


@journal.verb("access.register_dataset")
def register_dataset(
    *,
    program: Program,
    slug: str,
    name: str,
    description: str,
    tier: str,
    sensitivity: int,
    identifiability: int,
    business_impact: int,
    reidentification_risk: int,
    steward: User,
    owner: User,
    by: Actor,
    variant: str = Variant.RAW,
    parent: Dataset | None = None,
    fields: Sequence[Mapping[str, Any]] = (),
    row_filters: Sequence[Mapping[str, Any]] = (),
    duo: Sequence[str] = (),
    licence: str = "",
    citation: str = "",
    version: str = "",
    url: str = "",
    reason: str = "",
) -> Dataset:
    """Put a dataset into the catalogue. One of the same slug in the programme is refused."""
    fields, row_filters = describing.fields(fields), describing.row_filters(row_filters)
    refuse(
        first(
            policy.may_catalogue(program, by),
            _slug_free(program, slug),
            _variant_fits(program, variant, parent),
            _is_steward(program, steward),
            _described({"fields": fields, "row_filters": row_filters, "duo": duo}),
        )
    )
    dataset = Dataset.objects.create(
        program=program,
        ref=next_reference("DS"),
        slug=slug,
        name=name,
        description=description,
        tier=tier,
        sensitivity=sensitivity,
        identifiability=identifiability,
        business_impact=business_impact,
        reidentification_risk=reidentification_risk,
        variant=variant,
        parent=parent,
        fields=fields,
        row_filters=row_filters,
        duo=[code for code in TERMS if code in duo],
        licence=licence,
        citation=citation,
        version=version,
        url=url,
        steward=steward,
        owner=owner,
    )
    journal.record(subject=dataset, change={"slug": slug, "tier": tier, "variant": variant})
    return dataset


@journal.verb("access.change_dataset")
def change_dataset(*, dataset: Dataset, by: Actor, reason: str, **values: Any) -> Dataset:
    """Change a dataset's description or class. A tier raised narrows every grant at once.

    What stays the same is not recorded.
    """
    dataset = Dataset.objects.locked().get(pk=dataset.pk)
    refuse(policy.may_catalogue(dataset.program_id, by))
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"change_dataset() changes no {sorted(unknown)}")
    for name, kept in _KEPT_AS.items():
        if name in values:
            values[name] = kept(values[name])
    refuse(_described(values))
    changed = {k: v for k, v in values.items() if getattr(dataset, k) != v}
    if not changed:
        return dataset
    if "steward" in changed:
        refuse(_is_steward(dataset.program, changed["steward"]))
    before = {name: getattr(dataset, name) for name in changed}
    for name, value in changed.items():
        setattr(dataset, name, value)
    dataset.save()
    journal.record(
        subject=dataset,
        change={name: [_plain(before[name]), _plain(changed[name])] for name in changed},
    )
    return dataset


_KEPT_AS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "fields": describing.fields,
    "row_filters": describing.row_filters,
}


def _described(values: Mapping[str, Any]) -> Refusal | None:
    """Why fields, row filters or data use codes cannot be kept: the first problem, with its row."""
    fields = describing.field_problems(values.get("fields", ()))
    filters = describing.filter_problems(values.get("row_filters", ()))
    for name, problems in (("fields", fields), ("row_filters", filters)):
        for problem in problems:
            return Refusal(
                "not_described", f"Row {problem.row + 1}: {problem.sentence}", field=name
            )
    unknown = [code for code in values.get("duo", ()) if code not in TERMS]
    if unknown:
        return Refusal("unknown_code", f"Not a code offered: {', '.join(unknown)}.", field="duo")
    return None


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, User) else value


def _slug_free(program: Program, slug: str) -> Refusal | None:
    if Dataset.objects.filter(program=program, slug=slug).exists():
        return Refusal("slug_taken", "A dataset of this short name exists.", field="slug")
    return None


def _variant_fits(program: Program, variant: str, parent: Dataset | None) -> Refusal | None:
    if (variant == Variant.RAW) != (parent is None):
        return Refusal(
            "variant_without_original",
            "A variant names its original; an original has none.",
            field="parent",
        )
    if parent is not None and (parent.program_id != program.pk or parent.parent_id):
        return Refusal("not_an_original", "Choose an original of this programme.", field="parent")
    return None


def _is_steward(program: Program, steward: User) -> Refusal | None:
    if has_role(steward, program, roles.STEWARD):
        return None
    return Refusal("not_a_steward", f"{steward} is no data steward of {program}.", field="steward")
