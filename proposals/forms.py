"""The forms of proposals: a section as its data says, declarations, reviews, assignment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BoundField, RadioSelect
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.choices import CallableChoiceIterator

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.queries import holders, label_of
from fellowship.kernel import filekinds
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import forms
from governance.rulekinds import ReviewRubric
from proposals import attachments, reviewing
from proposals.models import Assignment, Proposal, Review
from proposals.sections import (
    CELL_MAX,
    LINE_MAX,
    OFFERS,
    ROWS_MAX,
    TEXT_MAX,
    Column,
    Field,
    Section,
)

SPARE_ROWS = 2
Offers = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Block:
    """One question on the page: a bound field, or rows of bound fields."""

    field: Field
    bound: BoundField | None
    rows: list[list[BoundField]]


class Judged(forms.Form):
    """A form whose input the services judge: it shows, reads and carries their errors."""

    def full_clean(self) -> None:
        """Nothing is judged here; what services say is added with `add_error`."""
        self._errors = ErrorDict()
        self.cleaned_data = {}


class SectionForm(Judged):
    """One section of the application. It shows and reads; `proposals.answers` judges."""

    def __init__(
        self,
        section: Section,
        offers: Offers,
        *,
        answers: Mapping[str, Any],
        data: QueryDict | None = None,
    ) -> None:
        self.section = section
        super().__init__(data, initial=flat(section, answers))
        self.row_counts: dict[str, int] = {}
        for f in section.fields:
            for name, field in self._fields_of(f, offers, answers):
                self.fields[name] = field

    def _fields_of(
        self, f: Field, offers: Offers, answers: Mapping[str, Any]
    ) -> Iterator[tuple[str, Any]]:
        if f.kind != "rows":
            yield f.key, _control(f, offers)
            return
        count = self._rows_shown(f, answers)
        self.row_counts[f.key] = count
        for number in range(count):
            for column in f.columns:
                yield f"{f.key}-{number}-{column.key}", _cell(column)

    def _rows_shown(self, f: Field, answers: Mapping[str, Any]) -> int:
        if self.data:
            sent = [
                int(parts[1])
                for name in self.data
                if (parts := name.split("-"))[0] == f.key and len(parts) == 3 and _small(parts[1])
            ]
            return min(max(sent, default=-1) + 1, ROWS_MAX) or SPARE_ROWS
        return min(len(answers.get(f.key) or ()) + SPARE_ROWS, ROWS_MAX)

    def raw(self) -> dict[str, Any]:
        """What was sent, as answers by question; only those the form showed."""
        found: dict[str, Any] = {}
        for f in self.section.fields:
            if f.kind == "rows":
                found[f.key] = [
                    {c.key: self._sent(f"{f.key}-{n}-{c.key}") for c in f.columns}
                    for n in range(self.row_counts[f.key])
                ]
            else:
                found[f.key] = self._sent(f.key)
        return found

    def _sent(self, name: str) -> str:
        return str(self.data.get(name, ""))

    def blocks(self) -> list[Block]:
        """The questions in order, for the page."""
        return [
            Block(f, None, self._rows(f)) if f.kind == "rows" else Block(f, self[f.key], [])
            for f in self.section.fields
        ]

    def _rows(self, f: Field) -> list[list[BoundField]]:
        return [
            [self[f"{f.key}-{number}-{c.key}"] for c in f.columns]
            for number in range(self.row_counts[f.key])
        ]


def flat(section: Section, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by the names of the form's fields: rows as `team-0-name`."""
    found: dict[str, Any] = {}
    for f in section.fields:
        value = answers.get(f.key)
        if f.kind != "rows":
            found[f.key] = value or ""
            continue
        for number, row in enumerate(value or ()):
            for column in f.columns:
                found[f"{f.key}-{number}-{column.key}"] = row.get(column.key, "")
    return found


def opened_with(data: Mapping[str, Any]) -> int:
    """The version of the draft the person saw when they opened the page."""
    sent = str(data.get("version", ""))
    return int(sent) if _small(sent, 9) else 0


def _small(text: str, digits: int = 3) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


def described(program: Program) -> Offers:
    """`sections.labels`, each with what it means beneath it."""
    return {
        offer: {
            row.key: forms.Described(str(row), row.in_short())
            for row in getattr(program, offer).offered()
        }
        for offer in OFFERS
    }


