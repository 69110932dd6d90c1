"""The forms of what a programme offers: to add it, and to make the next version of its terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.forms import BoundField, HiddenInput
from django.utils.text import slugify

from fellowship.accounts.forms import Naming, PersonField
from fellowship.kernel.saying import say
from fellowship.programs.models import FellowshipModel, OutputType, Program, Track
from fellowship.programs.states import Freedom, Stage, TalentPath, Tier
from fellowship.programs.terms import LAST_WEEK, Milestone, ResidencyStage
from fellowship.web import forms


class Revision(forms.Form):
    """What a change says besides the terms: why, and which version it was written against."""

    version = forms.IntegerField(widget=HiddenInput, min_value=1, max_value=1_000_000)
    reason = forms.Text(
        label=say("Why is it changed?"),
        max_length=2_000,
        help_text=say("Whoever reads the versions sees it."),
    )

    def values(self) -> dict[str, Any]:
        """The terms as sent, by field."""
        return {n: v for n, v in self.cleaned_data.items() if n not in Revision.base_fields}


class TermsForm(Naming, Revision):
    """One row a programme offers; what is there already is not offered again.

    With `term`, its terms as they stand: its key is not asked for, it never changes.
    """

    ADDS: ClassVar[str]
    """The argument of `services.furnish` that takes the row."""
    KEY: ClassVar[str] = "key"

    def __init__(self, *args: Any, program: Program, term: Any = None, **kwargs: Any) -> None:
        left_out = (self.KEY,) if term is not None else tuple(Revision.base_fields)
        own = {n: f for n, f in type(self).base_fields.items() if n not in left_out}
        instance: Any = self  # what Django copies the fields of each form from
        instance.base_fields = dict(
            sorted(own.items(), key=lambda pair: pair[0] in Revision.base_fields)
        )
        if term is not None:
            kwargs["initial"] = {**self.initial_of(term), "version": term.version}
        super().__init__(*args, **kwargs)
        self.program = program
        self.editing = term
        if (field := self._key()) is not None:
            there = set(self.there().values_list(self.KEY, flat=True))
            field.choices = [pair for pair in field.choices if pair[0] and pair[0] not in there]

    def initial_of(self, term: Any) -> dict[str, Any]:
        """The terms as the fields show them."""
        names = (n for n in self.base_fields if n not in Revision.base_fields)
        return {name: getattr(term, name) for name in names}

    def carry_over(self, before: Any, now: Any) -> None:
        """Show the terms of `now` in the fields that were sent as they stood in `before`."""
        old, new, sent = self.initial_of(before), self.initial_of(now), dict(self.data.items())
        for name, value in old.items():
            if _lines(sent.get(name, "")) == _lines(value):
                sent[name] = str(new[name])
        self.data = sent

    def there(self) -> Any:
        """The rows the programme has."""
        raise NotImplementedError

    @property
    def complete(self) -> bool:
        """Whether nothing is left to add."""
        field = self._key()
        return field is not None and not field.choices

    def _key(self) -> Any:
        return self.fields.get(self.KEY)


def _lines(text: Any) -> list[str]:
    return str(text).strip().splitlines()


class TrackForm(TermsForm):
    """A research track."""

    ADDS = "tracks"
    key = forms.ChoiceField(label=say("Track"), choices=Track.Key.choices)
    summary = forms.Text(label=say("What is studied"), max_length=5_000)
    approval = forms.Text(label=say("Who must approve what"), max_length=5_000)
    communication = forms.Text(label=say("What may be said outside, and when"), max_length=5_000)

    def there(self) -> Any:
        """The programme's tracks."""
        return self.program.tracks


class ModelForm(TermsForm):
    """A fellowship model."""

    ADDS = "models"
    key = forms.ChoiceField(label=say("Model"), choices=FellowshipModel.Key.choices)
    access_level = forms.CharField(label=say("Access"), max_length=200)
    publication_freedom = forms.CharField(label=say("Freedom to publish"), max_length=100)
    best_for = forms.CharField(label=say("Best for"), max_length=200)
    main_risk = forms.CharField(label=say("Main risk"), max_length=200)

    def there(self) -> Any:
        """The programme's models."""
        return self.program.models


class OutputForm(TermsForm):
    """An output type. Its key is made of its first name."""

    ADDS = "output_types"
    name = forms.CharField(label=say("Name"), max_length=40)
    access_level = forms.CharField(label=say("Access it takes"), max_length=200)
    highest_tier = forms.ChoiceField(
        label=say("Highest data tier"),
        choices=[("", say("As track and model allow")), *Tier.choices],
        required=False,
        help_text=say("A first scope of work of this output allows no higher."),
    )
    reviews = forms.CharField(label=say("Reviews it passes"), max_length=200)
    publication_timeline = forms.CharField(label=say("When it is published"), max_length=200)
    milestones = forms.Text(
        label=say("Milestones"),
        max_length=5_000,
        help_text=say(
            "The usual ones in their order, one a line. “Week 4: Protocol” falls four weeks "
            "after the first day; those without a week are spread evenly."
        ),
    )

    def initial_of(self, term: OutputType) -> dict[str, Any]:
        """With a milestone a line."""
        return {**super().initial_of(term), "milestones": term.term("milestones")}

    def there(self) -> Any:
        """The programme's output types."""
        return self.program.output_types

    def clean_milestones(self) -> list[dict[str, Any]]:
        """Each with its title and week; weeks rise and end some time."""
        lines = (line.strip() for line in self.cleaned_data["milestones"].splitlines())
        found = [Milestone.parse(line) for line in lines if line]
        weeks = [m.week for m in found if m.week is not None]
        if weeks != sorted(set(weeks)) or any(not 0 < week <= LAST_WEEK for week in weeks):
            raise ValidationError(
                say("Write rising weeks between 1 and {LAST_WEEK}.", LAST_WEEK=LAST_WEEK)
            )
        return [milestone.write() for milestone in found]

    def clean(self) -> dict[str, Any]:
        """A name not used before; with its key where it is new."""
        data = super().clean() or self.cleaned_data
        if "name" not in data:
            return data
        others = OutputType.objects.filter(program=self.program)
        if self.editing is not None:
            if others.exclude(pk=self.editing.pk).filter(name=data["name"]).exists():
                self.add_error("name", say("The programme has an output type of this name."))
            return data
        data["key"] = slugify(data["name"])
        if not data["key"]:
            self.add_error("name", say("Write a name with letters."))
        elif others.filter(key=data["key"]).exists():
            self.add_error("name", say("The programme has an output type of this name."))
        return data


