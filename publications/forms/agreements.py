"""The agreement on authorship as a form: people in their order, and what they agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms

from fellowship.accounts.models import User
from fellowship.accounts.orcid import normalise_orcid
from fellowship.kernel.saying import say
from fellowship.web import forms
from publications.models import AuthorshipAgreement
from publications.policy.authorship import mediators, nameable
from scoping.models import Fellowship
from scoping.states import Credit

SPARE = 2
"""Empty rows below those named already."""
LEAST = 4


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one person."""

    number: int
    filled: bool
    person: Any
    orcid: Any
    credit: Any
    alone: Any


class AgreementForm(forms.Form):
    """A version: who is named for what, in which order, and what happens in a dispute."""

    company_criteria = forms.Text(
        label=say("When company staff are authors"),
        max_length=3_000,
        help_text=say("What somebody on the company’s side must have done to be named."),
    )
    acknowledgement = forms.Text(
        label=say("Acknowledgement"), max_length=3_000, help_text=say("As it stands on each work.")
    )
    dispute = forms.Text(
        label=say("If people disagree"),
        max_length=3_000,
        help_text=say(
            "Who refuses says why. Anybody named may then ask the mediator; what mediation "
            "does not settle goes to the board."
        ),
    )
    mediator = forms.ModelChoiceField(
        label=say("Mediator"),
        queryset=User.objects.none(),
        help_text=say("Somebody who is not named and does not accompany the fellow."),
    )
    because = forms.Text(
        label=say("Why this version"),
        max_length=2_000,
        help_text=say("Everybody asked reads this first."),
    )

    def __init__(
        self,
        *args: Any,
        fellowship: Fellowship,
        held: AuthorshipAgreement | None,
        starting: list[dict[str, Any]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        people = list(nameable(fellowship, held))
        choices = [("", say("Nobody")), *((str(p.pk), str(p)) for p in people)]
        self._people = {str(p.pk): p for p in people}
        mediator: Any = self.fields["mediator"]
        mediator.queryset = mediators(fellowship)
        self.count = max(LEAST, len(starting) + SPARE)
        for number in range(1, self.count + 1):
            first = starting[number - 1] if number <= len(starting) else {}
            self._add_row(number, choices, first)

    def _add_row(
        self, number: int, choices: list[tuple[str, str]], first: Mapping[str, Any]
    ) -> None:
        """The fields of one place in the order, filled with who stands there now."""
        person = forms.ChoiceField(label=say("Person"), choices=choices, required=False)
        orcid = forms.CharField(
            label=say("ORCID iD"),
            max_length=60,
            required=False,
            help_text=say("Such as 0000-0002-1825-0097."),
        )
        credit = forms.MultipleChoiceField(
            label=say("CRediT roles"), choices=Credit.choices, widget=forms.Checks, required=False
        )
        alone = forms.BooleanField(
            label=say("May publish their own part independently"), required=False
        )
        for name, field in (
            ("person", person),
            ("orcid", orcid),
            ("credit", credit),
            ("alone", alone),
        ):
            field.initial = first.get(name)
            setattr(field, "says_optional", False)  # noqa: B010 - read by the template
            self.fields[f"{name}_{number}"] = field

    def rows(self) -> Iterator[Row]:
        """The rows as the page shows them."""
        for number in range(1, self.count + 1):
            fields = {
                name: self[f"{name}_{number}"] for name in ("person", "orcid", "credit", "alone")
            }
            wrong = any(field.errors for field in fields.values())
            yield Row(number, bool(fields["person"].value()) or wrong, **fields)

    def clean(self) -> dict[str, Any]:
        """Put the people together, in the order of their rows."""
        data = super().clean() or {}
        data["people"] = [
            one for n in range(1, self.count + 1) if (one := self._person(n, data)) is not None
        ]
        if not data["people"]:
            self.add_error(
                "person_1", django_forms.ValidationError(say("Name at least the fellow."))
            )
        return {key: value for key, value in data.items() if not key[-1].isdigit()}

    def _person(self, number: int, data: Mapping[str, Any]) -> dict[str, Any] | None:
        key, roles_given = data.get(f"person_{number}"), data.get(f"credit_{number}") or []
        orcid = (data.get(f"orcid_{number}") or "").strip()
        if not key:
            if roles_given or orcid:
                text = say("Choose whose roles these are, or leave the row empty.")
                self.add_error(f"person_{number}", django_forms.ValidationError(text))
            return None
        if not roles_given:
            text = say("Choose at least one role.")
            self.add_error(f"credit_{number}", django_forms.ValidationError(text))
        try:
            orcid = normalise_orcid(orcid) if orcid else ""
        except ValueError as error:
            self.add_error(f"orcid_{number}", django_forms.ValidationError(str(error)))
        return {
            "person": self._people[key],
            "orcid": orcid,
            "credit": roles_given,
            "alone": bool(data.get(f"alone_{number}")),
        }


class MediationForm(forms.Form):
    """What the mediator found, and where the version goes."""

    advice = forms.Text(
        label=say("What you found, and what you advise"),
        max_length=5_000,
        help_text=say("Everybody named reads it, and the board if it goes there."),
    )
    back = forms.ChoiceField(
        label=say("Where it goes"),
        choices=[
            (
                "yes",
                forms.Described(
                    say("Back to those named"),
                    say("Whoever refused is asked anew, with your advice."),
                ),
            ),
            (
                "no",
                forms.Described(say("To the board"), say("It decides whether this version holds.")),
            ),
        ],
        widget=forms.RadioCards,
    )

    def clean_back(self) -> bool:
        """Whether it goes back."""
        return bool(self.cleaned_data["back"] == "yes")
