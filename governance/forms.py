"""The forms of governance. They read and show; services judge and write."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.core.exceptions import ValidationError

from fellowship.accounts.forms import PersonField
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.queries import holders
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import forms
from governance.models import Escalation
from governance.parameters import Leaf, build, leaves
from governance.policy.board import vote_says_why
from governance.policy.exceptions import OWNERS
from governance.states import EscalationKind, ExceptionKind, Position, RuleKind, Severity

CONDITIONS = 3
DAYS = 30


class DeclareForm(forms.Form):
    """Conflicts before content: one of the listed kinds, and a sentence where there is one."""

    kind = forms.ChoiceField(
        label="Do you have a conflict of interest in this?",
        choices=[
            (value, forms.Described(label, "Opens the dossier; you may still declare one later."))
            if value == Conflict.Kind.NONE
            else (value, label)
            for value, label in Conflict.Kind.choices
        ],
        widget=forms.RadioCards,
    )
    statement = forms.Text(
        label="What it is",
        max_length=2_000,
        required=False,
        help_text="Only where you have one. It is kept in the record; the matter then closes to "
        "you and your seat does not count.",
    )


class OverrideForm(forms.Form):
    """Why a recusal should be set aside."""

    reason = forms.Text(
        label="Why should it be set aside?",
        max_length=2_000,
        help_text="It is read by whoever decides, by the person it concerns, in the minutes and by "
        "auditors. Say why the interest does not matter here, or why nobody else can do it.",
    )


class VoteForm(forms.Form):
    """One position, why, and up to three conditions. Nothing is chosen beforehand."""

    position = forms.ChoiceField(label="Position", widget=forms.RadioCards)
    rationale = forms.Text(
        label="Rationale",
        required=False,
        max_length=10_000,
        help_text="Needed for conditions, deny and abstain. It enters the letter without your "
        "name, once the ballot is closed.",
    )

    def __init__(
        self, *args: Any, abstaining: str = "", conditions: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        positions = _positions(abstaining)
        self.numbers = range(1, CONDITIONS + 1 if conditions else 1)
        self.fields["position"].choices = [  # type: ignore[attr-defined]
            pair for pair in positions if conditions or pair[0] != Position.CONDITIONS
        ]
        for number in self.numbers:
            self.fields[f"condition_{number}"] = forms.Text(
                label=f"Condition {number}", required=False, max_length=2_000
            )
            self.fields[f"days_{number}"] = forms.IntegerField(
                label="Days to meet it", required=False, min_value=1, max_value=730, initial=DAYS
            )

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        """The condition fields in pairs, for the template."""
        return [(self[f"condition_{n}"], self[f"days_{n}"]) for n in self.numbers]

    @property
    def opened(self) -> bool:
        """Whether the conditions should be open: something stands in them, or is wrong."""
        return self.is_bound and any(
            self.data.get(field.html_name) or field.errors or days.errors
            for field, days in self.rows
        )

    def clean(self) -> dict[str, Any]:
        """Conditions go with their position alone; all that is wrong is said at once."""
        data = super().clean() or {}
        given = [n for n in self.numbers if data.get(f"condition_{n}")]
        position = data.get("position")
        unsaid = vote_says_why(position or "", data.get("rationale", ""))
        if position == Position.CONDITIONS and not given and not self.errors:
            self.add_error("condition_1", "Name at least one condition.")
        if position and position != Position.CONDITIONS and given:
            self.add_error(
                f"condition_{given[0]}",
                "Conditions go with “Approve with conditions” alone. Clear them, or choose it.",
            )
        if unsaid and "rationale" not in self.errors:
            self.add_error(unsaid.field, unsaid.reason)
        return data

    def values(self) -> dict[str, Any]:
        """The vote as the service takes it."""
        data = self.cleaned_data
        conditions = [
            {"text": data[f"condition_{n}"], "days": data.get(f"days_{n}") or DAYS}
            for n in self.numbers
            if data.get(f"condition_{n}")
        ]
        return {
            "position": data["position"],
            "rationale": data["rationale"],
            "conditions": conditions,
        }


def _positions(abstaining: str) -> list[tuple[str, str]]:
    follows = {
        Position.APPROVE: "Takes effect when the chair records the decision.",
        Position.CONDITIONS: "Nothing starts until each condition is verified.",
        Position.DENY: "It ends here; your rationale goes into the letter.",
        Position.DEFER: "Undecided for now; it may be put before the board again.",
        Position.ABSTAIN: abstaining or "Counts for the quorum alone.",
    }
    return [(p.value, forms.Described(p.label, follows[p])) for p in Position]


class RecordForm(forms.Form):
    """The chair's sentence in the letter."""

    note = forms.Text(
        label="A sentence of yours for the letter",
        required=False,
        max_length=2_000,
        help_text="The letter already names the outcome, the count, the reasons and conditions.",
    )


