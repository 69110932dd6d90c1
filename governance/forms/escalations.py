"""Forms of an escalation: raise it, take its steps, contain, close."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from fellowship.programs.models import Program
from fellowship.web import forms
from governance import containment
from governance.forms.common import one_program
from governance.models import Escalation
from governance.states import REPORTED, EscalationKind, Harm, Severity
from governance.subjects import by_reference

# --- escalations -----------------------------------------------------------------------------

_HAPPENED = {
    EscalationKind.VULNERABILITY: "A flaw someone could use.",
    EscalationKind.REAL_WORLD_HARM: "Somebody is hurt, or is about to be.",
    EscalationKind.DATA_LEAK: "Data went where it must not be.",
    EscalationKind.SENSITIVE_DATA: "You see data you should not see.",
    EscalationKind.CRITICAL_EXPLOIT: "It is being used right now.",
    EscalationKind.OUT_OF_SCOPE: "Access beyond what was agreed.",
    EscalationKind.OTHER: "Anything else that cannot wait.",
}
_HOW_BAD = {
    Severity.CRITICAL: "Harm now, or within hours.",
    Severity.HIGH: "Harm likely within days.",
    Severity.MEDIUM: "No harm yet, a real way to it.",
    Severity.LOW: "Worth writing down now.",
}


class EscalationForm(forms.Form):
    """One form for the night: what, how bad, what happened. Everything else can wait."""

    kind = forms.ChoiceField(
        label="What is it?",
        choices=[(k.value, forms.Described(k.label, _HAPPENED[k])) for k in REPORTED],
        widget=forms.RadioCards,
    )
    severity = forms.ChoiceField(
        label="How bad is it?",
        choices=[(s.value, forms.Described(s.label, _HOW_BAD[s])) for s in Severity],
        widget=forms.RadioCards,
        help_text="When in doubt, the worse one.",
    )
    summary = forms.Text(
        label="What happened?",
        max_length=5_000,
        help_text="Two sentences will do. No secrets, no personal data.",
    )
    reference = forms.CharField(
        label="What is it about, if you know it?",
        required=False,
        max_length=60,
        help_text="Such as FEL-2026-014; the page you came from fills it in.",
    )
    program = forms.ModelChoiceField(
        label="Programme, where you name no case", queryset=Program.objects.none(), required=False
    )
    field_order = ("kind", "severity", "summary", "reference", "program")

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one_program(self, programs)


class StepForm(forms.Form):
    """What was done in one step of an escalation."""

    text = forms.Text(label="What was done", max_length=10_000)

    def __init__(self, *args: Any, label: str = "", hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label or self.fields["text"].label
        self.fields["text"].help_text = hint


class ContainForm(StepForm):
    """What was done to contain the harm, with the means the programme holds.

    What a means asks stands in fields of its own, needed only where the means is chosen.
    """

    actions = forms.MultipleChoiceField(
        label="Do at once", required=False, widget=forms.Checks, choices=()
    )
    field_order = ("actions", "text")

    def __init__(self, *args: Any, escalation: Escalation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.means = containment.available(escalation)
        self.asked = [(m, m.asks(escalation)) for m in self.means]
        choices = [(m.key, forms.Described(m.label, m.hinted(escalation))) for m in self.means]
        if not choices:
            del self.fields["actions"]
            return
        self.fields["actions"].choices = choices  # type: ignore[attr-defined]
        for means, asks in self.asked:
            for ask in asks:
                field = _asking(ask)
                field.says_optional = False  # it is needed once its means is chosen
                self.fields[means.field(ask.key)] = field

    def details(self) -> list[tuple[str, list[Any], bool]]:
        """For each means that asks something: its name, its fields, and whether one has errors."""
        found = []
        for means, asks in self.asked:
            fields = [self[means.field(ask.key)] for ask in asks]
            if fields:
                found.append((means.label, fields, any(bound.errors for bound in fields)))
        return found

    def clean(self) -> dict[str, Any]:
        """What a chosen means asks must be answered."""
        data = super().clean() or {}
        for means, asks in self.asked:
            for ask in asks:
                name = means.field(ask.key)
                if means.key in data.get("actions", ()) and not data.get(name):
                    self.add_error(
                        name, f"This is needed to {means.label[:1].lower()}{means.label[1:]}."
                    )
        return data

    def said(self) -> dict[str, Any]:
        """The arguments of the verb."""
        data = dict(self.cleaned_data)
        names = {means.field(ask.key) for means, asks in self.asked for ask in asks}
        told = {name: data.pop(name) for name in names}
        return {"actions": data.pop("actions", []), "text": data["text"], "told": told}


def _asking(ask: containment.Ask) -> Any:
    if ask.choices:
        choices = [("", "Choose one"), *ask.choices]
        return forms.ChoiceField(
            label=ask.label, help_text=ask.hint, choices=choices, required=False
        )
    return forms.Text(label=ask.label, help_text=ask.hint, max_length=5_000, required=False)


class HarmForm(forms.Form):
    """Which serious incident this is, and since when the company knows."""

    harm = forms.ChoiceField(label="It is", choices=Harm.choices, widget=forms.RadioCards)
    aware_at = forms.DateTimeField(
        label="The company knows since",
        required=False,
        help_text="Empty: since the alarm was raised. The days run from here.",
    )

    def __init__(self, *args: Any, reports: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["harm"].choices = [  # type: ignore[attr-defined]
            (harm.value, forms.Described(harm.label, f"Reported within {reports[harm]}."))
            for harm in Harm
        ]


class ReportForm(forms.Form):
    """Where the report went."""

    sent_to = forms.CharField(label="Reported to", max_length=200)
    receipt = forms.CharField(label="Their reference", max_length=100, required=False)


class LiftForm(forms.Form):
    """Why no report is due after all."""

    because = forms.Text(label="Why no report is due", max_length=2_000)


class CloseForm(forms.Form):
    """The review: what happened, what it did; and the findings that came of it."""

    cause = forms.Text(label="What happened, and why", max_length=6_000)
    effect = forms.Text(label="What it did, and to whom", max_length=6_000)
    findings = forms.CharField(
        label="Findings that came of it",
        required=False,
        max_length=500,
        help_text="References, such as F-2026-003, F-2026-004.",
    )
    none_found = forms.CharField(label="If there are none, why", required=False, max_length=1_000)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_findings(self) -> list[Any]:
        """The records of these references that the person may see."""
        found = []
        for reference in re.split(r"[\s,;]+", self.cleaned_data["findings"].strip()):
            if not reference:
                continue
            record = by_reference(self.user, reference)
            if record is None or not containment.is_finding(record._meta.label_lower):
                raise ValidationError(f"{reference} is no finding you may see.")
            found.append(record)
        return found

    def said(self) -> dict[str, Any]:
        """The arguments of the verb: the review as one Markdown text, the findings, or why none."""
        data = self.cleaned_data
        parts = (("Cause", "cause"), ("Effect", "effect"))
        review = "\n\n".join(f"### {title}\n\n{data[name]}" for title, name in parts)
        return {
            "review": review,
            "findings": data["findings"],
            "none_found": data["none_found"],
        }


def escalation_steps(escalation: Escalation) -> dict[str, tuple[str, str]]:
    """Label and hint of the text each step of an escalation asks for."""
    told = " The fellow reads this." if escalation.fellow_id else ""
    return {
        "acknowledge": ("A word on taking it", f"Optional.{told}"),
        "contain": (
            "What was done to contain it",
            f"In plain words; not needed where you choose a means.{told}",
        ),
        "verify": ("How it was verified", f"Who tried what, and what happened.{told}"),
        "act": ("A word on it", f"Optional.{told}"),
        "prevent": (
            "What prevents it from now on",
            f"A control, a test, a rule: with its owner and its date.{told}",
        ),
        "reopen": ("What was found", f"The containment did not hold.{told}"),
        "inform": ("Word to the fellow", "What is known, what is being done, what comes next."),
    }