def _control(f: Field, offers: Offers) -> Any:
    common: dict[str, Any] = {"label": f.label, "help_text": f.hint, "required": f.required}
    if f.kind == "text":
        made: Any = forms.Text(max_length=TEXT_MAX, **common)
    elif f.kind == "line":
        made = forms.CharField(max_length=LINE_MAX, **common)
    else:
        choices = f.choices if f.kind == "choice" else tuple(offers.get(f.offer, {}).items())
        made = forms.ChoiceField(choices=list(choices), widget=forms.RadioCards, **common)
    return made


def _cell(column: Column) -> Any:
    common: dict[str, Any] = {
        "label": column.label,
        "help_text": column.hint,
        "required": column.required,
    }
    if column.long:
        return forms.Text(max_length=CELL_MAX, **common)
    return forms.CharField(max_length=LINE_MAX, **common)


FILE_HINT = say(
    "{label} or plain text, up to {size_text}. No archives and no office documents: save "
    "them as PDF.",
    label=joined(", ", (kind.label for kind in filekinds.KINDS[:-1])),
    size_text=attachments.size_text(settings.MAX_FILE_BYTES),
)


class FileForm(forms.Form):
    """One file. The service judges its name, size, kind and content."""

    file = forms.UploadField(
        label=say("Attach a file"),
        help_text=FILE_HINT,
        max_length=None,
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
        error_messages={"empty": say("This file is empty. Choose a file with something in it.")},
    )


