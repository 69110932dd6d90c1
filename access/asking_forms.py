"""The forms of a request and of what becomes of it. Services judge; forms read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final

from access import checks, fitting, handling
from access.checks import HOLDS, NOTE, Answer, Line
from access.fitting import Asked
from access.models import AccessRequest, Dataset, Grant
from access.services.asking import Excepting
from access.states import Operation
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import joined, say
from fellowship.web import forms
from fellowship.web.actions import place
from governance.models import RuleVersion
from governance.policy.exceptions import OWNERS
from scoping.models import Collaborator, Fellowship
from scoping.queries import signed_scope

LESSER: Final = "lesser_"
YES_NO: Final = [("yes", say("Yes")), ("no", say("No"))]


class RequestForm(forms.Form):
    """What one asks for. Operations the tier never allows are offered to an exception alone."""

    person = forms.ModelChoiceField(
        label=say("For whom?"),
        queryset=User.objects.none(),
        help_text=say("Data is granted to each person by name; each accepts their own agreement."),
    )
    operations = forms.MultipleChoiceField(
        label=say("What would you do with it?"),
        widget=forms.Checks,
        help_text=say("Only what you need."),
    )
    fields_wanted = forms.MultipleChoiceField(
        label=say("Which fields?"),
        widget=forms.Checks,
        help_text=say("Only those the question needs."),
    )
    row_filters = forms.MultipleChoiceField(
        label=say("Which rows?"),
        required=False,
        widget=forms.Checks,
        help_text=say("None chosen means all rows."),
    )
    purpose = forms.Text(
        label=say("Purpose"),
        max_length=4_000,
        help_text=say("What question needs this data, and how."),
    )
    why_less_would_not_do = forms.Text(
        label=say("Why would less not do?"),
        max_length=4_000,
        help_text=say("Fewer fields, fewer rows, a shorter time."),
    )
    starts_on = forms.DateField(label=say("From"))
    ends_on = forms.DateField(label=say("Last day"))
    why_unused_is_kept = forms.Text(
        label=say("Why is what was never used asked for again?"),
        required=False,
        max_length=4_000,
        help_text=say("Only where you keep something the table above marks as never used."),
    )
    owner = forms.ModelChoiceField(
        label=say("Owner of the exception"),
        queryset=User.objects.none(),
        help_text=say(
            "Answers for it in the company while it lasts, and is reminded before it ends."
        ),
    )
    rationale = forms.Text(label=say("Why can the rule not be kept?"), max_length=10_000)
    risk = forms.Text(label=say("What could go wrong meanwhile?"), max_length=10_000)
    compensating_measure = forms.Text(
        label=say("What makes up for it meanwhile?"), max_length=10_000
    )
    measure_test = forms.Text(label=say("How is that tested?"), max_length=10_000)
    expires_on = forms.DateField(
        label=say("Until"),
        help_text=say("The whole day counts. Then the rule applies again by itself."),
    )

    def __init__(
        self,
        *args: Any,
        dataset: Dataset,
        case: Fellowship,
        rule: RuleVersion,
        lesser: Sequence[Dataset],
        excepting: bool = False,
        renews: Grant | None = None,
        revises: AccessRequest | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lesser_variants, self.excepting = lesser, excepting
        self.dataset, self.case, self.rule = dataset, case, rule
        self.renews, self.revises = renews, revises
        never_too = excepting or bool(revises and revises.excepted)
        self.fields["operations"].choices = _operations(dataset, case, rule, never_too)  # type: ignore[attr-defined]
        self._offer_people()
        self._offer_parts(dataset)
        self._ask_only_what_is_open()
        for variant in lesser:
            self.fields[f"{LESSER}{variant.pk}"] = forms.Text(
                label=say("Why does “{name}” not serve?", name=variant.name),
                max_length=2_000,
                help_text=f"{variant.get_variant_display()}: {variant.description[:200]}",
            )

    def _offer_people(self) -> None:
        """The fellow and the collaborators who take part; not asked where there is one person."""
        collaborators = Collaborator.objects.active().filter(fellowship=self.case)
        people = {self.case.fellow_id, *collaborators.values_list("person_id", flat=True)}
        if len(people) == 1 or self.renews or self.revises:
            del self.fields["person"]
            return
        self.fields["person"].queryset = User.objects.filter(pk__in=people).order_by("name")  # type: ignore[attr-defined]

    def _offer_parts(self, dataset: Dataset) -> None:
        if dataset.fields:
            self.fields["fields_wanted"].choices = field_choices(dataset)  # type: ignore[attr-defined]
        else:
            del self.fields["fields_wanted"]
        if dataset.row_filters:
            self.fields["row_filters"].choices = row_choices(dataset)  # type: ignore[attr-defined]
        else:
            del self.fields["row_filters"]

    def _ask_only_what_is_open(self) -> None:
        if not self.excepting:
            for name in EXCEPTION:
                del self.fields[name]
        else:
            staff = holders(self.case.program_id, *OWNERS).filter(is_active=True)
            self.fields["owner"].queryset = staff.distinct().order_by("name")  # type: ignore[attr-defined]
        today = self.case.program.today()
        begins = fitting.first_day_after(self.renews) if self.renews else today
        if self.renews:
            del self.fields["starts_on"]
        else:
            del self.fields["why_unused_is_kept"]
        last = handling.longest_end(self.rule, self.dataset.tier, max(begins, self.case.starts_on))
        latest = say("At the latest {min:%-d %B %Y}", min=min(last, self.case.ends_on))
        self.fields["ends_on"].help_text = (
            say("{latest}: it begins on {begins:%-d %B %Y}.", latest=latest, begins=begins)
            if self.renews
            else say("{latest}, if it begins today.", latest=latest)
        )

    def clean(self) -> dict[str, Any]:
        """Everything the policy would refuse, at once and each at its field."""
        data: dict[str, Any] = super().clean() or {}
        for problem in fitting.problems(self._asked(data)):
            excepted = self.excepting or bool(self.revises and self.revises.excepted)
            if problem.code in fitting.EXCEPTABLE and excepted:
                continue
            if problem.field not in self.errors:
                place(self, problem)
        return data

    def _asked(self, data: dict[str, Any]) -> Asked:
        person = self.renews.person if self.renews else None
        person = person or (self.revises.person if self.revises else None)
        begins = fitting.first_day_after(self.renews) if self.renews else data.get("starts_on")
        renews = self.renews or (self.revises.renews if self.revises else None)
        return Asked(
            fellowship=self.case,
            dataset=self.dataset,
            person=person or data.get("person") or self.case.fellow,
            rule=self.rule,
            operations=data.get("operations", ()),
            fields=data.get("fields_wanted", ()),
            row_filters=data.get("row_filters", ()),
            starts_on=begins,
            ends_on=data.get("ends_on"),
            renews=renews,
            instead_of=self.revises,
        )

    @property
    def lesser_fields(self) -> list[Any]:
        """The bound fields that ask about each lesser variant."""
        return [self[f"{LESSER}{variant.pk}"] for variant in self.lesser_variants]

    @property
    def exception_fields(self) -> list[Any]:
        """The bound fields that say what is excepted, and what makes up for it."""
        return [self[name] for name in EXCEPTION if name in self.fields]

    def asked(self) -> dict[str, Any]:
        """The arguments of the verb that asks, renews or revises."""
        data = self.cleaned_data
        names = ("purpose", "why_less_would_not_do", "starts_on", "ends_on", "person")
        found = {name: data[name] for name in (*names, "why_unused_is_kept") if name in data}
        if self.excepting:
            found["excepting"] = self._excepting(data)
        return found | {
            "operations": data["operations"],
            "fields": data.get("fields_wanted", []),
            "row_filters": data.get("row_filters", []),
            "lesser": {v.ref: data[f"{LESSER}{v.pk}"] for v in self.lesser_variants},
        }

    def _excepting(self, data: dict[str, Any]) -> Excepting:
        expires: dt.date = data["expires_on"]
        return Excepting(
            owner=data["owner"],
            rationale=data["rationale"],
            risk=data["risk"],
            compensating_measure=data["compensating_measure"],
            measure_test=data["measure_test"],
            expires_at=self.case.program.calendar().end_of_day(expires),
        )


EXCEPTION: Final = (
    *("owner", "rationale", "risk", "compensating_measure", "measure_test", "expires_on"),
)


def field_choices(dataset: Dataset, names: Iterable[str] = ()) -> list[tuple[str, Any]]:
    """The dataset's fields to choose from, or those named."""
    wanted = set(names) or set(dataset.field_names)
    return [
        (
            field["name"],
            forms.Described(
                field["name"] + (" (sensitive)" if field.get("sensitive") else ""),
                field.get("description", ""),
            ),
        )
        for field in dataset.fields
        if field["name"] in wanted
    ]


