"""The forms of target systems and anomalies. Services judge; forms read."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from access.judging import find_people
from access.models import Dataset, TargetSystem
from access.states import TargetKind
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import say
from fellowship.notices.forms import sendable
from fellowship.notices.webhooks import addresses
from fellowship.programs.models import Program
from fellowship.web import forms

_HINTS = {
    TargetKind.WEBHOOK: say("A signed message goes to its address at each change."),
    TargetKind.PULL: say("It asks every minute or so, with a token of its own."),
}


class TargetForm(forms.Form):
    """What a target system is, which data it serves, and how long it may take."""

    name = forms.CharField(
        label=say("Name"), max_length=100, help_text=say("As people call the system.")
    )
    kind = forms.ChoiceField(
        label=say("How does it learn what to let through?"),
        widget=forms.RadioCards,
        choices=[
            (kind, forms.Described(label, _HINTS[TargetKind(kind)]))
            for kind, label in TargetKind.choices
        ],
    )
    url = forms.CharField(
        label=say("Address"),
        required=False,
        max_length=addresses.MAX_LENGTH,
        validators=[sendable],
        help_text=say("Where messages go, if it is sent them. Begins with https://."),
    )
    account = forms.CharField(
        label=say("Its account"),
        required=False,
        max_length=200,
        help_text=say(
            "The service account whose token it asks and acknowledges with: its e-mail "
            "address or short name. Needed if it asks."
        ),
    )
    datasets = forms.ModelMultipleChoiceField(
        label=say("Which datasets does it serve?"),
        queryset=Dataset.objects.none(),
        widget=forms.Checks,
    )
    owner = forms.ModelChoiceField(
        label=say("Owner"),
        queryset=User.objects.none(),
        help_text=say("Who is asked when it stays silent."),
    )
    alarm_after_minutes = forms.IntegerField(
        label=say("Minutes until the alarm"),
        help_text=say("A revocation it has not acknowledged by then calls security on-call."),
    )

    def __init__(
        self, *args: Any, program: Program, target: TargetSystem | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        datasets = Dataset.objects.filter(program=program).order_by("name", "id")
        self.fields["datasets"].queryset = datasets  # type: ignore[attr-defined]
        self.fields["owner"].queryset = holders(program, *roles.STAFF)  # type: ignore[attr-defined]
        if target is not None:
            for name in ("name", "kind", "url"):
                del self.fields[name]

    def clean_account(self) -> User | None:
        """The account by its address or short name."""
        given = self.cleaned_data["account"].strip()
        if not given:
            return None
        found = find_people({given}).get(given)
        if found is None or not found.is_active:
            raise ValidationError(
                say("Nobody with an active account has this name."), code="account"
            )
        return found


class AnomalyForm(forms.Form):
    """What an anomaly was."""

    finding = forms.Text(
        label=say("What was it?"),
        max_length=4_000,
        help_text=say(
            "The person concerned reads this. Say what you found, not what you suspected."
        ),
    )
