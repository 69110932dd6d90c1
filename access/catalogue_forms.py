"""The forms of the catalogue: a dataset, and its classification. Services judge; forms read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from access import rowforms
from access.classifying import Compared
from access.duo import TERMS
from access.models import Dataset
from access.states import TIERS, Tier, Variant
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import begun, say
from fellowship.programs.models import Program
from fellowship.web import forms
from governance.rulekinds import ClassQuestion, DataClassification

DESCRIBED = ("name", "description", "licence", "citation", "version", "url", "owner", "duo")
DIMENSION_LABELS = {
    "sensitivity": say("Sensitivity"),
    "identifiability": say("Identifiability"),
    "business_impact": say("Business impact"),
    "reidentification_risk": say("Re-identification risk"),
}


class DescriptionForm(forms.Form):
    """What a dataset is, its fields and its row filters: new or changed."""

    name = forms.CharField(label=say("Name"), max_length=200)
    description = forms.Text(label=say("Description"), max_length=4_000)
    owner = forms.ModelChoiceField(
        label=say("Owner"),
        queryset=User.objects.none(),
        help_text=say("Who answers for it in the company."),
    )
    duo = forms.MultipleChoiceField(
        label=say("Conditions of use"),
        required=False,
        widget=forms.Checks,
        choices=[(t.code, forms.Described(begun(t.label), t.meaning)) for t in TERMS.values()],
        help_text=say("Codes of the Data Use Ontology, where its makers set conditions."),
    )
    licence = forms.CharField(label=say("Licence"), max_length=300, required=False)
    citation = forms.Text(label=say("How to cite it"), max_length=4_000, required=False)
    version = forms.CharField(
        label=say("Version"),
        max_length=60,
        required=False,
        help_text=say("As its publisher counts."),
    )
    url = forms.URLField(
        label=say("Where it comes from"), max_length=500, required=False, assume_scheme="https"
    )

    def __init__(self, *args: Any, program: Program, more: bool = False, **kwargs: Any) -> None:
        initial: Mapping[str, Any] = kwargs.get("initial") or {}
        super().__init__(*args, **kwargs)
        self.program = program
        self.fields["owner"].queryset = holders(program, *roles.STAFF)  # type: ignore[attr-defined]
        spare = rowforms.MORE if more else rowforms.SPARE
        data = (self.data if self.is_bound else initial.get("typed")) or None
        self.counts = {
            kind.prefix: kind.count(data, initial.get(f"{kind.prefix}_rows", 0), spare)
            for kind in rowforms.KINDS
        }
        for kind in rowforms.KINDS:
            kind.add_to(self, self.counts[kind.prefix])

    @property
    def field_rows(self) -> list[list[Any]]:
        """The rows of named fields."""
        return rowforms.FIELDS.bound(self, self.counts[rowforms.FIELDS.prefix])

    @property
    def filter_rows(self) -> list[list[Any]]:
        """The rows of row filters."""
        return rowforms.FILTERS.bound(self, self.counts[rowforms.FILTERS.prefix])

    def clean(self) -> dict[str, Any]:
        """Put the rows together; what is wrong with one is told in it."""
        data: dict[str, Any] = super().clean() or {}
        data["fields"] = rowforms.FIELDS.read(self, self.counts[rowforms.FIELDS.prefix])
        data["row_filters"] = rowforms.FILTERS.read(self, self.counts[rowforms.FILTERS.prefix])
        return data

    def described(self) -> dict[str, Any]:
        """The arguments of the services that new and changed datasets share."""
        data = self.cleaned_data
        return {name: data[name] for name in (*DESCRIBED, "fields", "row_filters")}


class DatasetForm(DescriptionForm):
    """A new dataset of the catalogue."""

    slug = forms.CharField(
        label=say("Short name"),
        max_length=80,
        help_text=say("As systems call it in their events: small letters, digits and hyphens."),
    )
    variant = forms.ChoiceField(
        label=say("Variant"), choices=Variant.choices, widget=forms.RadioCards
    )
    parent = forms.ModelChoiceField(
        label=say("Original it was made from"), queryset=Dataset.objects.none(), required=False
    )

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, program=program, **kwargs)
        originals = Dataset.objects.filter(program=program, parent=None)
        self.fields["parent"].queryset = originals  # type: ignore[attr-defined]
        self.fields["parent"].empty_label = say("None: it is an original")  # type: ignore[attr-defined]

    def clean_slug(self) -> str:
        """Small letters, digits and hyphens."""
        slug: str = self.cleaned_data["slug"]
        if not slug.isascii() or not slug.replace("-", "").isalnum() or slug != slug.lower():
            raise ValidationError(say("Use small letters, digits and hyphens."), code="slug")
        return slug

    def registered(self) -> dict[str, Any]:
        """The arguments of `services.register_dataset`."""
        data = self.cleaned_data
        return {**self.described(), **{name: data[name] for name in ("slug", "variant", "parent")}}


class ChangeForm(DescriptionForm):
    """A change of a dataset's description, or of how closely it is held."""

    steward = forms.ModelChoiceField(label=say("Steward"), queryset=User.objects.none())
    tier = forms.ChoiceField(
        label=say("Held as"),
        widget=forms.RadioCards,
        help_text=say(
            "You may hold it more closely at once. A tier falls by a classification alone."
        ),
    )
    reason = forms.Text(label=say("Why does it change?"), max_length=2_000)

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        kept = {name: getattr(dataset, name) for name in (*DESCRIBED, "steward", "tier")}
        rows = {
            **rowforms.FIELDS.initial(dataset.fields),
            **rowforms.FILTERS.initial(dataset.row_filters),
            "field_rows": len(dataset.fields),
            "filter_rows": len(dataset.row_filters),
        }
        kwargs["initial"] = {**kept, **rows, **(kwargs.get("initial") or {})}
        super().__init__(*args, program=dataset.program, **kwargs)
        stewards = holders(dataset.program, roles.STEWARD)
        self.fields["steward"].queryset = stewards  # type: ignore[attr-defined]
        self.fields["tier"].choices = [  # type: ignore[attr-defined]
            choice for choice in Tier.choices if TIERS.index(choice[0]) >= TIERS.index(dataset.tier)
        ]

    def changed(self) -> dict[str, Any]:
        """The arguments of `services.change_dataset`."""
        data = self.cleaned_data
        return {**self.described(), **{name: data[name] for name in ("steward", "tier", "reason")}}


