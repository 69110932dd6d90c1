"""Forms of rules: their parameters and text, and a date to look at them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError

from fellowship.kernel.saying import say
from fellowship.web import forms
from governance.parameters import OUT, Leaf, build, leaves, path_words, words
from governance.rulekinds import KINDS
from governance.states import RuleKind
from governance.typed import choices

# --- rules -----------------------------------------------------------------------------------


class OnDateForm(forms.Form):
    """A day in whose evening the rules are asked for."""

    on = forms.DateField(label=say("In force on"), required=False)


class RuleForm(forms.Form):
    """A draft: its words, and one field for each parameter of its kind."""

    title = forms.CharField(label=say("Title"), max_length=200)
    rationale = forms.Text(
        label=say("Why it changes"),
        help_text=say("The board reads this first; it stays in the history."),
    )
    prose = forms.Text(
        label=say("The rule in words"),
        max_length=100_000,
        help_text=say("Markdown. Write what people can hold the programme to."),
    )
    effective_on = forms.DateField(
        label=say("To apply from"),
        required=False,
        help_text=say("Empty means: as soon as the board has decided. Never backwards."),
    )

    def __init__(self, *args: Any, kind: str, parameters: Any, **kwargs: Any) -> None:
        self.leaves: list[Leaf] = leaves(parameters)
        kwargs["initial"] = {
            **(kwargs.get("initial") or {}),
            **{leaf.name: leaf.shown for leaf in self.leaves},
        }
        super().__init__(*args, **kwargs)
        for leaf in self.leaves:
            self.fields[leaf.name] = field = _leaf_field(leaf, choices(KINDS[kind], leaf.path))
            field.in_full = path_words(leaf.at)
        for out in dict.fromkeys(map(_out, self.leaves)):
            if out:
                self.fields[out] = forms.BooleanField(
                    label=say("Leave this one out"), required=False
                )
        self._taken: list[Leaf] = self.leaves

    @property
    def asked_as(self) -> dict[str, str]:
        """The field of each parameter, by its path in what the verb takes."""
        return {
            ".".join(("parameters", *map(str, self._there(leaf).path))): leaf.name
            for leaf in self._taken
        }

    def _there(self, leaf: Leaf) -> Leaf:
        """The parameter at the place it is taken to: entries that are left out leave no gap."""
        if not leaf.entry:
            return leaf
        *above, _ = leaf.entry
        beside = dict.fromkeys(it.entry for it in self._taken if it.entry[:-1] == tuple(above))
        number = list(beside).index(leaf.entry)
        return replace(leaf, path=(*above, number, *leaf.path[len(leaf.entry) :]))

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The parameter fields by the part of the rule they belong to."""
        found: dict[str, list[Any]] = {}
        for leaf, after in zip(self.leaves, [*self.leaves[1:], None], strict=True):
            fields = found.setdefault(leaf.group, [])
            fields.append(self[leaf.name])
            if (out := _out(leaf)) and (after is None or _out(after) != out):
                fields.append(self[out])
        return list(found.items())

    def clean(self) -> dict[str, Any]:
        """Put the parameters together again, with the entries of lists that are to be there."""
        data = super().clean() or {}
        values: list[tuple[Leaf, Any]] = []
        begun = {leaf.entry for leaf in self.leaves if leaf.new and data.get(leaf.name)}
        for leaf in self.leaves:
            if (
                leaf.name not in data
                or data.get(_out(leaf))
                or (leaf.new and leaf.entry not in begun)
            ):
                continue
            if leaf.new and data[leaf.name] in ("", None):
                self.add_error(leaf.name, say("Fill this in, or leave all of it empty."))
                continue
            try:
                values.append((leaf, leaf.read(data[leaf.name])))
            except ValueError as error:
                self.add_error(leaf.name, ValidationError(error.args[0]))
        data["parameters"] = build(values)
        for leaf in self.leaves:
            if leaf.entry:
                data["parameters"].setdefault(leaf.entry[0], [])
        self._taken = [leaf for leaf, _ in values]
        for leaf in self._taken:
            field: Any = self.fields[leaf.name]
            field.in_full = path_words(self._there(leaf).at)
        return data


def _out(leaf: Leaf) -> str:
    """The tick that leaves out the entry a parameter is part of; empty where there is none."""
    return "" if leaf.new or not leaf.entry else "__".join(("p", *map(str, leaf.entry), OUT))


class FirstRuleForm(RuleForm):
    """What a first version will say: there is none before it that it changes."""

    rationale = None  # type: ignore[assignment]
    effective_on = None  # type: ignore[assignment]

    def values(self) -> dict[str, Any]:
        """What the verb takes."""
        return {name: self.cleaned_data[name] for name in ("title", "prose", "parameters")}


def _leaf_field(leaf: Leaf, among: Sequence[str] = ()) -> Any:
    if among:
        said = [(value, words(value)) for value in among]
        first = [("", say("Choose"))] if leaf.new else []
        return forms.ChoiceField(label=leaf.label, choices=first + said, required=not leaf.new)
    written = ("line", "window", "share", "text", "lines", "rows")
    needed = leaf.type in written and leaf.value not in (None, "")
    needed = needed and not leaf.new
    common: dict[str, Any] = {"label": leaf.label, "required": needed, "help_text": leaf.hint}
    if leaf.type == "bool":
        return forms.BooleanField(**common)
    if leaf.type == "int":
        return forms.IntegerField(**{**common, "required": not leaf.new}, max_value=10_000_000)
    if leaf.type in ("rows", "text", "lines"):
        return forms.Text(**common, max_length=50_000)
    return forms.CharField(**common, max_length=1_000)


class RuleKindForm(forms.Form):
    """Which rule a new version is drafted of."""

    kind = forms.ChoiceField(label=say("Which rule?"), choices=RuleKind.choices)