class EvidenceForm(forms.Form):
    """How a condition was met."""

    evidence = forms.Text(
        label="Where can it be seen that this is met?",
        max_length=5_000,
        help_text="A reference, an address, a hash, a date. The verifier looks there.",
    )


# --- rules -----------------------------------------------------------------------------------


class OnDateForm(forms.Form):
    """A day in whose evening the rules are asked for."""

    on = forms.DateField(label="In force on", required=False)


class RuleForm(forms.Form):
    """A draft: its words, and one field for each parameter of its kind."""

    title = forms.CharField(label="Title", max_length=200)
    rationale = forms.Text(
        label="Why it changes", help_text="The board reads this first; it stays in the history."
    )
    prose = forms.Text(
        label="The rule in words",
        max_length=100_000,
        help_text="Markdown. Write what people can hold the programme to.",
    )
    effective_on = forms.DateField(
        label="To apply from",
        required=False,
        help_text="Empty means: as soon as the board has decided. Never backwards.",
    )

    def __init__(self, *args: Any, parameters: Any, **kwargs: Any) -> None:
        self.leaves: list[Leaf] = leaves(parameters)
        kwargs["initial"] = {
            **(kwargs.get("initial") or {}),
            **{f"p_{i}": leaf.shown for i, leaf in enumerate(self.leaves)},
        }
        super().__init__(*args, **kwargs)
        for i, leaf in enumerate(self.leaves):
            self.fields[f"p_{i}"] = _leaf_field(leaf)

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The parameter fields by the part of the rule they belong to."""
        found: dict[str, list[Any]] = {}
        for i, leaf in enumerate(self.leaves):
            found.setdefault(leaf.group, []).append(self[f"p_{i}"])
        return list(found.items())

    def clean(self) -> dict[str, Any]:
        """Put the parameters together again."""
        data = super().clean() or {}
        values: list[tuple[Leaf, Any]] = []
        for i, leaf in enumerate(self.leaves):
            name = f"p_{i}"
            if name not in data:
                continue
            try:
                values.append((leaf, leaf.read(data[name])))
            except (ValueError, json.JSONDecodeError) as error:
                self.add_error(name, ValidationError(str(error)))
        data["parameters"] = build(values)
        return data


def _leaf_field(leaf: Leaf) -> Any:
    needed = leaf.type in ("line", "text", "json") and leaf.value not in (None, "")
    common: dict[str, Any] = {"label": leaf.label, "required": needed, "help_text": leaf.hint}
    if leaf.type == "bool":
        return forms.BooleanField(**common)
    if leaf.type == "int":
        return forms.IntegerField(**{**common, "required": True}, max_value=10_000_000)
    if leaf.type in ("json", "text"):
        return forms.Text(**common, max_length=50_000)
    return forms.CharField(**common, max_length=1_000)


class RuleKindForm(forms.Form):
    """Which rule a new version is drafted of."""

    kind = forms.ChoiceField(label="Which rule?", choices=RuleKind.choices)


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
        choices=[(k.value, forms.Described(k.label, _HAPPENED[k])) for k in EscalationKind],
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
        _one_program(self, programs)


def _one_program(form: Any, programs: Any) -> None:
    """Ask for the programme only where there is more than one."""
    field = form.fields["program"]
    field.queryset = programs
    first = list(programs[:2])
    if len(first) == 1:
        field.initial = first[0].pk
        field.widget = field.hidden_widget()


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


# --- exceptions ------------------------------------------------------------------------------


class ExceptionForm(forms.Form):
    """A request: what, for whom, until when, at what risk, and what makes up for it."""

    program = forms.ModelChoiceField(label="Programme", queryset=Program.objects.none())
    title = forms.CharField(
        label="What is excepted, in a few words",
        max_length=250,
        help_text="“Output filter not yet shipped”.",
    )
    kind = forms.ChoiceField(label="Kind", choices=ExceptionKind.choices, widget=forms.RadioCards)
    reference = forms.CharField(
        label="For which case",
        required=False,
        max_length=60,
        help_text="A reference such as FEL-2026-014. Empty means the programme as a whole.",
    )
    owner = forms.ModelChoiceField(
        label="Owner",
        queryset=User.objects.none(),
        help_text="Answers for it while it lasts, and is reminded before it ends.",
    )
    rationale = forms.Text(label="Why can the rule not be kept?", max_length=10_000)
    risk = forms.Text(label="What could go wrong meanwhile?", max_length=10_000)
    compensating_measure = forms.Text(label="What makes up for it meanwhile?", max_length=10_000)
    measure_test = forms.Text(label="How is that tested?", required=False, max_length=10_000)
    starts_on = forms.DateField(
        label="From", required=False, help_text="Empty means: from the board’s decision."
    )
    expires_on = forms.DateField(
        label="Until", help_text="The whole day counts. It ends by itself."
    )

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _one_program(self, programs)
        keys = [program.pk for program in programs]
        people = User.objects.none()
        for pk in keys:
            people = people | holders(pk, *OWNERS)
        self.fields["owner"].queryset = people.filter(is_active=True).distinct().order_by("name")  # type: ignore[attr-defined]

    def clean_expires_on(self) -> dt.date:
        """A day that is still to come."""
        return _still_to_come(self.cleaned_data["expires_on"])


class AmendForm(forms.Form):
    """What is asked for, as it should read from now on, and why it changes."""

    title = forms.CharField(label="What is excepted, in a few words", max_length=250)
    rationale = forms.Text(label="Why can the rule not be kept?", max_length=10_000)
    risk = forms.Text(label="What could go wrong meanwhile?", max_length=10_000)
    compensating_measure = forms.Text(label="What makes up for it meanwhile?", max_length=10_000)
    measure_test = forms.Text(label="How is that tested?", required=False, max_length=10_000)
    expires_on = forms.DateField(
        label="Until", help_text="The whole day counts. It ends by itself."
    )
    reason = forms.Text(
        label="What changed, and why?",
        max_length=2_000,
        help_text="Members of the board read this beside the difference.",
    )

    def clean_expires_on(self) -> dt.date:
        """A day that is still to come."""
        return _still_to_come(self.cleaned_data["expires_on"])


def _still_to_come(day: dt.date) -> dt.date:
    if day < now().date():
        raise ValidationError("Choose a day that is still to come.")
    return day


# --- meetings --------------------------------------------------------------------------------


class MeetingForm(forms.Form):
    """When the board meets."""

    program = forms.ModelChoiceField(label="Programme", queryset=Program.objects.none())
    starts_at = forms.DateTimeField(label="Day and time")
    duration = forms.IntegerField(
        label="Length in minutes", required=False, min_value=10, max_value=600, initial=60
    )
    place = forms.CharField(
        label="Where", required=False, max_length=250, help_text="A room, or a link to join."
    )

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _one_program(self, programs)

    def clean_duration(self) -> int:
        """An hour where nothing is said."""
        return self.cleaned_data.get("duration") or 60


class MoveForm(forms.Form):
    """Another time for a meeting, and why."""

    starts_at = forms.DateTimeField(label="New day and time")
    reason = forms.Text(
        label="Why is it moved?", max_length=2_000, help_text="Those who were called read this."
    )


class CadenceForm(forms.Form):
    """When the board meets as a rule."""

    program = forms.ModelChoiceField(label="Programme", queryset=Program.objects.none())
    first_on = forms.DateField(
        label="First meeting on", help_text="The meetings follow on the same day of the week."
    )
    at = forms.TimeField(label="At", help_text="On the clock of the programme.")
    every_weeks = forms.IntegerField(label="Every how many weeks", min_value=1, max_value=52)
    minutes = forms.IntegerField(label="Length in minutes", min_value=10, max_value=600)
    place = forms.CharField(
        label="Where", required=False, max_length=250, help_text="A room, or a link to join."
    )
    weeks_ahead = forms.IntegerField(label="Called how many weeks ahead", min_value=1, max_value=26)

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _one_program(self, programs)


class DeputyForm(forms.Form):
    """Who votes for one's seat, and from when until when."""

    program = forms.ModelChoiceField(label="Programme", queryset=Program.objects.none())
    deputy = PersonField(
        label="Deputy",
        help_text="Somebody who takes part in the programme and holds no seat, by e-mail address "
        "or short name.",
    )
    starts_at = forms.DateTimeField(label="From")
    ends_at = forms.DateTimeField(label="Until")
    reason = forms.Text(
        label="Reason",
        max_length=2_000,
        required=False,
        help_text="Your deputy reads it; it is kept in the record.",
    )

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _one_program(self, programs)


class MinutesForm(forms.Form):
    """Who was there and what was said."""

    attendance = forms.ModelMultipleChoiceField(
        label="Present", queryset=User.objects.none(), widget=forms.Checks, required=False
    )
    minutes = forms.Text(
        label="Minutes", required=False, max_length=50_000, help_text="You may use Markdown."
    )

    def __init__(self, *args: Any, people: Any, items: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["attendance"].queryset = people  # type: ignore[attr-defined]
        self.item_keys = [item.pk for item in items]
        for item in items:
            self.fields[f"item_{item.pk}"] = forms.Text(
                label=f"{item.matter.ref} {item.matter.title}"[:200],
                initial=item.text,
                max_length=20_000,
                help_text="You may use Markdown. Nobody recused from this matter reads it.",
            )

    @property
    def item_fields(self) -> list[Any]:
        """The fields of single matters, for the template."""
        return [self[f"item_{pk}"] for pk in self.item_keys]

    def items(self) -> dict[int, str]:
        """What is said of single matters, by item."""
        return {pk: self.cleaned_data[f"item_{pk}"] for pk in self.item_keys}


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
