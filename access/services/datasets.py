"""The catalogue's verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from access import describing, policy
from access.duo import TERMS
from access.models import Classification, Dataset
from access.services.classifying import tell_of_tier
from access.states import TIERS, Variant
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, first, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program

CHANGEABLE: Final = (
    "name",
    "description",
    "tier",
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
    """Put a dataset into the catalogue. One of the same slug in the programme is refused.

    It is held as the most closed tier, and nobody may ask for it, until two people classified it.
    """
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
    journal.record(subject=dataset, change={"slug": slug, "variant": variant})
    return dataset


@journal.verb("access.change_dataset")
def change_dataset(*, dataset: Dataset, by: Actor, reason: str, **values: Any) -> Dataset:
    """Change a dataset's description, or hold it more closely: a tier raised narrows every grant
    at once. It falls by a classification alone.

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
    if "tier" in changed:
        refuse(_only_rises(dataset, changed["tier"]))
    before = {name: getattr(dataset, name) for name in changed}
    for name, value in changed.items():
        setattr(dataset, name, value)
    dataset.save()
    if "tier" in changed:
        tell_of_tier(dataset, before["tier"])
    journal.record(
        subject=dataset,
        change={
            name: journal.moved(_plain(before[name]), _plain(value))
            for name, value in changed.items()
        },
    )
    return dataset


@journal.verb("access.retire_dataset")
def retire_dataset(*, dataset: Dataset, by: Actor, reason: str) -> Dataset:
    """Take a dataset out of the catalogue: nobody asks for it any more; grants end as they would.

    One retired already stays as it is.
    """
    dataset = Dataset.objects.locked().get(pk=dataset.pk)
    if dataset.retired_at is not None:
        return unchanged(dataset, policy.may_catalogue(dataset.program_id, by))
    refuse(
        first(
            policy.may_catalogue(dataset.program_id, by),
            policy.reason_given(reason, say("Say why nobody should ask for it any more.")),
            _not_being_classified(dataset),
        )
    )
    dataset.retired_at = now()
    dataset.save()
    journal.record(subject=dataset, change={"retired_at": dataset.retired_at})
    return dataset


@journal.verb("access.restore_dataset")
def restore_dataset(*, dataset: Dataset, by: Actor, reason: str) -> Dataset:
    """Put a retired dataset back. One in the catalogue stays as it is."""
    dataset = Dataset.objects.locked().get(pk=dataset.pk)
    if dataset.retired_at is None:
        return unchanged(dataset, policy.may_catalogue(dataset.program_id, by))
    refuse(
        first(
            policy.may_catalogue(dataset.program_id, by),
            policy.reason_given(reason, say("Say why it comes back.")),
        )
    )
    dataset.retired_at = None
    dataset.save()
    journal.record(subject=dataset, change={"retired_at": None})
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
                "not_described",
                say("Row {row}: {sentence}", row=problem.row + 1, sentence=problem.sentence),
                field=name,
            )
    unknown = [code for code in values.get("duo", ()) if code not in TERMS]
    if unknown:
        return Refusal(
            "unknown_code",
            say("Not a code offered: {unknown}.", unknown=joined(", ", unknown)),
            field="duo",
        )
    return None


def _only_rises(dataset: Dataset, tier: str) -> Refusal | None:
    if tier in TIERS and TIERS.index(tier) > TIERS.index(dataset.tier):
        return None
    reason = say(
        "A steward may only hold it more closely; a tier falls when two people classify it."
    )
    return Refusal("tier_by_classification", reason, rule=say("data classification"), field="tier")


def _not_being_classified(dataset: Dataset) -> Refusal | None:
    found = Classification.objects.under_way().filter(dataset=dataset).first()
    if found is None:
        return None
    return Refusal(
        "being_classified",
        say("{ref} is under way; finish it or call it off first.", ref=found.ref),
    )


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, User) else value


def _slug_free(program: Program, slug: str) -> Refusal | None:
    if Dataset.objects.filter(program=program, slug=slug).exists():
        return Refusal("slug_taken", say("A dataset of this short name exists."), field="slug")
    return None


def _variant_fits(program: Program, variant: str, parent: Dataset | None) -> Refusal | None:
    if (variant == Variant.RAW) != (parent is None):
        return Refusal(
            "variant_without_original",
            say("A variant names its original; an original has none."),
            field="parent",
        )
    if parent is not None and (parent.program_id != program.pk or parent.parent_id):
        return Refusal(
            "not_an_original", say("Choose an original of this programme."), field="parent"
        )
    return None


def _is_steward(program: Program, steward: User) -> Refusal | None:
    if has_role(steward, program, roles.STEWARD):
        return None
    return Refusal(
        "not_a_steward",
        say("{steward} is no data steward of {program}.", steward=steward, program=program),
        field="steward",
    )
