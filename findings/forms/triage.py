"""What is asked when many findings change at once, one is assigned, a filter is saved."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django import forms as django_forms
from django.core.exceptions import ValidationError

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import holders, realm_ids_where
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import forms
from findings.models.triage import READERS, WORKERS
from findings.services.bulk import Action

FAR: Final = 1_000
"""Days: what lies further away is a slip of the hand."""


def of_our_time(day: dt.date) -> dt.date:
    """The day; refused where no calendar of ours reaches."""
    if abs((day - now().date()).days) > FAR:
        raise ValidationError(say("Choose a day within the next two years."))
    return day


class BatchForm(forms.Form):
    """What an action asks beside the findings; what it does not ask is not there."""

    to = forms.ModelChoiceField(
        label=say("Assign to"), queryset=User.objects.none(), empty_label=say("Choose")
    )
    of = forms.Text(
        label=say("Reference of the finding they repeat"),
        max_length=30,
        widget=django_forms.TextInput,
        help_text="F-2026-014",
    )
    look_again_at = forms.DateField(
        label=say("Look at them again on"),
        help_text=say("On that day each is under investigation again, by itself."),
    )
    reason = forms.Text(label=say("Why"), max_length=5000, widget=django_forms.Textarea)

    def __init__(
        self, *args: Any, action: Action, program_id: int | None, by: User, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(action.asks):
            del self.fields[name]
        if "to" in self.fields:
            people = holders(program_id, *WORKERS) if program_id else User.objects.none()
            self.fields["to"].queryset = people  # type: ignore[attr-defined]
        if "reason" in self.fields:
            told = say("The fellows read it with each of their findings.")
            self.fields["reason"].help_text = told if action.told else say("Both owners read it.")
            self.fields["reason"].widget.attrs.update(
                {"data-key": "r", "data-key-label": say("say why")}
            )
            self.fields["reason"].required = action.key != "duplicate"

    def clean_look_again_at(self) -> dt.date:
        """A day of our time."""
        return of_our_time(self.cleaned_data["look_again_at"])

    @property
    def first(self) -> list[Any]:
        """What must be known before anything can be said about the findings."""
        return [self[name] for name in self.fields if name != "reason"]


class AssignForm(forms.Form):
    """Whose a finding is to be."""

    to = forms.ModelChoiceField(
        label=say("Assign to"), queryset=User.objects.none(), empty_label=say("Choose")
    )
    reason = forms.Text(
        label=say("Why"),
        max_length=5000,
        required=False,
        widget=django_forms.Textarea,
        help_text=say("Needed where it is another's now; both owners read it."),
    )

    def __init__(self, *args: Any, program_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = holders(program_id, *WORKERS)  # type: ignore[attr-defined]


class FilterForm(forms.Form):
    """A filter's name, and who else uses it."""

    name = forms.CharField(label=say("Name"), max_length=60)
    program = forms.ModelChoiceField(
        label=say("Shared with"),
        queryset=Program.objects.none(),
        required=False,
        empty_label=say("Nobody: it is mine alone"),
        help_text=say("All who read the programme's findings may use it; you alone change it."),
    )
    is_default = forms.BooleanField(label=say("My queue opens with it"), required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        realms = realm_ids_where(by, *READERS)
        self.fields["program"].queryset = Program.objects.filter(  # type: ignore[attr-defined]
            pk__in=realms
        )


class AwayForm(forms.Form):
    """Who is away, and who answers for them."""

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    person = forms.ModelChoiceField(label=say("Who is away"), queryset=User.objects.none())
    stand_in = forms.ModelChoiceField(label=say("Who stands in"), queryset=User.objects.none())
    first = forms.DateField(label=say("First day"))
    last = forms.DateField(label=say("Last day"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        realms = realm_ids_where(by, *WORKERS)
        held = RoleAssignment.objects.live().filter(realm__in=realms, role__in=WORKERS)
        people = User.objects.filter(pk__in=held.values("user_id"))
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.filter(pk__in=realms)
        fields["person"].queryset = people
        fields["stand_in"].queryset = people

    def clean_first(self) -> dt.date:
        """A day of our time."""
        return of_our_time(self.cleaned_data["first"])

    def clean_last(self) -> dt.date:
        """A day of our time."""
        return of_our_time(self.cleaned_data["last"])
