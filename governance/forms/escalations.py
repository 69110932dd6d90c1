"""Forms of an escalation: raise it, take its steps, contain, close."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from fellowship.kernel.saying import say, within
from fellowship.programs.models import Program
from fellowship.web import forms
from governance import containment
from governance.forms.common import one_program
from governance.models import Escalation
from governance.states import REPORTED, EscalationKind, Harm, Severity
from governance.subjects import by_reference

# --- escalations -----------------------------------------------------------------------------

_HAPPENED = {
    EscalationKind.VULNERABILITY: say("A flaw someone could use."),
    EscalationKind.REAL_WORLD_HARM: say("Somebody is hurt, or is about to be."),
    EscalationKind.DATA_LEAK: say("Data went where it must not be."),
    EscalationKind.SENSITIVE_DATA: say("You see data you should not see."),
    EscalationKind.CRITICAL_EXPLOIT: say("It is being used right now."),
    EscalationKind.OUT_OF_SCOPE: say("Access beyond what was agreed."),
    EscalationKind.OTHER: say("Anything else that cannot wait."),
}
_HOW_BAD = {
    Severity.CRITICAL: say("Harm now, or within hours."),
    Severity.HIGH: say("Harm likely within days."),
    Severity.MEDIUM: say("No harm yet, a real way to it."),
    Severity.LOW: say("Worth writing down now."),
}


class EscalationForm(forms.Form):
    """One form for the night: what, how bad, what happened. Everything else can wait."""

    kind = forms.ChoiceField(
        label=say("What is it?"),
        choices=[(k.value, forms.Described(k.label, _HAPPENED[k])) for k in REPORTED],
        widget=forms.RadioCards,
    )
    severity = forms.ChoiceField(
        label=say("How bad is it?"),
        choices=[(s.value, forms.Described(s.label, _HOW_BAD[s])) for s in Severity],
        widget=forms.RadioCards,
        help_text=say("When in doubt, the worse one."),
    )
    summary = forms.Text(
        label=say("What happened?"),
        max_length=5_000,
        help_text=say("Two sentences will do. No secrets, no personal data."),
    )
    reference = forms.CharField(
        label=say("What is it about, if you know it?"),
        required=False,
        max_length=60,
        help_text=say("Such as FEL-2026-014; the page you came from fills it in."),
    )
    program = forms.ModelChoiceField(
        label=say("Programme, where you name no case"),
        queryset=Program.objects.none(),
        required=False,
    )
    field_order = ("kind", "severity", "summary", "reference", "program")

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one_program(self, programs)


class StepForm(forms.Form):
    """What was done in one step of an escalation."""

    text = forms.Text(label=say("What was done"), max_length=10_000)

    def __init__(self, *args: Any, label: str = "", hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label or self.fields["text"].label
        self.fields["text"].help_text = hint


class ContainForm(StepForm):
    """What was done to contain the harm, with the means the programme holds.

    What a means asks stands in fields of its own, needed only where the means is chosen.
    """

    actions = forms.MultipleChoiceField(
        label=say("Do at once"), required=False, widget=forms.Checks, choices=()
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
                        name,
                        say(
                            "This is needed to {label}.",
                            label=within(means.label),
                        ),
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
        choices = [("", say("Choose one")), *ask.choices]
        return forms.ChoiceField(
            label=ask.label, help_text=ask.hint, choices=choices, required=False
        )
    return forms.Text(label=ask.label, help_text=ask.hint, max_length=5_000, required=False)


class HarmForm(forms.Form):
    """Which serious incident this is, and since when the company knows."""

    harm = forms.ChoiceField(label=say("It is"), choices=Harm.choices, widget=forms.RadioCards)
    aware_at = forms.DateTimeField(
        label=say("The company knows since"),
        required=False,
        help_text=say("Empty: since the alarm was raised. The days run from here."),
    )

    def __init__(self, *args: Any, reports: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["harm"].choices = [  # type: ignore[attr-defined]
            (
                harm.value,
                forms.Described(
                    harm.label, say("Reported within {reports}.", reports=reports[harm])
                ),
            )
            for harm in Harm
        ]


class ReportForm(forms.Form):
    """Where the report went."""

    sent_to = forms.CharField(label=say("Reported to"), max_length=200)
    receipt = forms.CharField(label=say("Their reference"), max_length=100, required=False)


class LiftForm(forms.Form):
    """Why no report is due after all."""

    because = forms.Text(label=say("Why no report is due"), max_length=2_000)


class CloseForm(forms.Form):
    """The review: what happened, what it did; and the findings that came of it."""

    cause = forms.Text(label=say("What happened, and why"), max_length=6_000)
    effect = forms.Text(label=say("What it did, and to whom"), max_length=6_000)
    findings = forms.CharField(
        label=say("Findings that came of it"),
        required=False,
        max_length=500,
        help_text=say("References, such as F-2026-003, F-2026-004."),
    )
    none_found = forms.CharField(
        label=say("If there are none, why"), required=False, max_length=1_000
    )

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
                raise ValidationError(
                    say("{reference} is no finding you may see.", reference=reference)
                )
            found.append(record)
        return found

    def said(self) -> dict[str, Any]:
        """The arguments of the verb: the review as one Markdown text, the findings, or why none."""
        data = self.cleaned_data
        parts = ((say("Cause"), "cause"), (say("Effect"), "effect"))
        review = "\n\n".join(f"### {title}\n\n{data[name]}" for title, name in parts)
        return {
            "review": review,
            "findings": data["findings"],
            "none_found": data["none_found"],
        }


def escalation_steps(escalation: Escalation) -> dict[str, tuple[str, str]]:
    """Label and hint of the text each step of an escalation asks for."""
    told = say(" The fellow reads this.") if escalation.fellow_id else ""
    return {
        "acknowledge": (say("A word on taking it"), say("Optional.{told}", told=told)),
        "contain": (
            say("What was done to contain it"),
            say("In plain words; not needed where you choose a means.{told}", told=told),
        ),
        "verify": (
            say("How it was verified"),
            say("Who tried what, and what happened.{told}", told=told),
        ),
        "act": (say("A word on it"), say("Optional.{told}", told=told)),
        "prevent": (
            say("What prevents it from now on"),
            say("A control, a test, a rule: with its owner and its date.{told}", told=told),
        ),
        "reopen": (say("What was found"), say("The containment did not hold.{told}", told=told)),
        "inform": (
            say("Word to the fellow"),
            say("What is known, what is being done, what comes next."),
        ),
    }
