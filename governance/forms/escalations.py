"""Forms of an escalation: raise it, take its steps, contain, close."""

from __future__ import annotations

from typing import Any

from fellowship.programs.models import Program
from fellowship.web import forms
from governance.forms.common import one_program
from governance.models import Escalation
from governance.states import REPORTED, EscalationKind, Severity

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
        help_text="Two sentences are enough. Leave out secrets and personal data.",
    )
    reference = forms.CharField(
        label="Case, if you know it",
        required=False,
        max_length=60,
        help_text="A reference such as FEL-2026-014. It decides the programme.",
    )
    program = forms.ModelChoiceField(
        label="Programme, where you name no case", queryset=Program.objects.none(), required=False
    )
    field_order = ("reference", "program", "kind", "severity", "summary")

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
    """What was done to contain the harm, with the means the programme holds."""

    actions = forms.MultipleChoiceField(
        label="Do at once", required=False, widget=forms.Checks, choices=()
    )
    field_order = ("actions", "text")

    def __init__(self, *args: Any, means: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(m.key, m.label) for m in means]
        if not choices:
            del self.fields["actions"]
            return
        self.fields["actions"].choices = choices  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """The review: what happened, what it did, what prevents it."""

    cause = forms.Text(label="What happened, and why", max_length=6_000)
    effect = forms.Text(label="What it did, and to whom", max_length=6_000)
    prevention = forms.Text(
        label="What prevents it from now on",
        max_length=6_000,
        help_text="A control, a test, a rule: with its owner and its date.",
    )

    def review(self) -> str:
        """The review as one Markdown text."""
        data = self.cleaned_data
        parts = (("Cause", "cause"), ("Effect", "effect"), ("Prevention", "prevention"))
        return "\n\n".join(f"### {title}\n\n{data[name]}" for title, name in parts)


def escalation_steps(escalation: Escalation) -> dict[str, tuple[str, str]]:
    """Label and hint of the text each step of an escalation asks for."""
    told = " The fellow reads this." if escalation.fellow_id else ""
    return {
        "acknowledge": ("A word on taking it", f"Optional.{told}"),
        "contain": ("What was done to contain it", f"In plain words.{told}"),
        "verify": ("How it was verified", f"Who tried what, and what happened.{told}"),
        "reopen": ("What was found", f"The containment did not hold.{told}"),
        "inform": ("Word to the fellow", "What is known, what is being done, what comes next."),
    }
