"""Forms of meetings: call, move, cadence, deputies, minutes."""

from __future__ import annotations

from typing import Any

from fellowship.accounts.forms import Naming, PersonField
from fellowship.accounts.models import User
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web import forms
from governance.forms.common import one_program

# --- meetings --------------------------------------------------------------------------------


class MeetingForm(forms.Form):
    """When the board meets."""

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    starts_at = forms.DateTimeField(label=say("Day and time"))
    duration = forms.IntegerField(
        label=say("Length in minutes"), required=False, min_value=10, max_value=600, initial=60
    )
    place = forms.CharField(
        label=say("Where"),
        required=False,
        max_length=250,
        help_text=say("A room, or a link to join."),
    )

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one_program(self, programs)

    def clean_duration(self) -> int:
        """An hour where nothing is said."""
        return self.cleaned_data.get("duration") or 60


class MoveForm(forms.Form):
    """Another time for a meeting, and why."""

    starts_at = forms.DateTimeField(label=say("New day and time"))
    reason = forms.Text(
        label=say("Why is it moved?"),
        max_length=2_000,
        help_text=say("Those who were called read this."),
    )


class CadenceForm(forms.Form):
    """When the board meets as a rule."""

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    first_on = forms.DateField(
        label=say("First meeting on"),
        help_text=say("The meetings follow on the same day of the week."),
    )
    at = forms.TimeField(label=say("At"), help_text=say("On the clock of the programme."))
    every_weeks = forms.IntegerField(label=say("Every how many weeks"), min_value=1, max_value=52)
    minutes = forms.IntegerField(label=say("Length in minutes"), min_value=10, max_value=600)
    place = forms.CharField(
        label=say("Where"),
        required=False,
        max_length=250,
        help_text=say("A room, or a link to join."),
    )
    weeks_ahead = forms.IntegerField(
        label=say("Called how many weeks ahead"), min_value=1, max_value=26
    )

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one_program(self, programs)


class DeputyForm(Naming):
    """Who votes for one's seat, and from when until when."""

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    deputy = PersonField(
        label=say("Deputy"),
        help_text=say(
            "Somebody who takes part in the programme and holds no seat, by e-mail address "
            "or short name."
        ),
    )
    starts_at = forms.DateTimeField(label=say("From"))
    ends_at = forms.DateTimeField(label=say("Until"))
    reason = forms.Text(
        label=say("Reason"),
        max_length=2_000,
        required=False,
        help_text=say("Your deputy reads it; it is kept in the record."),
    )

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one_program(self, programs)


class MinutesForm(forms.Form):
    """Who was there and what was said."""

    attendance = forms.ModelMultipleChoiceField(
        label=say("Present"), queryset=User.objects.none(), widget=forms.Checks, required=False
    )
    minutes = forms.Text(
        label=say("Minutes"),
        required=False,
        max_length=50_000,
        help_text=say("You may use Markdown."),
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
                help_text=say("You may use Markdown. Nobody recused from this matter reads it."),
            )

    @property
    def item_fields(self) -> list[Any]:
        """The fields of single matters, for the template."""
        return [self[f"item_{pk}"] for pk in self.item_keys]

    def items(self) -> dict[int, str]:
        """What is said of single matters, by item."""
        return {pk: self.cleaned_data[f"item_{pk}"] for pk in self.item_keys}