class StepForm(TermsForm):
    """A step of the talent path."""

    ADDS = "path_steps"
    key = forms.ChoiceField(label=say("Step"), choices=TalentPath.choices)
    summary = forms.Text(label=say("What it is"), max_length=2_000)
    fellow_side = forms.Text(label=say("What the company expects of the fellow"), max_length=5_000)
    company_side = forms.Text(
        label=say("What the fellow may expect of the company"), max_length=5_000
    )
    begins_and_ends = forms.Text(label=say("How it begins and ends"), max_length=2_000)
    pay = forms.CharField(label=say("How it is paid"), max_length=300)

    def there(self) -> Any:
        """The programme's steps."""
        return self.program.path_steps


class StandardForm(TermsForm):
    """The owner and the written standard of a stage."""

    ADDS = "standards"
    KEY = "stage"
    stage = forms.ChoiceField(label=say("Stage"), choices=Stage.choices)
    owner = PersonField(label=say("Owner"))
    standard = forms.Text(label=say("Standard"), max_length=5_000)

    def initial_of(self, term: Any) -> dict[str, Any]:
        """The owner by short name."""
        return {"owner": term.owner.username, "standard": term.standard}

    def there(self) -> Any:
        """The programme's standards."""
        return self.program.stage_standards


TERMS: dict[str, type[TermsForm]] = {
    "track": TrackForm,
    "model": ModelForm,
    "output": OutputForm,
    "step": StepForm,
    "standard": StandardForm,
}
"""By the part of the programme's page."""


class ResidencyForm(Revision):
    """The stages of a hybrid residency in their order. A row left empty is no stage."""

    SPARE = 2
    MOST = 8

    def __init__(self, data: Any = None, *, term: FellowshipModel, **kwargs: Any) -> None:
        stages = term.residency()
        rows: dict[str, Any] = {}
        for number in range(self._rows_shown(data, len(stages))):
            stage = stages[number] if number < len(stages) else None
            for name, field in _stage_fields(stage).items():
                rows[f"stage-{number}-{name}"] = field
        instance: Any = self
        instance.base_fields = {**rows, **Revision.base_fields}
        super().__init__(data, initial={"version": term.version}, **kwargs)

    @classmethod
    def _rows_shown(cls, data: Any, there: int) -> int:
        if data:
            return max((n + 1 for n in range(cls.MOST) if f"stage-{n}-name" in data), default=0)
        return min(there + cls.SPARE, cls.MOST)

    def rows(self) -> Iterator[list[BoundField]]:
        """The fields of each stage, for the page."""
        for number in range(self.MOST):
            names = [n for n in self.fields if n.startswith(f"stage-{number}-")]
            if names:
                yield [self[name] for name in names]

    def clean(self) -> dict[str, Any]:
        """Whole stages, at least two; what ends a stage is said for all but the last."""
        data = super().clean() or self.cleaned_data
        filled = [n for n in range(self.MOST) if any(self._row(n).values())]
        for number in filled:
            for name, value in self._row(number).items():
                if not value and (name != "switch" or number != filled[-1]):
                    self.add_error(f"stage-{number}-{name}", MISSING[name])
        if len(filled) < 2:
            self.add_error(None, say("A residency has at least two stages."))
        return data

    def _row(self, number: int) -> dict[str, str]:
        names = [n for n in self.fields if n.startswith(f"stage-{number}-")]
        return {n.rpartition("-")[2]: str(self.cleaned_data.get(n, "")) for n in names}

    def values(self) -> dict[str, Any]:
        """The stages as they are kept."""
        rows = [self._row(number) for number in range(self.MOST)]
        return {"stages": [ResidencyStage.read(row).write() for row in rows if any(row.values())]}


MISSING = {
    "name": say("Name the stage."),
    "tier": say("Choose the data this stage may use."),
    "freedom": say("Choose how freely one may publish in this stage."),
    "switch": say("Say what ends this stage, and who says so."),
}


def _stage_fields(stage: ResidencyStage | None) -> dict[str, Any]:
    held = stage.write() if stage else {}
    kinds: dict[str, tuple[Any, dict[str, Any]]] = {
        "name": (forms.CharField, {"label": say("Stage"), "max_length": 100}),
        "tier": (
            forms.ChoiceField,
            {"label": say("Data it may use"), "choices": [("", say("Choose")), *Tier.choices]},
        ),
        "freedom": (
            forms.ChoiceField,
            {
                "label": say("Freedom to publish"),
                "choices": [("", say("Choose")), *Freedom.choices],
            },
        ),
        "switch": (
            forms.Text,
            {
                "label": say("What ends it, and who says so"),
                "max_length": 1_000,
                "help_text": say("Empty for the last stage."),
            },
        ),
    }
    made = {n: of(required=False, initial=held.get(n), **o) for n, (of, o) in kinds.items()}
    for field in made.values():
        field.says_optional = False  # a row is whole or empty; `clean` says what a whole one lacks
    return made
