"""Forms of an exception: ask for it, and change what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web import forms
from governance.forms.common import one_program
from governance.policy.exceptions import OWNERS
from governance.states import ExceptionKind

# --- exceptions ------------------------------------------------------------------------------


DAYS: Final = {"expires_at": "expires_on", "starts_at": "starts_on"}
"""Asked for as days, which the page turns into instants."""


class ExceptionForm(forms.Form):
    """A request: what, for whom, until when, at what risk, and what makes up for it."""

    asked_as: ClassVar[Mapping[str, str]] = DAYS

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    title = forms.CharField(
        label=say("What is excepted, in a few words"),
        max_length=250,
        help_text=say("“Output filter not yet shipped”."),
    )
    kind = forms.ChoiceField(
        label=say("Kind"), choices=ExceptionKind.choices, widget=forms.RadioCards
    )
    reference = forms.CharField(
        label=say("For which case"),
        required=False,
        max_length=60,
        help_text=say("A reference such as FEL-2026-014. Empty means the programme as a whole."),
    )
    owner = forms.ModelChoiceField(
        label=say("Owner"),
        queryset=User.objects.none(),
        help_text=say("Answers for it while it lasts, and is reminded before it ends."),
    )
    rationale = forms.Text(label=say("Why can the rule not be kept?"), max_length=10_000)
    risk = forms.Text(label=say("What could go wrong meanwhile?"), max_length=10_000)
    compensating_measure = forms.Text(
        label=say("What makes up for it meanwhile?"), max_length=10_000
    )
    measure_test = forms.Text(label=say("How is that tested?"), max_length=10_000)
    starts_on = forms.DateField(
        label=say("From"), required=False, help_text=say("Empty means: from the board’s decision.")
    )
    expires_on = forms.DateField(
        label=say("Until"), help_text=say("The whole day counts. It ends by itself.")
    )

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one_program(self, programs)
        keys = [program.pk for program in programs]
        people = User.objects.none()
        for pk in keys:
            people = people | holders(pk, *OWNERS)
        self.fields["owner"].queryset = people.filter(is_active=True).distinct().order_by("name")  # type: ignore[attr-defined]


class MeasureForm(forms.Form):
    """One test of what makes up for an exception."""

    held = forms.ChoiceField(
        label=say("Did it hold?"),
        choices=[
            (
                "yes",
                forms.Described(
                    say("It held"), say("What was tried was stopped, seen or made up for")
                ),
            ),
            (
                "no",
                forms.Described(say("It did not hold"), say("Owner, chair and on-call are told")),
            ),
        ],
        widget=forms.RadioCards,
    )
    found = forms.Text(
        label=say("What was looked at, and what was found?"),
        max_length=5_000,
        help_text=say("Name the records of it, so that somebody else can look again."),
    )
    tested_at = forms.DateField(
        label=say("Tested on"), required=False, help_text=say("Empty means: today.")
    )

    def clean_held(self) -> bool:
        """As a truth value."""
        return bool(self.cleaned_data["held"] == "yes")


class AmendForm(forms.Form):
    """What is asked for, as it should read from now on, and why it changes."""

    asked_as: ClassVar[Mapping[str, str]] = DAYS

    title = forms.CharField(label=say("What is excepted, in a few words"), max_length=250)
    rationale = forms.Text(label=say("Why can the rule not be kept?"), max_length=10_000)
    risk = forms.Text(label=say("What could go wrong meanwhile?"), max_length=10_000)
    compensating_measure = forms.Text(
        label=say("What makes up for it meanwhile?"), max_length=10_000
    )
    measure_test = forms.Text(label=say("How is that tested?"), max_length=10_000)
    expires_on = forms.DateField(
        label=say("Until"), help_text=say("The whole day counts. It ends by itself.")
    )
    reason = forms.Text(
        label=say("What changed, and why?"),
        max_length=2_000,
        help_text=say("Members of the board read this beside the difference."),
    )
