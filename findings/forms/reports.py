"""What a fellow reports: results, claims and files of findings. Services judge; forms read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from django import forms as django_forms
from django.core.exceptions import ValidationError

from access.describing import Problem
from access.models import AccessEvent, Dataset
from access.rowforms import MORE, RowKind
from fellowship.accounts.models import User
from fellowship.kernel.saying import say
from fellowship.web import forms
from findings import atlas
from findings.importing import ENDINGS
from findings.models import Artifact, sha256, technique
from findings.states import (
    CONFIDENCE_MEANS,
    HARM_MEANS,
    SAID_CLASSES,
    Harm,
    ImportFormat,
    Severity,
)
from scoping.models import Fellowship

SEVERITIES = [
    (
        Severity.CRITICAL,
        forms.Described(say("Critical"), say("People could be seriously harmed now, by anyone.")),
    ),
    (Severity.HIGH, forms.Described(say("High"), say("Serious harm, with some effort or luck."))),
    (
        Severity.MEDIUM,
        forms.Described(say("Medium"), say("Limited harm, or only under rare conditions.")),
    ),
    (
        Severity.LOW,
        forms.Described(say("Low"), say("A nuisance, or useful only with other flaws.")),
    ),
]
HARMS = [(harm, forms.Described(harm.label, HARM_MEANS[harm])) for harm in Harm]
CONFIDENCES = [
    (degree, forms.Described(degree.label, means)) for degree, means in CONFIDENCE_MEANS.items()
]
FORMATS = [
    (
        ImportFormat.SARIF,
        forms.Described(say("SARIF 2.1.0"), say("Results of scanners, .sarif or .json.")),
    ),
    (
        ImportFormat.AVID,
        forms.Described("AVID", say("A report or vulnerability, or a list, .json.")),
    ),
    (
        ImportFormat.INSPECT,
        forms.Described(say("Inspect"), say("An evaluation log, .eval or .json.")),
    ),
    (ImportFormat.GARAK, forms.Described("garak", say("A report log, .report.jsonl."))),
]
CLASSES: Final = [("", say("Choose")), *SAID_CLASSES]
CLASS_HELP: Final = say(
    "Controls are suggested by it. Where you are not sure, it is what the technique usually means, "
    "until a product owner says it."
)
_SPARE: Final = 2
_EVENTS_MAX: Final = 50
_NUMBER: Final = re.compile(r"\d{1,18}\Z")


def _cell(label: str, longest: int) -> Any:
    field: Any = forms.CharField(label=label, max_length=longest, required=False)
    field.says_optional = False
    return field


def _pairs(second: str, longest: int) -> Any:
    def kept(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{key: str(row.get(key) or "").strip() for key in ("name", second)} for row in rows]

    def problems(rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
        return [
            Problem(n, "name", say("Give it a name, or leave the whole row empty."))
            for n, row in enumerate(rows)
            if not row["name"]
        ]

    def parts(first: str, other: str) -> Mapping[str, Any]:
        return {"name": lambda: _cell(first, 200), second: lambda: _cell(other, longest)}

    return kept, problems, parts


_kept, _problems, _parts = _pairs("version", 100)
ALSO: Final = RowKind("also", _parts(say("Other system"), say("Version")), _kept, _problems, 20)
_kept, _problems, _parts = _pairs("value", 300)
SETTING: Final = RowKind("setting", _parts(say("Condition"), say("Value")), _kept, _problems, 20)


class ArtifactForm(forms.Form):
    """A result by its hash; the file itself stays where it is."""

    name = forms.Text(label=say("Name"), max_length=200, help_text=say("“Trials, table 2 (CSV)”"))
    kind = forms.ChoiceField(
        label=say("Kind"),
        choices=[
            ("table", say("Table")),
            ("code", say("Code")),
            ("harness", say("Harness")),
            ("log", say("Log")),
            ("note", say("Note")),
        ],
    )
    sha256 = forms.Text(
        label="SHA-256",
        max_length=64,
        validators=[sha256],
        help_text=say("64 hexadecimal digits, as `sha256sum` prints them."),
    )
    sources = forms.ModelMultipleChoiceField(
        label=say("Made from"),
        queryset=Dataset.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, fellowship: Fellowship, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sources"].queryset = datasets_of(fellowship, user)  # type: ignore[attr-defined]


def datasets_of(fellowship: Fellowship, user: User) -> Any:
    """The programme's datasets that the person sees."""
    return Dataset.objects.visible_to(user).filter(program_id=fellowship.program_id)


