"""What the receiving team decides about a finding."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms as django_forms
from django.core.validators import MaxValueValidator, MinValueValidator

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import dated, say
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
        label=say("Does something follow from it?"),
        choices=[
            (
                "yes",
                forms.Described(say("Yes, it is actionable"), say("It gets an owner and a date.")),
            ),
            (
                "no",
                forms.Described(
                    say("No, it is exploratory"), say("It is recorded openly as such.")
                ),
            ),
        ],
        widget=forms.RadioCards,
    )
    mapping = forms.ChoiceField(
        label=say("It turns into"),
        choices=[("", say("Choose")), *Mapping.choices],
        required=False,
        help_text=say("Needed where it is actionable."),
    )
    product_owner = forms.ModelChoiceField(
        label=say("Product owner"), queryset=User.objects.none(), required=False
    )
    due_at = forms.DateField(
        label=say("Due by"),
        required=False,
        validators=SENSIBLE,
        help_text=say("Empty: as the severity's clock says. Earlier is possible, later is not."),
    )
    reason = forms.Text(
        label=say("Why you accept it"),
        max_length=REASON,
        widget=django_forms.Textarea,
        help_text=say("The fellow reads this."),
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("product_owner", finding.product_owner_id)
        self.fields["mapping"].says_optional = False  # type: ignore[attr-defined]
        self.fields["product_owner"].queryset = holders(  # type: ignore[attr-defined]
            finding.program_id, roles.PRODUCT_OWNER
        )


class DeferForm(forms.Form):
    """Put it off, to a day and for a reason."""

    look_again_at = forms.DateField(label=say("Look at it again on"), validators=SENSIBLE)
    reason = forms.Text(
        label=say("Why it is put off"),
        max_length=REASON,
        widget=django_forms.Textarea,
        help_text=say("The fellow reads this, and may reply."),
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit, calendar = terms.deferral_limit(finding), finding.program.calendar()
        latest = calendar.day(limit.due(now(), calendar))
        self.fields["look_again_at"].help_text = say(
            "At the latest {latest:%-d %B %Y}: the rule gives {limit}. On that day it is "
            "under investigation again, by itself.",
            latest=latest,
            limit=limit,
        )


class PauseForm(forms.Form):
    """Let the clock stand still: for whom, until when, why."""

    waits_on = forms.ChoiceField(
        label=say("It waits for"),
        choices=[
            (
                WaitsOn.FELLOW,
                forms.Described(
                    say("The fellow"), say("The clock runs again as soon as they reply.")
                ),
            ),
            (
                WaitsOn.OTHERS,
                forms.Described(say("Another team, or a supplier"), say("Say which below.")),
            ),
        ],
        widget=forms.RadioCards,
    )
    until = forms.DateField(label=say("Until, at the latest"), validators=SENSIBLE)
    reason = forms.Text(
        label=say("What is needed"),
        max_length=300,
        widget=django_forms.Textarea,
        help_text=say("The fellow reads this."),
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendar = finding.program.calendar()
        left = policy.pause_left(finding, services.obligation(finding)[1])
        latest = calendar.day(left.due(now(), calendar))
        self.fields["until"].help_text = say(
            "At the latest {latest:%-d %B %Y}. The clock may stand still for "
            "{pause_limit} in all; {left} are left.",
            latest=latest,
            pause_limit=terms.pause_limit(finding),
            left=left,
        )


class RerateForm(forms.Form):
    """Another severity, with what each would mean for the due date said beside it."""

    severity = forms.ChoiceField(label=say("Severity"), choices=[], widget=forms.RadioCards)
    reason = forms.Text(
        label=say("Why it changes"),
        max_length=2_000,
        widget=django_forms.Textarea,
        help_text=say("The fellow reads this."),
    )
    evidence = forms.Text(
        label=say("What shows it"),
        max_length=2_000,
        widget=django_forms.Textarea,
        help_text=say("A run, a log, a count: something another person can look at."),
    )
    cvss_vector = forms.Text(
        label=say("New CVSS 4.0 vector"),
        max_length=300,
        required=False,
        widget=django_forms.TextInput,
        help_text=say("CVSS:4.0/AV:N/…"),
    )
    confirmed = django_forms.BooleanField(
        label=say("I have read when it will be due"), required=False
    )

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
    day, by_rule = (dated(calendar.last_day(at)) for at in (due.at, due.by_rule))
    if due.stays:
        return say("It stays overdue, since {day}.", day=day)
    if due.grace:
        return say(
            "By the rule it was due on {by_rule}, which is past. It will be due on {day}.",
            by_rule=by_rule,
            day=day,
        )
    return say("It will be due on {day}.", day=day)


class CloseForm(forms.Form):
    """What the closed finding points at."""

    closure = forms.ChoiceField(
        label=say("It is closed because of"), choices=[], widget=forms.RadioCards
    )
    reason = forms.Text(
        label=say("A word to the fellow"),
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
    return str(refusal) if refusal else say("This holds.")


class DuplicateForm(forms.Form):
    """The earlier finding this one repeats."""

    of = forms.Text(
        label=say("Reference of the earlier finding"), max_length=30, help_text="F-2026-014"
    )
    reason = forms.Text(
        label=say("What is the same"),
        max_length=REASON,
        widget=django_forms.Textarea,
        required=False,
        help_text=say("The fellow reads this."),
    )