def row_choices(dataset: Dataset, keys: Iterable[str] = ()) -> list[tuple[str, Any]]:
    """The dataset's row filters to choose from, or those named."""
    wanted = set(keys) or set(dataset.row_filter_keys)
    return [
        (row["key"], forms.Described(row["label"], row.get("description", "")))
        for row in dataset.row_filters
        if row["key"] in wanted
    ]


def _operations(
    dataset: Dataset, case: Fellowship, rule: RuleVersion, never_too: bool
) -> list[tuple[str, forms.Described]]:
    scope = signed_scope(case)
    signed = scope.operations if scope else []
    choices = []
    for line in handling.lines(rule, dataset.tier):
        never = line.answer == handling.NO
        if never and not never_too:
            continue
        hints = (
            say("Never for this tier: an exception opens it.") if never else "",
            "" if line.operation in signed else say("Not in the signed scope of work."),
        )
        said = joined(" ", filter(None, hints))
        choices.append((line.operation, forms.Described(line.label, said)))
    return choices


def said_before(request: AccessRequest, lesser: Sequence[Dataset]) -> dict[str, Any]:
    """What a request says, for the form that changes it."""
    why = {row["ref"]: row["why"] for row in request.lesser}
    names = ("operations", "row_filters", "purpose", "why_less_would_not_do", "starts_on")
    return {
        **{name: getattr(request, name) for name in (*names, "ends_on")},
        "fields_wanted": request.fields,
        **{f"{LESSER}{variant.pk}": why.get(variant.ref, "") for variant in lesser},
    }


