"""Forms of the on-call rota: a line, an absence, who stands in, the handover."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from fellowship.accounts.models import User
from fellowship.kernel.saying import say
from fellowship.web import forms
from governance.policy.oncall import EVERY_DAYS, LINES

PLACES = 6


class LineForm(forms.Form):
    """A line: who takes turns, in which order, how long, and from when."""

    line = forms.IntegerField(
        label=say("Line"),
        min_value=1,
        max_value=LINES,
        initial=1,
        help_text=say("1 is called first."),
    )
    name = forms.CharField(label=say("Name"), max_length=80, initial="First line")
    every_days = forms.IntegerField(
        label=say("Days of one turn"), min_value=1, max_value=EVERY_DAYS, initial=7
    )
    starts_at = forms.DateTimeField(
        label=say("First handover"),
        help_text=say("Later ones at the same hour of the programme’s clock."),
    )

    def __init__(self, *args: Any, people: QuerySet[User], zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in range(1, PLACES + 1):
            self.fields[f"member_{place}"] = forms.ModelChoiceField(
                queryset=people,
                label=say("Turn {place}", place=place),
                required=place == 1,
                empty_label=say("Nobody"),
            )

    @property
    def places(self) -> list[Any]:
        """The fields of the members, in their order."""
        return [self[f"member_{place}"] for place in range(1, PLACES + 1)]

    def clean(self) -> dict[str, Any]:
        """The members in order, gaps closed; each once."""
        data = super().clean() or {}
        named = [data.pop(f"member_{place}", None) for place in range(1, PLACES + 1)]
        members = [user for user in named if user is not None]
        for place, user in enumerate(named, start=1):
            if user is not None and user in named[: place - 1]:
                said = ValidationError(say("{user} has a turn already.", user=user))
                self.add_error(f"member_{place}", said)
        data["members"] = members
        return data


class AwayForm(forms.Form):
    """When somebody is not called."""

    user = forms.ModelChoiceField(label=say("Who is away"), queryset=User.objects.none())
    starts_at = forms.DateTimeField(label=say("From"))
    ends_at = forms.DateTimeField(label=say("Until"))
    note = forms.CharField(label=say("A word for the others"), max_length=200, required=False)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]


class StandInForm(forms.Form):
    """Who is called instead, and when."""

    line = forms.TypedChoiceField(label=say("Line"), coerce=int, choices=())
    user = forms.ModelChoiceField(label=say("Who stands in"), queryset=User.objects.none())
    starts_at = forms.DateTimeField(label=say("From"))
    ends_at = forms.DateTimeField(label=say("Until"))
    reason = forms.CharField(label=say("Why"), max_length=200)

    def __init__(
        self, *args: Any, people: QuerySet[User], lines: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]
        self.fields["line"].choices = lines  # type: ignore[attr-defined]
        if len(lines) == 1:
            self.fields["line"].initial = lines[0][0]
            self.fields["line"].widget = self.fields["line"].hidden_widget()


class HandOverForm(forms.Form):
    """What the next person must know."""

    line = forms.TypedChoiceField(label=say("Line"), coerce=int, choices=())
    text = forms.Text(
        label=say("What the next person must know"),
        max_length=5_000,
        help_text=say("Open alarms, what is fragile tonight, whom to call."),
    )

    def __init__(self, *args: Any, lines: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = lines  # type: ignore[attr-defined]
        if len(lines) == 1:
            self.fields["line"].initial = lines[0][0]
            self.fields["line"].widget = self.fields["line"].hidden_widget()