class ReportForm(forms.Form):
    """A finding as the fellow reports it, in sections."""

    asked_as: ClassVar[Mapping[str, str]] = {"embargo_until": "embargo_on"}

    title = forms.CharField(
        label=say("Finding in one line"),
        max_length=250,
        help_text=say("What happens, to which system: “Refusals decay after 40 turns”."),
    )
    claim = forms.Text(label=say("Claim"), help_text=say("What happens, and what it leads to."))
    reproduction = forms.Text(
        label=say("How to reproduce it"),
        required=False,
        help_text=say("Step by step, so that a product team sees it happen within an hour."),
    )
    system = forms.CharField(label=say("System"), max_length=200)
    system_version = forms.CharField(label=say("Version"), max_length=100)
    hits = forms.IntegerField(
        label=say("It happened in"), required=False, min_value=0, max_value=2_000_000_000
    )
    trials = forms.IntegerField(
        label=say("of so many trials"), required=False, min_value=1, max_value=2_000_000_000
    )
    conditions = forms.Text(
        label=say("Conditions under which it holds"),
        max_length=5_000,
        required=False,
        help_text=say("Length of context, tools, language, who talks to it."),
    )
    severity = forms.ChoiceField(label=say("Severity"), choices=SEVERITIES, widget=forms.RadioScale)
    cvss_vector = forms.CharField(
        label=say("CVSS 4.0 vector"),
        max_length=300,
        required=False,
        help_text=say("CVSS:4.0/AV:N/…"),
    )
    severity_reason = forms.Text(
        label=say("Why the severity is another than the vector means"),
        max_length=2_000,
        required=False,
        help_text=say(
            "Only where they differ. A score of 9.0 or more means critical, of 7.0 high, of "
            "4.0 medium, and any other above 0 low."
        ),
    )
    harm = forms.ChoiceField(label=say("Harm to people"), choices=HARMS, widget=forms.RadioScale)
    harm_note = forms.CharField(label=say("Who is harmed, and how"), max_length=500, required=False)
    confidence = forms.ChoiceField(
        label=say("How sure are you?"), choices=CONFIDENCES, widget=forms.RadioScale
    )
    technique = forms.CharField(
        label=say("MITRE ATLAS technique"),
        max_length=20,
        required=False,
        validators=[technique],
        help_text=say("AML.T0051; a list is offered as you type."),
        widget=django_forms.TextInput(attrs={"list": "techniques", "autocomplete": "off"}),
    )
    finding_class = forms.ChoiceField(
        label=say("What it is about"), choices=CLASSES, required=False, help_text=CLASS_HELP
    )
    evidence = forms.ModelMultipleChoiceField(
        label=say("Results it rests on"),
        queryset=Artifact.objects.none(),
        required=False,
        widget=forms.Checks,
    )
    datasets = forms.ModelMultipleChoiceField(
        label=say("Datasets it rests on"),
        queryset=Dataset.objects.none(),
        required=False,
        widget=forms.Checks,
        help_text=say("Where no result stands between. A result names its own."),
    )
    events = forms.CharField(
        label=say("Acts on the access trail"),
        max_length=1_000,
        required=False,
        help_text=say(
            "Their numbers, parted by commas: the last part of the address of an act’s page."
        ),
    )
    embargo_on = forms.DateField(
        label=say("Under embargo until"),
        required=False,
        help_text=say(
            "The whole day counts. Until then only you, the product owners, security "
            "on-call, the manager and auditors read the claim, and nothing of it is published."
        ),
    )
    embargo_reason = forms.CharField(
        label=say("Why it must wait"),
        max_length=500,
        required=False,
        help_text=say("“The vendor mends it by then.”"),
    )

    def __init__(
        self, *args: Any, fellowship: Fellowship, user: User, more: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fellowship = fellowship
        self.fields["evidence"].queryset = fellowship.artifacts.all()  # type: ignore[attr-defined]
        self.fields["datasets"].queryset = datasets_of(fellowship, user)  # type: ignore[attr-defined]
        typed = self.data if self.is_bound else (kwargs.get("initial") or None)
        self.counts = {
            kind.prefix: kind.count(typed, 0, MORE if more else _SPARE) or _SPARE
            for kind in (ALSO, SETTING)
        }
        for kind in (ALSO, SETTING):
            kind.add_to(self, self.counts[kind.prefix])

    @property
    def also_rows(self) -> list[list[Any]]:
        """Rows of other systems, for the page."""
        return ALSO.bound(self, self.counts["also"])

    @property
    def setting_rows(self) -> list[list[Any]]:
        """Rows of conditions by name, for the page."""
        return SETTING.bound(self, self.counts["setting"])

    @property
    def techniques(self) -> list[tuple[str, str]]:
        """Techniques by id and name, offered as one types."""
        return [(key, atlas.name_of(key)) for key, _ in atlas.choices()]

    def clean_events(self) -> list[AccessEvent]:
        """The acts of these numbers; of one's own case, as the service sees to."""
        said = [one for one in re.split(r"[\s,;]+", self.cleaned_data["events"]) if one]
        if wrong := next((one for one in said if not _NUMBER.match(one)), ""):
            raise ValidationError(say("“{wrong}” is no number of an act.", wrong=wrong[:40]))
        if len(said) > _EVENTS_MAX:
            raise ValidationError(say("Name at most {EVENTS_MAX} acts.", EVENTS_MAX=_EVENTS_MAX))
        numbers = [int(one) for one in dict.fromkeys(said)]
        found = AccessEvent.objects.filter(pk__in=numbers, fellowship_id=self.fellowship.pk)
        there = {event.pk: event for event in found}
        if absent := next((n for n in numbers if n not in there), None):
            raise ValidationError(
                say("There is no act {absent} on the trail of this case.", absent=absent)
            )
        return [there[number] for number in numbers]

    def clean(self) -> dict[str, Any]:
        """Counts come in pairs, and no more hits than trials; rows are whole or empty."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        hits, trials = data.get("hits"), data.get("trials")
        if (hits is None) != (trials is None) and not {"hits", "trials"} & set(self.errors):
            self.add_error(
                "trials" if trials is None else "hits", say("Give both counts or neither.")
            )
        elif hits is not None and trials is not None and hits > trials:
            self.add_error("hits", say("It cannot have happened more often than it was tried."))
        data["also"] = ALSO.read(self, self.counts["also"])
        data["setting"] = SETTING.read(self, self.counts["setting"])
        return data

    def said(self) -> dict[str, Any]:
        """The answers as the service takes them; a day ends at its end in the programme."""
        rows = {name for name in self.fields if name.startswith(("also_", "setting_"))}
        data = {key: value for key, value in self.cleaned_data.items() if key not in rows}
        day: dt.date | None = data.pop("embargo_on")
        calendar = self.fellowship.program.calendar()
        return {**data, "embargo_until": calendar.end_of_day(day) if day else None}


class EmbargoForm(forms.Form):
    """Another end of the embargo; none lifts it."""

    asked_as: ClassVar[Mapping[str, str]] = {"embargo_until": "until", "embargo_reason": "reason"}

    until = forms.DateField(
        label=say("Under embargo until"),
        required=False,
        help_text=say("Leave it empty to lift it now."),
    )
    reason = forms.Text(label=say("Why"), max_length=500)


class UploadForm(forms.Form):
    """A file of findings. It is read first, and nothing is reported before it is confirmed."""

    file_format = forms.ChoiceField(label=say("Format"), choices=FORMATS, widget=forms.RadioCards)
    file = forms.UploadField(label=say("File"), extensions=ENDINGS)


class ConfirmForm(forms.Form):
    """What the file does not say, asked only where it is needed."""

    severity = forms.ChoiceField(
        label=say("Severity where the file gives none"), choices=SEVERITIES, widget=forms.RadioCards
    )
    system = forms.CharField(label=say("System where the file names none"), max_length=200)
    system_version = forms.CharField(
        label=say("Its version"),
        max_length=100,
        required=False,
        help_text=say("“not stated” if left empty."),
    )

    finding_class = forms.ChoiceField(
        label=say("What they are about, where their technique does not say it"),
        choices=CLASSES,
        required=False,
    )

    def __init__(self, *args: Any, missing: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not missing["severity"]:
            del self.fields["severity"]
        if not missing["system"]:
            del self.fields["system"]
        if not missing["version"]:
            del self.fields["system_version"]
        if not missing["class"]:
            del self.fields["finding_class"]


class ReplyForm(forms.Form):
    """A word about the disposition."""

    text = forms.Text(label=say("Your reply"), max_length=5000)
