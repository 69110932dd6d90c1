"""Forms of rules: their parameters and text, and a date to look at them on."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError

from fellowship.kernel.saying import say
from fellowship.web import forms
from governance.parameters import Leaf, build, leaves
from governance.states import RuleKind

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

    def __init__(self, *args: Any, parameters: Any, **kwargs: Any) -> None:
        self.leaves: list[Leaf] = leaves(parameters)
        kwargs["initial"] = {
            **(kwargs.get("initial") or {}),
            **{leaf.name: leaf.shown for leaf in self.leaves},
        }
        super().__init__(*args, **kwargs)
        for leaf in self.leaves:
            self.fields[leaf.name] = _leaf_field(leaf)

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The parameter fields by the part of the rule they belong to."""
        found: dict[str, list[Any]] = {}
        for leaf in self.leaves:
            found.setdefault(leaf.group, []).append(self[leaf.name])
        return list(found.items())

    def clean(self) -> dict[str, Any]:
        """Put the parameters together again."""
        data = super().clean() or {}
        values: list[tuple[Leaf, Any]] = []
        for leaf in self.leaves:
            if leaf.name not in data:
                continue
            try:
                values.append((leaf, leaf.read(data[leaf.name])))
            except (ValueError, json.JSONDecodeError) as error:
                self.add_error(leaf.name, ValidationError(str(error)))
        data["parameters"] = build(values)
        return data


class FirstRuleForm(RuleForm):
    """What a first version will say: there is none before it that it changes."""

    rationale = None  # type: ignore[assignment]
    effective_on = None  # type: ignore[assignment]

    def values(self) -> dict[str, Any]:
        """What the verb takes."""
        return {name: self.cleaned_data[name] for name in ("title", "prose", "parameters")}


def _leaf_field(leaf: Leaf) -> Any:
    needed = leaf.type in ("line", "text", "lines", "json") and leaf.value not in (None, "")
    common: dict[str, Any] = {"label": leaf.label, "required": needed, "help_text": leaf.hint}
    if leaf.type == "bool":
        return forms.BooleanField(**common)
    if leaf.type == "int":
        return forms.IntegerField(**{**common, "required": True}, max_value=10_000_000)
    if leaf.type in ("json", "text", "lines"):
        return forms.Text(**common, max_length=50_000)
    return forms.CharField(**common, max_length=1_000)


class RuleKindForm(forms.Form):
    """Which rule a new version is drafted of."""

    kind = forms.ChoiceField(label=say("Which rule?"), choices=RuleKind.choices)
