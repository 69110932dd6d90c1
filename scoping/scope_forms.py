"""The forms of a scope of work's clauses, made from its sections; stages are rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.forms import BoundField, Field, HiddenInput

from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import say
from fellowship.programs.models import FellowshipModel
from fellowship.programs.states import Freedom
from fellowship.web import forms
from scoping import document, stages
from scoping.models import ScopeOfWork
from scoping.sections import CLAUSES, SECTIONS, TEXT_MAX, Clause, Section, milestone_lines
from scoping.stages import STAGED, Stage, Terms
from scoping.values import DAYS_MAX, NAMES_MAX, TITLE_MAX, parse_milestones

ROWS_MAX: Final = 8
_YES_NO: Final = (("yes", say("Yes")), ("no", say("No")))
_SINGLE: Final = {key: clause for key, clause in CLAUSES.items() if clause.kind != "stages"}


def _field(clause: Clause) -> Field:
    common: dict[str, Any] = {
        "label": clause.label,
        "help_text": clause.hint,
        "required": clause.required,
    }
    if clause.kind == "choices":
        return forms.MultipleChoiceField(choices=clause.choices, widget=forms.Checks, **common)
    if clause.kind == "choice":
        return forms.ChoiceField(choices=clause.choices, widget=forms.RadioCards, **common)
    if clause.kind == "yes_no":
        common["required"] = True
        return forms.ChoiceField(choices=_YES_NO, widget=forms.RadioCards, **common)
    if clause.kind == "days":
        return forms.IntegerField(min_value=0, max_value=DAYS_MAX, **common)
    field = forms.Text(max_length=TEXT_MAX, **common)
    field.widget.attrs["rows"] = clause.rows
    return field


# The fields come from the sections, so that form and document cannot drift.
_Clauses: Any = type(
    say("Clauses"), (forms.Form,), {key: _field(clause) for key, clause in _SINGLE.items()}
)


class ScopeForm(_Clauses):
    """Every clause of a version; `changes` holds those that differ from it."""

    def __init__(self, data: Any = None, *, scope: ScopeOfWork, **kwargs: Any) -> None:
        self.scope = scope
        self.known = stages.read(scope.stages)
        kwargs.setdefault("initial", _initial(document.values(scope)))
        super().__init__(data, **kwargs)
        for number in range(self._rows_shown(data)):
            stage = self.known[number] if number < len(self.known) else None
            for name, field in _stage_fields(stage, scope, self._datasets_asked(data)).items():
                self.fields[f"stage-{number}-{name}"] = field

    def groups(self) -> list[tuple[Section, list[BoundField]]]:
        """The fields under the headings of the document, but for the stages."""
        return [(s, [self[c.key] for c in s.clauses if c.key in _SINGLE]) for s in SECTIONS]

    def stage_rows(self) -> Iterator[tuple[str, list[BoundField], bool]]:
        """The fields of each stage, for the page, under its title; whether one of them is wrong."""
        for number in range(ROWS_MAX):
            if names := self._names(number):
                known = self.known[number].title if number < len(self.known) else ""
                wrong = any(name in self.errors for name in names)
                yield known or say("A further stage"), [self[name] for name in names], wrong

    def changes(self) -> dict[str, Any]:
        """Clause keys to values in the form services take, of those that differ."""
        before = document.values(self.scope)
        said = {key: self._value(clause) for key, clause in _SINGLE.items()}
        if self._names(0):
            said["stages"] = self._stages({**before, **said})
        return {key: value for key, value in said.items() if value != before[key]}

    def clean_milestones(self) -> list[dict[str, str]]:
        """The lines as milestones, those known before under their keys."""
        return self._planned("milestones", "m")

    def clean_checkpoints(self) -> list[dict[str, str]]:
        """The lines as review checkpoints, those known before under their keys."""
        return self._planned("checkpoints", "c")

    def clean_datasets(self) -> list[str]:
        """One name a line."""
        names = _lines(self.cleaned_data["datasets"])
        if len(names) > NAMES_MAX:
            raise ValidationError(
                say("At most {NAMES_MAX} datasets.", NAMES_MAX=NAMES_MAX), code="too_many"
            )
        return names

    def clean(self) -> dict[str, Any]:
        """A stage is named, dated and says how freely one may publish, or its row is empty."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        filled = [number for number in range(ROWS_MAX) if data.get(f"stage-{number}-title")]
        for number in filled:
            for name, missing in _MISSING.items():
                field = f"stage-{number}-{name}"
                if not data.get(field) and field not in self.errors:
                    self.add_error(field, missing)
        if len(filled) == 1:
            self.add_error("stage-1-title", say("A residency has at least two stages."))
        return data

    def _planned(self, key: str, prefix: str) -> list[dict[str, str]]:
        kind = "deliverable" if key == "milestones" else "checkpoint"
        try:
            found = parse_milestones(self.cleaned_data[key], getattr(self.scope, key), prefix)
        except ValueError as error:
            raise ValidationError(str(error), code=key) from error
        return sorted(
            ({**item, "kind": kind} for item in found), key=lambda item: (item["due"], item["key"])
        )

    def _value(self, clause: Clause) -> Any:
        value = self.cleaned_data[clause.key]
        return value == "yes" if clause.kind == "yes_no" else value

    def _rows_shown(self, data: Any) -> int:
        if data is not None:
            return max((n + 1 for n in range(ROWS_MAX) if f"stage-{n}-title" in data), default=0)
        hybrid = self.scope.fellowship.model == FellowshipModel.Key.HYBRID
        return min(len(self.known) + 1, ROWS_MAX) if hybrid or self.known else 0

    def _datasets_asked(self, data: Any) -> list[str]:
        if data is None:
            return list(self.scope.datasets)
        return list(dict.fromkeys([*_lines(str(data.get("datasets", ""))), *self.scope.datasets]))

    def _names(self, number: int) -> list[str]:
        return [name for name in self.fields if name.startswith(f"stage-{number}-")]

    def _stages(self, said: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows as stages. What a row leaves as it was follows the clause that bounds it."""
        old, bounds, found = self.scope.bounds(), Terms.read(said), []
        for number in range(ROWS_MAX):
            title = self.cleaned_data.get(f"stage-{number}-title")
            if not title:
                continue
            known = self.known[number] if number < len(self.known) else None
            row = {name: self.cleaned_data[f"stage-{number}-{name}"] for name in _ROW}
            was = (known.terms(old) if known else old).write()
            shown = Terms.read({**row, "code_may_leave": row["code_may_leave"] == "yes"}).write()
            less = {key: shown[key] for key in STAGED if shown[key] != was[key]}
            kept = {k: v for k, v in (known.less if known else {}).items() if k not in less}
            key = known.key if known else f"s{number + 1}"
            made = Stage(key, title, row["from"], kept, Freedom(row["freedom"]), row["switch"])
            less = {**made.clipped(bounds).less, **less}
            same = {k for k, v in less.items() if v == bounds.write()[k]}
            less = {k: v for k, v in less.items() if k not in same}
            found.append(
                Stage(key, title, row["from"], less, Freedom(row["freedom"]), row["switch"]).write()
            )
        return sorted(found, key=lambda stage: stage["from"])


_ROW: Final = ("from", *STAGED, "freedom", "switch")
_MISSING: Final = {
    "from": say("Say from which day the stage holds."),
    "freedom": say("Choose how freely one may publish in this stage."),
    **dict.fromkeys(
        ("max_tier", "environment", "code_may_leave"), say("Choose one for this stage.")
    ),
}


def _stage_fields(stage: Stage | None, scope: ScopeOfWork, datasets: list[str]) -> dict[str, Field]:
    bounds = scope.bounds()
    terms = (stage.terms(bounds) if stage else bounds).write()
    names = [(name, name) for name in datasets]
    fields: dict[str, Field] = {
        "title": forms.CharField(label=say("Stage"), max_length=TITLE_MAX),
        "from": forms.DateField(label=say("From")),
        "max_tier": _choice("max_tier"),
        "datasets": forms.MultipleChoiceField(
            label=say("Datasets"), choices=names, widget=forms.Checks
        ),
        "operations": _field(CLAUSES["operations"]),
        "environment": _choice("environment"),
        "code_may_leave": forms.ChoiceField(
            label=CLAUSES["code_may_leave"].label, choices=[("", say("Choose")), *_YES_NO]
        ),
        "freedom": forms.ChoiceField(
            label=say("Freedom to publish"), choices=[("", say("Choose")), *Freedom.choices]
        ),
        "switch": forms.Text(
            label=say("What is looked at before the next stage"), max_length=1_000
        ),
    }
    shown: dict[str, Any] = {**terms, "code_may_leave": "yes" if terms["code_may_leave"] else "no"}
    if stage:
        shown |= {"title": stage.title, "from": stage.since}
        shown |= {"freedom": str(stage.freedom), "switch": stage.switch}
    for name, field in fields.items():
        field.required, field.help_text = False, ""
        field.initial = shown.get(name)
        field.says_optional = False  # type: ignore[attr-defined]  # a row is whole or empty
    return fields


def _choice(key: str) -> Field:
    clause = CLAUSES[key]
    return forms.ChoiceField(label=clause.label, choices=[("", say("Choose")), *clause.choices])


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(filter(None, (line.strip() for line in text.splitlines()))))


def _initial(values: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(values)
    shown["datasets"] = "\n".join(values["datasets"])
    shown["milestones"] = milestone_lines(values["milestones"])
    shown["checkpoints"] = milestone_lines(values["checkpoints"])
    shown["code_may_leave"] = "yes" if values["code_may_leave"] else "no"
    return shown


class AmendForm(ScopeForm):
    """A change asked for: the clauses, why, and over which version it was written."""

    reason = forms.Text(
        label=say("Why the scope should change"),
        max_length=2_000,
        help_text=say("The other side, and the board where it decides, read this first."),
    )
    over = forms.IntegerField(widget=HiddenInput, min_value=1, max_value=32_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["over"].initial = self.scope.number

    def fingerprint(self) -> str:
        """What the changes come to, so that what is sent is what was shown with its route."""
        return digest([self.changes(), self.cleaned_data["over"]])
