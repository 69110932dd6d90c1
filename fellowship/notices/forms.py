"""The form of an endpoint. Services judge; the form reads."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from fellowship.accounts.models import Realm
from fellowship.kernel.saying import say
from fellowship.notices.webhooks import addresses, kinds
from fellowship.web import forms


def sendable(url: str) -> None:
    """Say beside whatever else is missing that nothing is sent to the address, as the verb would.

    Raises ValidationError.
    """
    if refusal := addresses.problem(url):
        raise ValidationError(refusal.reason, code=refusal.code)


class EndpointForm(forms.Form):
    """Where messages go, and which."""

    realm = forms.ModelChoiceField(label=say("Programme"), queryset=Realm.objects.none())
    name = forms.CharField(
        label=say("Name"), max_length=100, help_text=say("The system, as people call it.")
    )
    url = forms.CharField(
        label=say("Address"),
        max_length=addresses.MAX_LENGTH,
        validators=[sendable],
        help_text=say("Begins with https://. Messages are sent there by POST."),
    )
    kinds = forms.MultipleChoiceField(
        label=say("Which messages?"),
        widget=forms.Checks,
        required=False,
        help_text=say("None: only tests, and what another page sends there by name."),
    )

    def __init__(self, *args: Any, realms: QuerySet[Realm] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if realms is None:
            del self.fields["realm"]
        else:
            self.fields["realm"].queryset = realms  # type: ignore[attr-defined]
        self.fields["kinds"].choices = kinds.choices()  # type: ignore[attr-defined]


class ReplayForm(forms.Form):
    """Of which period messages are sent again."""

    since = forms.DateTimeField(label=say("Queued from"))
    until = forms.DateTimeField(label=say("Until"))
    failed_only = forms.BooleanField(
        label=say("Only those that failed"), required=False, initial=True
    )
