"""Forms of fellowships; those of the scope's clauses are in `scope_forms`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.filekinds import ENDINGS
from fellowship.kernel.saying import joined, say
from fellowship.web import filters, forms
from scoping.models import Contribution, Fellowship, Milestone
from scoping.models.fellowship import READERS
from scoping.states import ORDER, CheckpointOutcome, FellowshipState, TalentPath, TrainingKind


class FellowshipFilter(filters.FilterSet):
    """Narrows the list of fellowships."""

    q = filters.Search(fields=["title", "ref", "fellow__name"])
    state = filters.ChoiceFilter(choices=FellowshipState.choices, label=say("Stage"))
    track = filters.ChoiceFilter(
        choices=Fellowship._meta.get_field("track").choices or [], label=say("Track")
    )

    class Meta:
        model = Fellowship
        fields: ClassVar[list[str]] = []


class SignForm(forms.Form):
    """The signature: the hash of what was read, and a word that it was."""

    text_hash = forms.CharField(max_length=64)
    agree = forms.BooleanField(label=say("I have read this version and I agree to all of it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text_hash"].widget = self.fields["text_hash"].hidden_widget()


class DeliverForm(forms.Form):
    """What is handed in."""

    evidence = forms.Text(
        label=say("What you deliver, and where it is"),
        max_length=10_000,
        help_text=say("Links, a summary, what it shows. The mentor judges by this."),
    )
    evidence_url = forms.CharField(
        label=say("Link"),
        required=False,
        max_length=500,
        help_text=say("Where it can be read or run."),
    )
    evidence_hash = forms.CharField(
        label=say("SHA-256 of the artifact"),
        required=False,
        max_length=64,
        help_text=say("Where there is one file: it binds the verdict to exactly that file."),
    )


class EvidenceForm(forms.Form):
    """One file of evidence. The service judges its name, size, kind and content."""

    file = forms.UploadField(
        label=say("A file"),
        help_text=say(
            "{value}; no archives.", value=joined(", ", (f".{ending}" for ending in ENDINGS))
        ),
        max_length=None,
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
        error_messages={"empty": say("This file is empty. Choose a file with something in it.")},
    )


class HandInForm(DeliverForm, EvidenceForm):
    """What is handed in, with a file beside it where one is chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].required = False


