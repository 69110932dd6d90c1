"""Forms of a matter: declare, vote, record, and the evidence of a condition."""

from __future__ import annotations

from typing import Any

from fellowship.accounts.models import Conflict
from fellowship.kernel.saying import say
from fellowship.web import forms
from governance.policy.board import vote_says_why
from governance.states import Position

CONDITIONS = 3
DAYS = 30


class DeclareForm(forms.Form):
    """Conflicts before content: one of the listed kinds, and a sentence where there is one."""

    kind = forms.ChoiceField(
        label=say("Do you have a conflict of interest in this?"),
        choices=[
            (
                value,
                forms.Described(label, say("Opens the dossier; you may still declare one later.")),
            )
            if value == Conflict.Kind.NONE
            else (value, label)
            for value, label in Conflict.Kind.choices
        ],
        widget=forms.RadioCards,
    )
    statement = forms.Text(
        label=say("What it is"),
        max_length=2_000,
        required=False,
        help_text=say(
            "Only where you have one. It is kept in the record; the matter then closes to "
            "you and your seat does not count."
        ),
    )


class OverrideForm(forms.Form):
    """Why a recusal should be set aside."""

    reason = forms.Text(
        label=say("Why should it be set aside?"),
        max_length=2_000,
        help_text=say(
            "It is read by whoever decides, by the person it concerns, in the minutes and by "
            "auditors. Say why the interest does not matter here, or why nobody else can do it."
        ),
    )


class VoteForm(forms.Form):
    """One position, why, and up to three conditions. Nothing is chosen beforehand."""

    position = forms.ChoiceField(label=say("Position"), widget=forms.RadioCards)
    rationale = forms.Text(
        label=say("Rationale"),
        required=False,
        max_length=10_000,
        help_text=say(
            "Needed for conditions, deny and abstain. It enters the letter without your "
            "name, once the ballot is closed."
        ),
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
                label=say("Condition {number}", number=number), required=False, max_length=2_000
            )
            self.fields[f"days_{number}"] = forms.IntegerField(
                label=say("Days to meet it"),
                required=False,
                min_value=1,
                max_value=730,
                initial=DAYS,
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
            self.add_error("condition_1", say("Name at least one condition."))
        if position and position != Position.CONDITIONS and given:
            self.add_error(
                f"condition_{given[0]}",
                say(
                    "Conditions go with “Approve with conditions” alone. Clear them, or choose it."
                ),
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
        Position.APPROVE: say("Takes effect when the chair records the decision."),
        Position.CONDITIONS: say("Nothing starts until each condition is verified."),
        Position.DENY: say("It ends here; your rationale goes into the letter."),
        Position.DEFER: say("Undecided for now; it may be put before the board again."),
        Position.ABSTAIN: abstaining or say("Counts for the quorum alone."),
    }
    return [(p.value, forms.Described(p.label, follows[p])) for p in Position]


class RecordForm(forms.Form):
    """The chair's sentence in the letter."""

    note = forms.Text(
        label=say("A sentence of yours for the letter"),
        required=False,
        max_length=2_000,
        help_text=say(
            "The letter already names the outcome, the count, the reasons and conditions."
        ),
    )


class EvidenceForm(forms.Form):
    """How a condition was met."""

    evidence = forms.Text(
        label=say("Where can it be seen that this is met?"),
        max_length=5_000,
        help_text=say("A reference, an address, a hash, a date. The verifier looks there."),
    )