class ReuseForm(forms.Form):
    """Which sections of an earlier proposal to take over; nothing is chosen beforehand."""

    def __init__(self, *args: Any, parts: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, title in parts.items():
            self.fields[f"take-{key}"] = forms.BooleanField(
                label=say("Take over “{title}”", title=title), required=False
            )

    def clean(self) -> dict[str, Any]:
        """At least one section."""
        found = super().clean() or {}
        if not any(found.values()):
            raise ValidationError(say("Choose at least one section to take over."), code="required")
        return found

    def chosen(self) -> dict[str, int]:
        """The sections chosen, each with the version of the draft the person saw."""
        return {
            key: opened_with({"version": self.data.get(f"version-{key}", "")})
            for name, taken in self.cleaned_data.items()
            if taken and (key := name.removeprefix("take-"))
        }


class ConflictForm(forms.Form):
    """Conflicts before content: one of the listed kinds, and a sentence where there is one."""

    kind = forms.ChoiceField(
        label=say("Do you have a conflict of interest?"),
        choices=Conflict.Kind.choices,
        widget=forms.RadioCards,
    )
    statement = forms.Text(
        label=say("What it is"),
        max_length=2_000,
        required=False,
        help_text=say("Only where you have one. It is kept in the record."),
    )


class PassagesForm(forms.Form):
    """What else must not be read in a redacted copy."""

    passages = forms.Text(
        label=say("Passages to mask"),
        max_length=5_000,
        help_text=say(
            "One a line, as it stands in the copy. Each is masked wherever it stands, "
            "whatever its case and accents."
        ),
    )


class ReviewForm(Judged):
    """The rubric. It shows and reads; `proposals.reviewing` judges."""

    def __init__(self, rubric: ReviewRubric, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rubric = rubric
        for criterion in rubric.criteria:
            self.fields[reviewing.field_of(criterion.key)] = forms.ChoiceField(
                label=f"{criterion.label} ({criterion.weight} %)",
                help_text=criterion.question,
                choices=[
                    *(
                        (str(value), f"{value}  {anchor}")
                        for value, anchor in enumerate(criterion.anchors, 1)
                    ),
                    (reviewing.NOT_APPLICABLE, say("Not applicable")),
                ],
                widget=RadioSelect,
            )
        self.fields["confidence"] = forms.ChoiceField(
            label=say("How sure are you?"),
            choices=[(str(c.value), c.label) for c in Review.Confidence],
            widget=RadioSelect,
        )
        self.fields["comment_applicant"] = forms.Text(
            label=say("To the applicant"),
            max_length=reviewing.COMMENT_MAX,
            help_text=say(
                "What would help them. It goes with the decision letter, without your name."
            ),
        )
        self.fields["comment_board"] = forms.Text(
            label=say("To the board"),
            max_length=reviewing.COMMENT_MAX,
            required=False,
            help_text=say(
                "What the applicant need not read. The board sees it, without your name."
            ),
        )

    def raw(self) -> dict[str, str]:
        """What was sent, by field."""
        return {name: str(self.data.get(name, "")) for name in self.fields}

    def scores(self) -> dict[str, str]:
        """What was sent, by criterion."""
        return {
            c.key: str(self.data.get(reviewing.field_of(c.key), "")) for c in self.rubric.criteria
        }


class AssignForm(forms.Form):
    """Who shall review. The list holds the panel without those recused; the policy decides."""

    reviewer = forms.ModelChoiceField(
        label=say("Reviewer"), queryset=User.objects.none(), empty_label=say("Choose a reviewer")
    )

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proposal = proposal
        reviewer: Any = self.fields["reviewer"]
        reviewer.label_from_instance = _named
        reviewer.queryset = _assignable(*self._case, now())
        if not self.is_bound:
            none = ("", reviewer.empty_label)
            reviewer.widget.choices = CallableChoiceIterator(
                lambda: [none, *((user.pk, _named(user)) for user in self.candidates())]
            )

    @property
    def _case(self) -> tuple[int, int, int]:
        return self.proposal.pk, self.proposal.program_id, self.proposal.applicant_id

    def candidates(self) -> list[User]:
        """Who can be chosen; read once."""
        if not hasattr(self, "_candidates"):
            self._candidates = _candidates(*self._case, now())
        return self._candidates


def _assignable(proposal: int, program: int, applicant: int, at: dt.datetime) -> QuerySet[User]:
    """The panel without those asked already, those recused and the applicant."""
    taken = Assignment.objects.standing().filter(proposal_id=proposal).values("reviewer_id")
    recused = Conflict.objects.recusing().filter(
        subject_type=label_of(Proposal), subject_id=proposal
    )
    people = holders(program, roles.REVIEWER, at=at).exclude(pk__in=taken)
    people = people.exclude(pk=applicant).exclude(pk__in=recused.values("user_id"))
    return people.order_by("name")


_candidates = read(_assignable)


def _named(user: User) -> str:
    return f"{user} ({user.affiliation})" if user.affiliation else str(user)


class PutOnForm(forms.Form):
    """Who else shall be asked for one proposal: anybody on the panel not asked yet."""

    reviewer = forms.ModelChoiceField(
        label=say("Somebody else"),
        queryset=User.objects.none(),
        empty_label=say("Choose a reviewer"),
    )

    def __init__(self, *args: Any, people: list[User], taken: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reviewer: Any = self.fields["reviewer"]
        keys = [user.pk for user in people if user.pk not in taken]
        reviewer.queryset = User.objects.filter(pk__in=keys).order_by("name")
        reviewer.label_from_instance = _named


class ReviewingForm(forms.Form):
    """What a reviewer works on, and how many reviews of a call they take."""

    works_on = forms.Text(
        label=say("I work on"),
        required=False,
        max_length=2_000,
        help_text=say(
            "One field a line, as a proposal would name it: “prompt injection”, “red "
            "teaming”. Proposals whose text names it reach you first."
        ),
    )
    knows = forms.Text(
        label=say("I know enough to judge"),
        required=False,
        max_length=2_000,
        help_text=say("One field a line. It counts half."),
    )
    seat = forms.ChoiceField(
        label=say("I speak for"),
        required=False,
        choices=[("", say("None in particular")), *roles.Seat.choices],
        help_text=say("A panel should not hear one side alone."),
    )
    places = forms.IntegerField(
        label=say("Reviews of one call, at most"),
        min_value=0,
        max_value=200,
        help_text=say("0 while you take none."),
        error_messages=dict.fromkeys(
            ("min_value", "max_value"), say("Give a number from 0 to 200.")
        ),
    )

    def said(self) -> dict[str, Any]:
        """As the service takes it."""
        found = dict(self.cleaned_data)
        for name in ("works_on", "knows"):
            found[name] = [line for line in found[name].splitlines() if line.strip()]
        return found


class AbsenceForm(forms.Form):
    """Days on which somebody does not review."""

    starts_on = forms.DateField(label=say("First day away"))
    ends_on = forms.DateField(label=say("Last day away"))


class OutcomeForm(forms.Form):
    """What a discussion came to."""

    outcome = forms.Text(
        label=say("What the discussion came to"),
        max_length=5_000,
        help_text=say("The board reads it. Scores stay as they were sent."),
    )
