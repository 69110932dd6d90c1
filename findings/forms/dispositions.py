"""What the receiving team decides about a finding."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms as django_forms
from django.core.validators import MaxValueValidator, MinValueValidator

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import forms
from findings import policy, services, terms
from findings.duetimes import Due
from findings.models import Finding
from findings.states import SEVERITY_RANK, Closure, Mapping, Severity, WaitsOn

REASON = 5_000
SENSIBLE = (MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2199, 12, 31)))
"""Days no further off than any rule could mean: beyond them arithmetic ends."""


class AcceptForm(forms.Form):
    """Accept a finding: what it turns into, who owns it and by when."""

    actionable = forms.ChoiceField(
        label="Does something follow from it?",
        choices=[
            ("yes", forms.Described("Yes, it is actionable", "It gets an owner and a date.")),
            ("no", forms.Described("No, it is exploratory", "It is recorded openly as such.")),
        ],
        widget=forms.RadioCards,
    )
    mapping = forms.ChoiceField(
        label="It turns into",
        choices=[("", "Choose"), *Mapping.choices],
        required=False,
    )
    product_owner = forms.ModelChoiceField(
        label="Product owner", queryset=User.objects.none(), required=False
    )
    due_at = forms.DateField(
        label="Due by",
        required=False,
        validators=SENSIBLE,
        help_text="Empty: as the severity's clock says. Earlier is possible, later is not.",
    )
    reason = forms.Text(
        label="Why you accept it",
        max_length=REASON,
        widget=django_forms.Textarea,
        help_text="The fellow reads this.",
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product_owner"].queryset = holders(  # type: ignore[attr-defined]
            finding.program_id, roles.PRODUCT_OWNER
        )


class DeferForm(forms.Form):
    """Put it off, to a day and for a reason."""

    look_again_at = forms.DateField(label="Look at it again on", validators=SENSIBLE)
    reason = forms.Text(
        label="Why it is put off",
        max_length=REASON,
        widget=django_forms.Textarea,
        help_text="The fellow reads this, and may reply.",
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit, calendar = terms.deferral_limit(finding), finding.program.calendar()
        latest = calendar.local(limit.due(now(), calendar))
        self.fields["look_again_at"].help_text = (
            f"At the latest {latest:%-d %B %Y}: the rule gives {limit}. On that day it is under "
            "investigation again, by itself."
        )


class PauseForm(forms.Form):
    """Let the clock stand still: for whom, until when, why."""

    waits_on = forms.ChoiceField(
        label="It waits for",
        choices=[
            (
                WaitsOn.FELLOW,
                forms.Described("The fellow", "The clock runs again as soon as they reply."),
            ),
            (WaitsOn.OTHERS, forms.Described("Another team, or a supplier", "Say which below.")),
        ],
        widget=forms.RadioCards,
    )
    until = forms.DateField(label="Until, at the latest", validators=SENSIBLE)
    reason = forms.Text(
        label="What is needed",
        max_length=300,
        widget=django_forms.Textarea,
        help_text="The fellow reads this.",
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendar = finding.program.calendar()
        left = policy.pause_left(finding, services.obligation(finding)[1])
        latest = calendar.local(left.due(now(), calendar))
        self.fields["until"].help_text = (
            f"At the latest {latest:%-d %B %Y}. The clock may stand still for "
            f"{terms.pause_limit(finding)} in all; {left} are left."
        )


class RerateForm(forms.Form):
    """Another severity, with what each would mean for the due date said beside it."""

    severity = forms.ChoiceField(label="Severity", choices=[], widget=forms.RadioCards)
    reason = forms.Text(
        label="Why it changes",
        max_length=2_000,
        widget=django_forms.Textarea,
        help_text="The fellow reads this.",
    )
    evidence = forms.Text(
        label="What shows it",
        max_length=2_000,
        widget=django_forms.Textarea,
        help_text="A run, a log, a count: something another person can look at.",
    )
    cvss_vector = forms.Text(
        label="New CVSS 4.0 vector",
        max_length=300,
        required=False,
        widget=django_forms.TextInput,
        help_text="CVSS:4.0/AV:N/…",
    )
    confirmed = django_forms.BooleanField(label="I have read when it will be due", required=False)

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendar = finding.program.calendar()
        others = sorted(Severity, key=lambda s: -SEVERITY_RANK[s])
        dues = {s: services.due_if_rated(finding, s) for s in others if s != finding.severity}
        self.fields["severity"].choices = [  # type: ignore[attr-defined]
            (s, forms.Described(s.label, _outcome(due, calendar))) for s, due in dues.items()
        ]
        if not any(due.grace for due in dues.values()):
            del self.fields["confirmed"]


def _outcome(due: Due, calendar: WorkCalendar) -> str:
    """What the change would do to the due date, in words."""
    day, by_rule = (f"{calendar.local(at):%-d %B %Y}" for at in (due.at, due.by_rule))
    if due.stays:
        return f"It stays overdue, since {day}."
    if due.grace:
        return f"By the rule it was due on {by_rule}, which is past. It will be due on {day}."
    return f"It will be due on {day}."


class CloseForm(forms.Form):
    """What the closed finding points at."""

    closure = forms.ChoiceField(
        label="It is closed because of", choices=[], widget=forms.RadioCards
    )
    reason = forms.Text(
        label="A word to the fellow",
        max_length=REASON,
        widget=django_forms.Textarea,
        required=False,
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["closure"].choices = [  # type: ignore[attr-defined]
            (c, forms.Described(c.label, _stands(policy.ground(finding, c))))
            for c in Closure
            if c != Closure.DUPLICATE
        ]


def _stands(refusal: Any) -> str:
    return str(refusal) if refusal else "This holds."


class DuplicateForm(forms.Form):
    """The earlier finding this one repeats."""

    of = forms.Text(label="Reference of the earlier finding", max_length=30, help_text="F-2026-014")
    reason = forms.Text(
        label="What is the same",
        max_length=REASON,
        widget=django_forms.Textarea,
        required=False,
        help_text="The fellow reads this.",
    )