class AttachForm(HandInForm):
    """One file now; what else was typed so far is kept, and judged when it is handed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = name == "file"
        self.fields["evidence"].says_optional = False  # type: ignore[attr-defined]


class VerdictForm(forms.ReasonForm):
    """What the reviewer decides about what was delivered; nothing is chosen beforehand."""

    decision = forms.ChoiceField(label=say("Verdict"), widget=forms.RadioCards)
    reason = forms.Text(
        label=say("Why"),
        max_length=5_000,
        help_text=say("What convinced you, or what is missing so that it can be mended."),
    )
    field_order = ("decision", "reason")

    def __init__(self, *args: Any, milestone: Milestone, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        checkpoint = milestone.kind == Milestone.Kind.CHECKPOINT
        taken = CheckpointOutcome.choices if checkpoint else [("accept", say("Accept it"))]
        decision: Any = self.fields["decision"]
        decision.choices = [*taken, ("return", say("Return it: something is missing"))]


class ReviewerForm(forms.Form):
    """Who judges a milestone."""

    reviewer = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=say("Who judges it"),
        required=False,
        empty_label=say("The mentor"),
        help_text=say(
            "Somebody of the programme who knows the matter. The manager may judge as well."
        ),
    )

    def __init__(self, *args: Any, fellowship: Fellowship, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["reviewer"]
        held = holders(fellowship.program_id, *READERS)
        people.queryset = held.exclude(pk=fellowship.fellow_id)


class CheckInForm(forms.Form):
    """One's notes of a month."""

    month = forms.ChoiceField(label=say("Month"))
    notes = forms.Text(
        label=say("How it went"),
        max_length=5_000,
        help_text=say("Both sides read this."),
    )
    blockers = forms.Text(
        label=say("What blocks you"),
        max_length=2_000,
        required=False,
        help_text=say("Leave empty if nothing does. It stands until someone clears it."),
    )
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=say("Who clears it"),
        required=False,
        empty_label=say("The other side"),
        help_text=say("Where something blocks you. They are told at once."),
    )
    hours = forms.DecimalField(
        label=say("Hours of mentoring this month"), min_value=0, max_value=744, decimal_places=1
    )

    def __init__(self, *args: Any, fellowship: Fellowship, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        parties = Q(pk__in=[fellowship.fellow_id, fellowship.mentor_id])
        manages = Q(pk__in=holders(fellowship.program_id, roles.MANAGER).values("pk"))
        people = User.objects.filter(parties | manages, is_active=True)
        owner.queryset = people.exclude(pk=person.pk).order_by("name")
        self.fields["month"].choices = _months(fellowship)  # type: ignore[attr-defined]

    def clean_month(self) -> dt.date:
        """The first day of the month chosen."""
        return dt.date.fromisoformat(self.cleaned_data["month"])


def _months(fellowship: Fellowship) -> list[tuple[str, str]]:
    """This month and the two before, as far as the fellowship goes back."""
    month, found = fellowship.program.today().replace(day=1), []
    for _ in range(3):
        if month >= fellowship.starts_on.replace(day=1):
            found.append((month.isoformat(), say("{month:%B %Y}", month=month)))
        month = (month - dt.timedelta(days=1)).replace(day=1)
    return found


class MentorForm(forms.Form):
    """Who mentors, and how many hours a month are promised."""

    mentor = forms.ModelChoiceField(queryset=User.objects.none(), label=say("Mentor"))
    hours = forms.IntegerField(label=say("Hours a month"), min_value=0, max_value=160)
    handover = forms.Text(
        label=say("Handover"),
        max_length=5_000,
        required=False,
        help_text=say(
            "Where another mentor follows: where the work stands, what is promised, what "
            "blocks it. Fellow, mentors and managers read it."
        ),
    )

    def __init__(self, *args: Any, fellowship: Fellowship, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial", {"mentor": fellowship.mentor_id, "hours": fellowship.mentor_hours}
        )
        super().__init__(*args, **kwargs)
        mentors: Any = self.fields["mentor"]
        mentors.queryset = holders(fellowship.program_id, roles.MENTOR)


class SuspendForm(forms.ReasonForm):
    """Why everything is closed, and until when at the latest."""

    reason = forms.Text(
        label=say("Reason"),
        max_length=2_000,
        help_text=say("The fellow, the mentor and managers read this."),
    )
    until = forms.DateTimeField(
        label=say("Until at the latest"),
        required=False,
        help_text=say("Leave empty to keep it closed until it is lifted."),
    )


class AdvanceForm(forms.ReasonForm):
    """The stage to move on to."""

    stage = forms.ChoiceField(label=say("Stage"))

    def __init__(self, *args: Any, fellowship: Fellowship, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        later = ORDER[ORDER.index(fellowship.state) + 1 :]
        choices = [(key, FellowshipState(key).label) for key in later]
        self.fields["stage"].choices = choices  # type: ignore[attr-defined]


class TrainingForm(forms.Form):
    """A training the fellow completed."""

    asked_as: ClassVar[Mapping[str, str]] = {"completed_at": "completed_on"}

    kind = forms.ChoiceField(choices=TrainingKind.choices, label=say("Training"))
    completed_on = forms.DateField(label=say("Completed on"))
    evidence = forms.CharField(
        label=say("Evidence"),
        max_length=300,
        help_text=say("Certificate, session or link that shows it."),
    )


class TalentForm(forms.Form):
    """A step on the path, with what each side expects."""

    step = forms.ChoiceField(choices=TalentPath.choices, label=say("Step"), widget=forms.RadioCards)
    expectations = forms.Text(
        label=say("What each side expects"),
        max_length=5_000,
        help_text=say("Written down so that nothing is implied beyond it."),
    )


class TalentAnswerForm(forms.Form):
    """The fellow's answer to a step that is offered."""

    answer = forms.ChoiceField(
        label=say("Your answer"),
        choices=(("agree", say("I agree to this step")), ("decline", say("Not for me"))),
        widget=forms.RadioCards,
    )
    reason = forms.Text(
        label=say("What you want to say to it"),
        max_length=2_000,
        required=False,
        help_text=say("Sponsor, chair and managers read it."),
    )


class ContributionForm(forms.Form):
    """Something that came of the fellowship and is open to others."""

    kind = forms.ChoiceField(
        label=say("Kind"), choices=Contribution.Kind.choices, widget=forms.RadioCards
    )
    title = forms.CharField(label=say("Title"), max_length=300)
    link = forms.CharField(
        label=say("Link or DOI"), max_length=500, help_text=say("Where others find it.")
    )
    on = forms.DateField(label=say("Open to others since"))
    people = forms.CharField(
        label=say("Who made it"), max_length=500, help_text=say("In the order of credit.")
    )
    licence = forms.CharField(
        label=say("Licence"),
        max_length=100,
        required=False,
        help_text=say("As CC-BY-4.0 or Apache-2.0; a talk may have none."),
    )


class ContributionFilter(filters.FilterSet):
    """Narrows the list of contributions."""

    q = filters.Search(fields=["title", "people", "fellowship__ref"])
    kind = filters.ChoiceFilter(choices=Contribution.Kind.choices, label=say("Kind"))
    state = filters.ChoiceFilter(
        choices=(("confirmed", say("Confirmed")), ("to_confirm", say("To confirm"))),
        label=say("State"),
        method="of_state",
    )

    class Meta:
        model = Contribution
        fields: ClassVar[list[str]] = []

    def of_state(self, rows: Any, _: str, value: str) -> Any:
        """Those that count, or those that wait for the manager."""
        return rows.confirmed() if value == "confirmed" else rows.to_confirm()


class TalentDecisionForm(forms.ReasonForm):
    """Whether the step is taken, and why."""

    decision = forms.ChoiceField(
        label=say("Decision"),
        choices=(("agree", say("Offer the step to the fellow")), ("decline", say("Not this step"))),
        widget=forms.RadioCards,
    )