class ImportForm(forms.Form):
    """A description made elsewhere."""

    file = forms.UploadField(
        label=say("Croissant description"), extensions=["json", "jsonld"], max_megabytes=5
    )


class AnswersForm(forms.Form):
    """The questions of a classification. Nothing is chosen beforehand."""

    remarks = forms.Text(
        label=say("Remarks"),
        required=False,
        max_length=4_000,
        help_text=say("What you looked at. Read by the others once both have sent."),
    )

    def __init__(self, *args: Any, rule: DataClassification, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule = rule
        for question in rule.questions:
            self.fields[f"q_{question.key}"] = _question(question)

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The questions by what they are about."""
        return [
            (label, [self[f"q_{q.key}"] for q in self.rule.questions if q.dimension == dimension])
            for dimension, label in DIMENSION_LABELS.items()
        ]

    def answers(self) -> dict[str, int]:
        """A score for each question."""
        return {q.key: self.cleaned_data[f"q_{q.key}"] for q in self.rule.questions}


class SettleForm(forms.Form):
    """The questions two people saw differently, each with its reason."""

    def __init__(self, *args: Any, differing: Iterable[Compared], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.differing = list(differing)
        for one in self.differing:
            self.fields[f"q_{one.question.key}"] = _question(one.question)
            self.fields[f"because_{one.question.key}"] = forms.Text(
                label=say("What speaks for this answer?"), max_length=2_000
            )

    @property
    def pairs(self) -> list[tuple[Compared, Any, Any]]:
        """Each question with its two fields."""
        return [
            (one, self[f"q_{one.question.key}"], self[f"because_{one.question.key}"])
            for one in self.differing
        ]

    def settled(self, part: str) -> dict[str, Any]:
        """By question: the answers that count (`q`), or the reasons (`because`)."""
        keys = [one.question.key for one in self.differing]
        return {key: self.cleaned_data[f"{part}_{key}"] for key in keys}


def _question(question: ClassQuestion) -> Any:
    return forms.TypedChoiceField(
        label=question.question,
        coerce=int,
        widget=forms.RadioCards,
        choices=[
            (answer.score, forms.Described(answer.label, answer.meaning))
            for answer in question.answers
        ],
    )