class CheckForm(forms.Form):
    """The steward's check: each statement holds or not, a note beside it, and what follows."""

    outcome = forms.ChoiceField(
        label=say("What follows?"),
        choices=[
            ("check", forms.Described(say("It can be decided"), say("Every statement holds."))),
            (
                "send_back",
                forms.Described(say("Send it back for changes"), say("Nothing of it is lost.")),
            ),
        ],
        widget=forms.RadioCards,
    )
    reason = forms.Text(
        label=say("Your word"),
        max_length=4_000,
        help_text=say("What you found, for who decides; or what is to change, for who asked."),
    )

    def __init__(self, *args: Any, lines: Sequence[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            key = line.question.key
            self.fields[f"{HOLDS}{key}"] = forms.ChoiceField(
                label=line.question.statement,
                choices=YES_NO,
                required=False,
                widget=forms.RadioScale,
            )
            self.fields[f"{NOTE}{key}"] = forms.CharField(
                label=say("Note"), required=False, max_length=2_000
            )
            for name in (f"{HOLDS}{key}",):
                self.fields[name].says_optional = False  # type: ignore[attr-defined]

    @property
    def rows(self) -> list[tuple[Line, Any, Any]]:
        """Each question: its evidence, the bound answer and note."""
        return [
            (line, self[f"{HOLDS}{line.question.key}"], self[f"{NOTE}{line.question.key}"])
            for line in self.lines
        ]

    def answers(self) -> dict[str, Answer]:
        """The questions answered, by key."""
        found = {}
        for key in checks.QUESTIONS:
            if said := self.cleaned_data.get(f"{HOLDS}{key}"):
                found[key] = Answer(said == "yes", self.cleaned_data.get(f"{NOTE}{key}", ""))
        return found


class NarrowForm(forms.Form):
    """What of a grant goes on. Everything is what is granted now; leave out what is not needed."""

    operations = forms.MultipleChoiceField(label=say("Operations that go on"), widget=forms.Checks)
    fields_wanted = forms.MultipleChoiceField(label=say("Fields that go on"), widget=forms.Checks)
    row_filters = forms.MultipleChoiceField(
        label=say("Rows that go on"), required=False, widget=forms.Checks
    )
    reason = forms.Text(
        label=say("Why does less do?"),
        max_length=2_000,
        help_text=say("Kept in the record with your name."),
    )

    def __init__(self, *args: Any, grant: Grant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dataset = grant.dataset
        labels = dict(Operation.choices)
        self.fields["operations"].choices = [(o, labels[o]) for o in grant.operations]  # type: ignore[attr-defined]
        if dataset.fields:
            self.fields["fields_wanted"].choices = field_choices(dataset, grant.fields)  # type: ignore[attr-defined]
        else:
            del self.fields["fields_wanted"]
        if dataset.row_filters:
            self.fields["row_filters"].choices = row_choices(dataset, grant.row_filters)  # type: ignore[attr-defined]
            if not grant.row_filters:
                self.fields["row_filters"].help_text = say(
                    "All rows are granted now; none chosen: all."
                )
        else:
            del self.fields["row_filters"]

    def left(self) -> dict[str, Any]:
        """The arguments of `services.narrow_grant`."""
        data = self.cleaned_data
        return {
            "operations": data["operations"],
            "fields": data.get("fields_wanted", []),
            "row_filters": data.get("row_filters", []),
            "reason": data["reason"],
        }


def granted_now(grant: Grant, found: Any = None) -> dict[str, Any]:
    """What a grant allows, as a form starts from it; with its usage, what of it was used.

    Where nothing was used, or nothing is known of fields, it starts from what was granted.
    """
    operations = found.used(found.operations) if found else []
    fields = found.used(found.fields) if found else []
    return {
        "operations": operations or grant.operations,
        "fields_wanted": fields or grant.fields,
        "row_filters": grant.row_filters,
        "purpose": grant.purpose,
    }
