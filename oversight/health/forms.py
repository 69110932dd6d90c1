"""The form of the board's answer."""

from __future__ import annotations

from fellowship.kernel.saying import say
from fellowship.web import forms


class BreachForm(forms.Form):
    """What the board makes of a figure of its own work, and when it looks again."""

    answer = forms.Text(
        label=say("What the board makes of it"),
        max_length=5_000,
        help_text=say("What it found when it looked at the cases, and what it does about it."),
    )
    look_again_on = forms.DateField(
        label=say("Look again on"),
        help_text=say(
            "From that day on it is on the agenda again, unless the figure is within its "
            "limit by then."
        ),
    )
