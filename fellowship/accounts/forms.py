"""Sign-up, one's own details and tokens, and the roles page."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from fellowship.accounts import queries, roles
from fellowship.accounts.models import Realm, User
from fellowship.accounts.orcid import normalise_orcid
from fellowship.accounts.scopes import SCOPES, source_of
from fellowship.kernel.saying import say
from fellowship.web import calendars, forms


def zones() -> list[tuple[str, str]]:
    """IANA zones people live in, by name; UTC first."""
    names = sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


def languages() -> list[tuple[str, str]]:
    """The languages of the pages, each by its own name."""
    return [("", say("As the browser asks")), *settings.LANGUAGES]


class OrcidField(forms.CharField):
    """An ORCID iD or its URL, with its check digit; kept in its usual form."""

    def clean(self, value: Any) -> str:
        """`0000-0002-1825-0097`, or empty."""
        text = str(super().clean(value) or "").strip()
        if not text:
            return ""
        try:
            return normalise_orcid(text)
        except ValueError as error:
            raise ValidationError(str(error), code="orcid") from error


class PersonField(forms.CharField):
    """Somebody whom `by` may name, by e-mail address or short name."""

    by: Any = None
    """Who asks; `Naming` says it."""

    def __init__(self, **kwargs: Any) -> None:
        words = say("E-mail address or short name of somebody whom you may name.")
        super().__init__(**{"max_length": 254, "help_text": words, **kwargs})

    def clean(self, value: Any) -> Any:
        """The person; None where nobody is named and nobody need be."""
        who = str(super().clean(value) or "")
        if not who:
            return None
        among = queries.nameable_by(self.by)
        user = among.filter(email__iexact=who).first() or among.filter(username=who).first()
        if user is None:
            raise ValidationError(say("Nobody whom you may name has this address or name."))
        return user


class Naming(forms.Form):
    """A form on which `by` names people: nobody outside of what they may know is found."""

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, PersonField):
                field.by = by


class DetailsForm(forms.Form):
    """Name, affiliation, ORCID iD and time zone."""

    name = forms.CharField(label=say("Full name"), max_length=200)
    affiliation = forms.CharField(
        label=say("Affiliation"),
        max_length=200,
        required=False,
        help_text=say("University, organisation or company; leave empty if none."),
    )
    orcid = OrcidField(
        label=say("ORCID iD"),
        max_length=60,
        required=False,
        help_text=say("Such as 0000-0002-1825-0097, or its address."),
    )
    time_zone = forms.ChoiceField(
        label=say("Time zone"),
        choices=zones,
        initial="UTC",
        help_text=say("Times are shown in this zone, always with its name."),
    )


class ProfileForm(DetailsForm):
    """The details, and where one worked before: what hints at conflicts of interest."""

    past_affiliations = forms.Text(
        label=say("Earlier affiliations"),
        max_length=2_000,
        required=False,
        help_text=say(
            "Of the last three years, one a line. They hint at conflicts of interest when "
            "you are asked to review or to decide. Nobody is shown the list, only what matches."
        ),
    )
    language = forms.ChoiceField(
        label=say("Language"),
        choices=languages,
        required=False,
        help_text=say("Of pages and mails. What is recorded is in English, whoever writes it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) < 2:
            del self.fields["language"]


class SignupForm(DetailsForm):
    """What sign-up asks beside the address and the password; allauth builds on it."""

    time_zone = forms.ChoiceField(
        label=say("Time zone"),
        choices=zones,
        initial="UTC",
        required=False,
        help_text=say("Deadlines are shown in this zone. You can change it later."),
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Nothing is left to do: the account adapter has recorded the person with these details."""


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(label=say("What it is for"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=say("What it may do"),
        choices=list(SCOPES.items()),
        widget=forms.Checks,
        required=False,
    )
    source = forms.CharField(
        label=say("Or: report access events of one source alone"),
        max_length=80,
        required=False,
        help_text=say("The system’s name, such as “gateway”. The token cannot report for another."),
    )
    days = forms.IntegerField(
        label=say("Days until it expires"), min_value=1, max_value=365, initial=90
    )

    def clean(self) -> dict[str, Any]:
        """The scopes, with that of the source where one is named."""
        given = super().clean() or {}
        source, scopes = given.pop("source", ""), list(given.get("scopes", ()))
        if source and not source_of(f"events:{source}"):
            self.add_error("source", say("Name it in letters, digits, dots, dashes and slashes."))
        elif source:
            given["scopes"] = [*scopes, f"events:{source}"]
        elif not scopes and "scopes" not in self.errors:
            self.add_error("scopes", say("Say what it may do, or name a source."))
        return given


class FactorsForm(forms.ReasonForm):
    """Why somebody's second factors are taken away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=say("How did you make sure that it is them?"), **kwargs)


class SettleForm(Naming):
    """Who has what somebody held who left."""

    to = PersonField(label=say("Who has it now"))
    reason = forms.Text(
        label=say("How it was settled"), max_length=2_000, help_text=say("Kept in the record.")
    )

    def __init__(self, *args: Any, by_hand: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].required = not by_hand
        self.fields["reason"].required = by_hand


class GrantForm(Naming):
    """A role for somebody."""

    realm = forms.ModelChoiceField(
        label=say("Programme"), queryset=Realm.objects.none(), to_field_name="slug"
    )
    person = PersonField(label=say("Person"))
    role = forms.ChoiceField(
        label=say("Role"),
        choices=[
            (key, forms.Described(role.label, role.prose)) for key, role in roles.ROLES.items()
        ],
        widget=forms.RadioCards,
    )
    seat = forms.ChoiceField(
        label=say("Board seat"),
        choices=[("", say("None")), *roles.Seat.choices],
        required=False,
        help_text=say("For board members only."),
    )
    ends_at = forms.DateField(
        label=say("Until"),
        required=False,
        help_text=say("The last day of the role, on the calendar of the programme."),
    )
    reason = forms.Text(label=say("Reason"), max_length=2_000, help_text=say("Kept in the record."))

    def __init__(self, *args: Any, realms: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        realm: Any = self.fields["realm"]
        realm.queryset = realms

    def clean_ends_at(self) -> dt.datetime | None:
        """The instant at which the role ends: with its last day, where the programme is."""
        day: dt.date | None = self.cleaned_data["ends_at"]
        realm: Realm | None = self.cleaned_data.get("realm")
        return calendars.of(realm.pk).end_of_day(day) if day and realm else None
