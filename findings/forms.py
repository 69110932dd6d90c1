"""Forms of findings and controls. Rules live in the services; these place errors at their cause."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.core.validators import MinValueValidator

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.web import forms
from findings.models import Artifact, Finding, Measurement, sha256, technique
from findings.states import Closure, ControlType, Family, Mapping, Metric, Severity
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


class AcceptForm(forms.Form):
    """Accept a finding: what it turns into, who owns it and by when."""

    actionable = forms.ChoiceField(
        label="Does something follow from it?",
        choices=[
            ("yes", forms.Described("Yes, it is actionable", "It gets an owner and a date.")),
            ("no", forms.Described("No, it is exploratory", "It is recorded openly as such.")),
        ],
        widget=forms.RadioCards,
    )
    mapping = forms.ChoiceField(
        label="It turns into",
        choices=[("", "Choose"), *Mapping.choices],
        required=False,
    )
    product_owner = forms.ModelChoiceField(
        label="Product owner", queryset=User.objects.none(), required=False
    )
    due_at = forms.DateField(
        label="Due by",
        required=False,
        help_text="Empty: as the severity's clock says. Earlier is possible, later is not.",
    )
    reason = forms.Text(
        label="Why you accept it",
        max_length=5000,
        widget=django_forms.Textarea,
        help_text="The fellow reads this.",
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product_owner"].queryset = holders(  # type: ignore[attr-defined]
            finding.program_id, roles.PRODUCT_OWNER
        )


class ControlForm(forms.Form):
    """A control, with its measure fixed before it ships."""

    title = forms.Text(label="Control in one line", max_length=250)
    description = forms.Text(
        label="What it does", max_length=10_000, widget=django_forms.Textarea, required=False
    )
    family = forms.ChoiceField(
        label="Family",
        choices=[
            (Family.PREVENTIVE, forms.Described("Preventive", "Blocks it before it happens")),
            (Family.DETECTIVE, forms.Described("Detective", "Shows it when it happens")),
            (Family.CORRECTIVE, forms.Described("Corrective", "Makes it rarer next time")),
            (
                Family.COMPENSATING,
                forms.Described("Compensating", "Lowers the risk while a lasting fix is built"),
            ),
        ],
        widget=forms.RadioCards,
    )
    control_type = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *ControlType.choices])
    metric = forms.ChoiceField(label="Measured by", choices=[("", "Choose"), *Metric.choices])
    threshold = django_forms.DecimalField(
        label="Least improvement that counts, in percentage points",
        min_value=0,
        max_value=99,
        decimal_places=2,
        help_text="Fixed now, before anything ships. Only a change larger than this counts; with 0 "
        "any change counts that the numbers can show.",
    )
    minimum_trials = django_forms.IntegerField(
        label="Least number of trials on either side", min_value=1, max_value=1_000_000, initial=30
    )
    tracker_url = django_forms.URLField(
        label="Link in your tracker", required=False, assume_scheme="https"
    )


class MeasureForm(forms.Form):
    """A count, never a bare rate."""

    phase = forms.ChoiceField(
        label="Taken", choices=Measurement.Phase.choices, widget=forms.RadioCards
    )
    hits = django_forms.IntegerField(label="It happened in", min_value=0, max_value=2_000_000_000)
    trials = django_forms.IntegerField(
        label="of so many trials",
        max_value=2_000_000_000,
        validators=[MinValueValidator(1, "There must have been at least one trial.")],
    )
    conditions = forms.Text(
        label="Conditions", max_length=5000, widget=django_forms.Textarea, required=False
    )


class ReplyForm(forms.Form):
    """A word about the disposition."""

    text = forms.Text(label="Your reply", max_length=5000, widget=django_forms.Textarea)


class CloseForm(forms.Form):
    """What the closed finding points at."""

    closure = forms.ChoiceField(
        label="It is closed because of",
        choices=[c for c in Closure.choices if c[0] != Closure.DUPLICATE],
        widget=forms.RadioCards,
    )


class DuplicateForm(forms.Form):
    """The earlier finding this one repeats."""

    of = forms.Text(label="Reference of the earlier finding", max_length=30, help_text="F-2026-014")
