"""What a fellow reports and answers."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from access.models import Dataset
from fellowship.accounts.models import User
from fellowship.web import forms
from findings.models import Artifact, sha256, technique
from findings.states import Severity
from scoping.models import Fellowship

SEVERITIES = [
    (
        Severity.CRITICAL,
        forms.Described("Critical", "People could be seriously harmed now, by anyone."),
    ),
    (Severity.HIGH, forms.Described("High", "Serious harm, with some effort or luck.")),
    (Severity.MEDIUM, forms.Described("Medium", "Limited harm, or only under rare conditions.")),
    (Severity.LOW, forms.Described("Low", "A nuisance, or useful only with other flaws.")),
]


class ArtifactForm(forms.Form):
    """A result by its hash; the file itself stays where it is."""

    name = forms.Text(label="Name", max_length=200, help_text="“Trials, table 2 (CSV)”")
    kind = forms.ChoiceField(
        label="Kind",
        choices=[
            ("table", "Table"),
            ("code", "Code"),
            ("harness", "Harness"),
            ("log", "Log"),
            ("note", "Note"),
        ],
    )
    sha256 = forms.Text(
        label="SHA-256",
        max_length=64,
        validators=[sha256],
        help_text="64 hexadecimal digits, as `sha256sum` prints them.",
    )
    sources = forms.ModelMultipleChoiceField(
        label="Made from",
        queryset=Dataset.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, fellowship: Fellowship, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sources"].queryset = Dataset.objects.visible_to(user).filter(  # type: ignore[attr-defined]
            program_id=fellowship.program_id
        )


class ReportForm(forms.Form):
    """A finding as the fellow reports it."""

    title = forms.Text(label="Finding in one line", max_length=250)
    claim = forms.Text(
        label="Claim",
        max_length=20_000,
        widget=django_forms.Textarea,
        help_text="What happens, to which system, and what it leads to.",
    )
    conditions = forms.Text(
        label="Conditions under which it holds",
        max_length=5000,
        widget=django_forms.Textarea,
        required=False,
        help_text="Length of context, tools, language, settings.",
    )
    hits = django_forms.IntegerField(
        label="It happened in", required=False, min_value=0, max_value=2_000_000_000
    )
    trials = django_forms.IntegerField(
        label="of so many trials", required=False, min_value=1, max_value=2_000_000_000
    )
    system = forms.Text(label="System", max_length=200)
    system_version = forms.Text(label="Version", max_length=100)
    severity = forms.ChoiceField(label="Severity", choices=SEVERITIES, widget=forms.RadioCards)
    cvss_vector = forms.Text(
        label="CVSS 4.0 vector", max_length=300, required=False, help_text="CVSS:4.0/AV:N/…"
    )
    severity_reason = forms.Text(
        label="Why the severity is another than the vector means",
        max_length=2_000,
        required=False,
        help_text="Only where they differ. A score of 9.0 or more means critical, of 7.0 high, of "
        "4.0 medium, and any other above 0 low.",
    )
    technique = forms.Text(
        label="MITRE ATLAS technique",
        max_length=20,
        required=False,
        validators=[technique],
        help_text="AML.T0051",
    )
    reproduction = forms.Text(
        label="How to reproduce it",
        max_length=20_000,
        widget=django_forms.Textarea,
        required=False,
    )
    evidence = forms.ModelMultipleChoiceField(
        label="Evidence",
        queryset=Artifact.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, fellowship: Fellowship, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evidence"].queryset = fellowship.artifacts.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Counts come in pairs, and no more hits than trials."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        hits, trials = data.get("hits"), data.get("trials")
        if (hits is None) != (trials is None) and not {"hits", "trials"} & set(self.errors):
            self.add_error("trials" if trials is None else "hits", "Give both counts or neither.")
        elif hits is not None and trials is not None and hits > trials:
            self.add_error("hits", "It cannot have happened more often than it was tried.")
        return data


class ReplyForm(forms.Form):
    """A word about the disposition."""

    text = forms.Text(label="Your reply", max_length=5000, widget=django_forms.Textarea)
