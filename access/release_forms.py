"""The forms of the release desk. Services judge; forms read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.conf import settings

from access.criteria import Limits
from access.models import Dataset, Output
from access.outputs.checks import Check
from access.release_states import Answer, OutputKind, ReleaseVerdict
from access.services.release_reviews import NOTE_MAX, field_of
from fellowship.kernel.saying import say
from fellowship.web import forms

_VERDICTS: Final = [
    (
        ReleaseVerdict.RELEASE,
        forms.Described(say("Release it"), say("Every file meets every criterion.")),
    ),
    (
        ReleaseVerdict.RETURN,
        forms.Described(say("Return it for changes"), say("It could leave, changed.")),
    ),
    (ReleaseVerdict.REFUSE, forms.Described(say("Refuse it"), say("Nothing like it can leave."))),
]


class AskForm(forms.Form):
    """What is to leave, what for, whereto, and what it was made from."""

    title = forms.CharField(label=say("What is it?"), max_length=200)
    purpose = forms.Text(label=say("What is it for?"), max_length=4_000)
    destination = forms.CharField(
        label=say("Where does it go?"),
        max_length=300,
        help_text=say("A paper, a repository, a person."),
    )
    datasets = forms.MultipleChoiceField(
        label=say("Which datasets was it made from?"),
        widget=forms.Checks,
        required=False,
        help_text=say("The strictest of their tiers sets the limits."),
    )

    def __init__(self, *args: Any, datasets: Sequence[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._datasets = {dataset.ref: dataset for dataset in datasets}
        field: Any = self.fields["datasets"]
        field.choices = [
            (d.ref, forms.Described(d.name, f"{d.ref}, {d.get_tier_display().lower()}"))
            for d in datasets
        ]
        if not datasets:
            del self.fields["datasets"]

    def asked(self) -> dict[str, Any]:
        """What the service takes."""
        said = dict(self.cleaned_data)
        chosen = said.pop("datasets", [])
        return {**said, "datasets": [self._datasets[ref] for ref in chosen]}


class OutputForm(forms.Form):
    """One file, what it is, and what is stated of it."""

    file = forms.UploadField(
        label=say("File"),
        help_text="",
        max_length=None,
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
        error_messages={"empty": say("This file is empty. Choose a file with something in it.")},
    )
    kind = forms.ChoiceField(label=say("What is it?"), widget=forms.RadioCards)
    description = forms.Text(
        label=say("What does it show?"),
        max_length=2_000,
        help_text=say("What each row, axis or file stands for."),
    )
    smallest_group = forms.IntegerField(
        label=say("Smallest group in it"),
        required=False,
        min_value=0,
        max_value=1_000_000_000,
        help_text=say(
            "The fewest people or records behind any figure. Empty where nothing counts."
        ),
    )
    count_columns = forms.CharField(
        label=say("Columns that count"),
        required=False,
        max_length=500,
        help_text=say("For tables: their names, parted by commas."),
    )

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = [(k, OutputKind(k).label) for k in limits.kinds]
        most = limits.largest_bytes // 1_000
        self.fields["file"].help_text = say(
            "At most {most:,} kB. Read by a machine, never run.", most=most
        )

    def asked(self) -> dict[str, Any]:
        """What the service takes."""
        said = dict(self.cleaned_data)
        names = (name.strip() for name in said.pop("count_columns", "").split(","))
        return {**said, "count_columns": [name for name in names if name]}


@dataclass(frozen=True, slots=True)
class Question:
    """One criterion for one output: its words, the fields' names, and what a machine found."""

    words: str
    answer: Any
    note: Any
    check: Check | None


class ReviewForm(forms.Form):
    """Every output by every criterion, then the whole. Nothing is preselected."""

    asked_as: ClassVar[Mapping[str, str]] = {"reason": "comment"}

    verdict = forms.ChoiceField(
        label=say("What do you find of the whole?"), choices=_VERDICTS, widget=forms.RadioCards
    )
    comment = forms.Text(
        label=say("For the person who asks"),
        required=False,
        max_length=4_000,
        help_text=say("Needed unless you release. Read by nobody until both reviews are sent."),
    )

    def __init__(
        self, *args: Any, outputs: Iterable[Output], limits: Limits, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.outputs, self.limits = list(outputs), limits
        for output in self.outputs:
            for criterion in limits.asked():
                self.fields[field_of(output.pk, criterion)] = forms.ChoiceField(
                    label=limits.words(criterion),
                    choices=Answer.choices,
                    widget=forms.RadioScale,
                    error_messages={"required": say("Answer this.")},
                )
                note = forms.CharField(label=say("Note"), required=False, max_length=NOTE_MAX)
                note.says_optional = False  # type: ignore[attr-defined]
                self.fields[field_of(output.pk, criterion, note=True)] = note
        whole = ("verdict", "comment")
        self.order_fields([*(name for name in self.fields if name not in whole), *whole])

    def questions(self, output: Output) -> list[Question]:
        """The fields of one output, in the order of the criteria."""
        found = {check["criterion"]: Check.read(check) for check in output.checks}
        return [
            Question(
                self.limits.words(criterion),
                self[field_of(output.pk, criterion)],
                self[field_of(output.pk, criterion, note=True)],
                found.get(criterion.value),
            )
            for criterion in self.limits.asked()
        ]

    def asked(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        answers = {
            str(output.pk): {
                criterion.value: {
                    "answer": data[field_of(output.pk, criterion)],
                    "note": data[field_of(output.pk, criterion, note=True)],
                }
                for criterion in self.limits.asked()
            }
            for output in self.outputs
        }
        return {"verdict": data["verdict"], "comment": data["comment"], "answers": answers}


class VerdictForm(forms.Form):
    """What is found now, and why: revising a review, or settling a disagreement."""

    verdict = forms.ChoiceField(
        label=say("What do you find now?"), choices=_VERDICTS, widget=forms.RadioCards
    )
    reason = forms.Text(label=say("Why?"), max_length=4_000)
