"""What the receiving team makes of a finding: change request, acceptance test, risk exception."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms as django_forms

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import say
from fellowship.web import forms
from findings.change_states import REPORTED_STATES, SHARES, AcceptanceState, ChangeState, Must
from findings.models import AcceptanceTest, Control, Finding
from findings.states import ControlState
from governance.policy.exceptions import OWNERS


def _controls(finding: Finding) -> Any:
    return Control.objects.filter(finding=finding).exclude(state=ControlState.WITHDRAWN)


class ChangeForm(forms.Form):
    """A change asked of the receiving team."""

    title = forms.Text(label=say("What is asked for, in one line"), max_length=250)
    description = forms.Text(
        label=say("What to do"),
        max_length=10_000,
        required=False,
        widget=django_forms.Textarea,
        help_text=say("This goes to the team's tracker. Leave out what the embargo covers."),
    )
    control = forms.ModelChoiceField(
        label=say("For which control"),
        queryset=Control.objects.none(),
        required=False,
        help_text=say("Empty: for the finding as a whole."),
    )
    tracker_url = django_forms.URLField(
        label=say("Link in the team's tracker"),
        required=False,
        assume_scheme="https",
        max_length=500,
        help_text=say("If it is there already. A system that takes our messages answers with it."),
    )
    tracker_key = forms.CharField(
        label=say("Its number there"), required=False, max_length=100, help_text="ENG-412"
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["control"].queryset = _controls(finding)  # type: ignore[attr-defined]


class TrackerForm(forms.Form):
    """Where the receiving team follows it."""

    tracker_url = django_forms.URLField(
        label=say("Link in the team's tracker"), assume_scheme="https", max_length=500
    )
    tracker_key = forms.CharField(label=say("Its number there"), required=False, max_length=100)


class StateForm(forms.Form):
    """What the tracker says, typed by a person where it does not say so by itself."""

    state = forms.ChoiceField(
        label=say("In the tracker it is"),
        choices=[(s.value, ChangeState(s).label) for s in REPORTED_STATES],
        widget=forms.RadioCards,
    )
    note = forms.Text(label=say("What the team says"), max_length=2_000, required=False)


class AcceptanceForm(forms.Form):
    """What must pass before the change counts."""

    title = forms.Text(label=say("What is tested, in one line"), max_length=250)
    must = forms.ChoiceField(
        label=say("It passes when"),
        choices=[
            (
                Must.METRIC,
                forms.Described(say("A share keeps to a limit"), say("So many of so many trials")),
            ),
            (Must.NAMED, forms.Described(say("A named test passes"), say("In your own test run"))),
        ],
        widget=forms.RadioCards,
    )
    metric = forms.ChoiceField(
        label=say("What is counted"),
        choices=[("", say("Choose")), *((m.value, m.label) for m in SHARES)],
        required=False,
    )
    limit = django_forms.DecimalField(
        label=say("Limit, in percent"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        required=False,
        help_text=say("At most this share; for shares where more is better, at least this share."),
    )
    minimum_trials = django_forms.IntegerField(
        label=say("In so many trials or more"), min_value=1, max_value=1_000_000, required=False
    )
    named = forms.CharField(
        label=say("Name of the test"),
        required=False,
        max_length=250,
        help_text="tests/safety/test_long_context.py",
    )
    owner = forms.ModelChoiceField(
        label=say("Whose work is tested"),
        queryset=User.objects.none(),
        help_text=say("Somebody else records the result."),
    )
    control = forms.ModelChoiceField(
        label=say("For which control"), queryset=Control.objects.none(), required=False
    )
    required = forms.ChoiceField(
        label=say("Must it pass before the finding is closed on its control?"),
        choices=[("yes", say("Yes")), ("no", say("No, its result is shown only"))],
        widget=forms.RadioCards,
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = holders(finding.program_id, roles.PRODUCT_OWNER, roles.ONCALL)
        self.fields["owner"].queryset = people.order_by("name")  # type: ignore[attr-defined]
        self.fields["control"].queryset = _controls(finding)  # type: ignore[attr-defined]

    def clean_limit(self) -> Decimal | None:
        """As a share."""
        percent: Decimal | None = self.cleaned_data["limit"]
        return None if percent is None else percent / 100

    def clean_required(self) -> bool:
        """As a truth value."""
        return bool(self.cleaned_data["required"] == "yes")


class ResultForm(forms.Form):
    """What a run of an acceptance test showed."""

    hits = django_forms.IntegerField(
        label=say("It happened in"), min_value=0, max_value=2_000_000_000, required=False
    )
    trials = django_forms.IntegerField(
        label=say("of so many trials"), min_value=1, max_value=2_000_000_000, required=False
    )
    passed = forms.ChoiceField(
        label=say("Result"),
        choices=[("yes", AcceptanceState.PASSED.label), ("no", AcceptanceState.FAILED.label)],
        widget=forms.RadioCards,
        required=False,
    )
    evidence = forms.Text(
        label=say("Evidence"),
        max_length=2_000,
        help_text=say("Where the run can be seen, or the SHA-256 of its log."),
    )

    def __init__(self, *args: Any, test: AcceptanceTest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("passed",) if test.must == Must.METRIC else ("hits", "trials"):
            del self.fields[name]

    def clean_passed(self) -> bool | None:
        """As a truth value; None where nothing was chosen."""
        return {"yes": True, "no": False}.get(self.cleaned_data["passed"])


class ExceptForm(forms.Form):
    """A risk left standing for a time: who answers for it, until when, what makes up for it."""

    asked_as: ClassVar[Mapping[str, str]] = {"expires_at": "expires_on"}

    owner = forms.ModelChoiceField(
        label=say("Owner"),
        queryset=User.objects.none(),
        help_text=say("Answers for the risk while it stands, and is reminded before it ends."),
    )
    rationale = forms.Text(
        label=say("Why is there no control yet?"), max_length=10_000, widget=django_forms.Textarea
    )
    risk = forms.Text(
        label=say("What could go wrong meanwhile?"), max_length=10_000, widget=django_forms.Textarea
    )
    compensating_measure = forms.Text(
        label=say("What makes up for it meanwhile?"),
        max_length=10_000,
        widget=django_forms.Textarea,
    )
    measure_test = forms.Text(label=say("How is that tested?"), max_length=10_000)
    expires_on = forms.DateField(
        label=say("Until"),
        help_text=say("The whole day counts. Then the gap is open again, by itself."),
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = holders(finding.program_id, *OWNERS).order_by("name")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
