"""Forms of the audit room: scopes, instants, samples and tests."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.forms import Select
from django.utils.choices import BaseChoiceIterator
from django.utils.safestring import SafeString

from fellowship.kernel.saying import joined, kept, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import forms, verbs
from fellowship.web.components import fields
from fellowship.web.items import Link
from fellowship.web.markup import markup
from oversight.audit import sample, search
from oversight.audit import scope as scopes
from oversight.forms import FORMATS, Period, midnight
from oversight.models import Sample

SEVERAL = ("actor", "kind", "verb")
"""The fields of a scope of which one may ask for several."""
SAVED = (*SEVERAL, "words", "from_on", "to_on", "reference", "case", "looks")
"""What of an address makes a scope."""


class AddOne(Select):
    """A list to choose one more from: the address holds all, the list itself shows none."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """All values of this name."""
        values = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        return [value for value in values if value]

    def format_value(self, value: Any) -> list[str]:
        """Nothing is chosen in the list: what was chosen stands beside it."""
        return [""]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """As any list; what may be added is hundreds of options, the same on every page."""
        held: Any = self.choices
        first, *rest = held
        self.choices = Pairs(first, ())
        html = super().render(name, value, attrs, renderer)
        self.choices = held
        more = _options(tuple(rest))
        return SafeString(html.replace("</select>", f"{more}</select>"))


@kept(64)
def _options(choices: tuple[tuple[str, str], ...]) -> SafeString:
    """Options of which none is chosen, by application where their keys name one."""
    if not all("." in key for key, _ in choices):
        return _one_group(choices)
    groups = scopes.by_application(choices)
    return SafeString(
        "".join(
            markup('<optgroup label="{}">{}</optgroup>', name, _one_group(group))
            for name, group in groups
        )
    )


def _one_group(choices: Iterable[tuple[str, str]]) -> SafeString:
    return SafeString(
        "".join(markup('<option value="{}">{}</option>', key, str(label)) for key, label in choices)
    )


class Pairs(BaseChoiceIterator):
    """Choices that are pairs of key and words already: Django need not look at each."""

    def __init__(self, first: tuple[str, str], more: Sequence[tuple[str, str]]) -> None:
        self._all = [first, *more]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._all)


class Several(forms.MultipleChoiceField):
    """Any of some keys; one that is not known narrows nothing."""

    widget = AddOne

    def to_python(self, value: Any) -> list[str]:
        """The known keys, each once, in the order given."""
        if not value:
            return []
        choices: Any = self.choices
        known = {str(key) for key, _ in choices}
        return [key for key in dict.fromkeys(super().to_python(value)) if key in known and key]


class ScopeForm(Period, forms.Form):
    """What an auditor asks for. Every field narrows; all are optional."""

    words = forms.CharField(
        label=say("Words"),
        max_length=100,
        required=False,
        help_text=say(
            "In reasons and texts, past wordings too. “In quotation marks” stays together."
        ),
    )
    from_on = forms.DateField(label=say("From"), required=False)
    to_on = forms.DateField(label=say("Up to and with"), required=False)
    actor = Several(label=say("Person"), required=False)
    kind = Several(label=say("Kind of record"), required=False)
    verb = Several(label=say("Act"), required=False)
    reference = forms.CharField(label=say("Reference"), max_length=40, required=False)
    case = forms.BooleanField(label=say("The whole case"), required=False)
    looks = forms.BooleanField(label=say("With auditors’ looks"), required=False)

    def __init__(self, program: Program, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = scopes.actors(program.pk)
        listed: Mapping[str, Sequence[tuple[str, str]]] = {
            "actor": [(str(pk), name or email) for pk, name, email in people],
            "kind": scopes.kinds(),
            "verb": _acts(tuple(verbs.known().items())),
        }
        for name, choices in listed.items():
            field: Any = self.fields[name]
            more = self.data.getlist(name) if hasattr(self.data, "getlist") else []
            field.choices = Pairs(("", say("Add another") if any(more) else say("Any")), choices)

    def asked(self) -> dict[str, Any]:
        """The fields that were understood, as the scope takes them."""
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        to_on = data.get("to_on")
        return {
            "from_at": midnight(data.get("from_on")),
            "to_at": midnight(to_on + dt.timedelta(days=1)) if to_on else None,
            "actors": tuple(int(pk) for pk in data.get("actor") or ()),
            "kinds": tuple(data.get("kind") or ()),
            "verbs": tuple(data.get("verb") or ()),
            "reference": data.get("reference") or "",
            "case": bool(data.get("case") and data.get("reference")),
            "words": data.get("words") or "",
            "looks": bool(data.get("looks")),
        }

    @property
    def chosen(self) -> Iterator[tuple[str, str, str]]:
        """What is chosen of which there may be several: field, key and words."""
        said = getattr(self, "cleaned_data", {}) if self.is_bound else self.initial
        if self.is_bound and self.is_valid():
            said = self.cleaned_data
        for name in SEVERAL:
            field: Any = self.fields[name]
            words = {str(key): label for key, label in field.choices if key}
            for key in said.get(name) or ():
                if key in words:
                    yield name, key, words[key]

    @property
    def words_chosen(self) -> str:
        """What is chosen of which there may be several, as one line."""
        return joined(", ", (words for _, _, words in self.chosen))

    @property
    def chips(self) -> list[Link]:
        """Each of these, with the address that lets it go."""
        pairs = self._pairs()
        return [
            Link(
                f"{self.fields[name].label}: {words}",
                "?" + urlencode([pair for pair in pairs if pair != (name, key)]),
            )
            for name, key, words in self.chosen
        ]

    @property
    def query(self) -> str:
        """The scope as an address holds it: known names alone, in one order."""
        return urlencode(self._pairs())

    def _pairs(self) -> list[tuple[str, str]]:
        self.is_valid()
        wrong = set(self.errors)
        data: Any = self.data
        return [
            (name, value)
            for name in SAVED
            if name not in wrong
            for value in dict.fromkeys(data.getlist(name))
            if value
        ]

    def clean_words(self) -> str:
        """Words long enough to be looked for."""
        words = str(self.cleaned_data.get("words") or "")
        if words.strip() and not search.split(words):
            self.add_error(
                "words", say("Give words of at least {LEAST} letters.", LEAST=search.LEAST)
            )
            return ""
        return words.strip()


for name, field in ScopeForm.base_fields.items():
    if name != "actor":  # whose choices are the programme's people
        fields.keep(field)


@functools.lru_cache(maxsize=1)
def _acts(known: tuple[tuple[str, str], ...]) -> Sequence[tuple[str, str]]:
    """The verbs in the order of their words."""
    return sorted(known, key=lambda pair: pair[1])


def carried(query: Any) -> dict[str, Any]:
    """The scope an address holds, to begin a form with."""
    return {**query.dict(), **{name: query.getlist(name) for name in SEVERAL}}


class SaveScopeForm(forms.Form):
    """A name for the scope that is shown."""

    name = forms.CharField(label=say("Save this scope as"), max_length=60)
    query = forms.CharField(max_length=2_000, required=False)


class InstantForm(forms.Form):
    """An instant to look back to."""

    at = forms.DateTimeField(label=say("As of"), required=False)

    def clean_at(self) -> Any:
        """An instant to come has no record yet."""
        return _passed(self.cleaned_data["at"])


class SampleForm(Period, forms.Form):
    """How many records of which population, and the seed of an earlier draw to repeat it."""

    size = forms.IntegerField(label=say("How many"), min_value=1, max_value=1_000)
    stratum = forms.ChoiceField(
        label=say("In strata of"),
        required=False,
        help_text=say("So that no group is passed over by chance."),
    )
    allocation = forms.ChoiceField(
        label=say("From each stratum"),
        choices=[choice for choice in Sample.Allocation.choices if choice[0] != sample.WHOLE],
        required=False,
    )
    seed = forms.CharField(
        label=say("Seed"),
        max_length=64,
        required=False,
        help_text=say(
            "Leave it empty for a new draw; give an earlier seed to draw the same again."
        ),
    )
    from_on = forms.DateField(label=say("From"), required=False)
    to_on = forms.DateField(label=say("Up to and with"), required=False)
    reason = forms.Text(label=say("What for"), max_length=500, required=False)

    def __init__(self, strata: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        column: Any = self.fields["stratum"]
        column.choices = [("", say("No strata")), *strata]

    def clean(self) -> Any:
        """Strata and their allocation go together; by their share where nothing else is said."""
        data: dict[str, Any] = super().clean() or {}
        if not data.get("stratum"):
            data["allocation"] = sample.WHOLE
        elif not data.get("allocation"):
            data["allocation"] = sample.PROPORTIONAL
        return data


class TestForm(Period, forms.Form):
    """The period a control is tested over."""

    from_on = forms.DateField(label=say("From"), required=False)
    to_on = forms.DateField(label=say("Up to and with"), required=False)


class ExportForm(ScopeForm):
    """Any scope of the record, an instant to look back to, and a format."""

    file_format = forms.ChoiceField(label=say("Format"), choices=FORMATS, widget=forms.RadioCards)
    as_of = forms.DateTimeField(
        label=say("As of"),
        required=False,
        help_text=say("Only what was recorded by then, with each record as it stood."),
    )

    def __init__(self, program: Program, *args: Any, **kwargs: Any) -> None:
        super().__init__(program, *args, **kwargs)
        self.program = program

    def clean_reference(self) -> str:
        """A reference names a record of the programme: an export of nothing serves nobody."""
        reference = str(self.cleaned_data["reference"]).strip()
        if reference and not scopes.Scope(self.program.pk, reference=reference).events().exists():
            raise ValidationError(
                say(
                    "No record of {program} has the reference {reference}.",
                    program=self.program,
                    reference=reference,
                )
            )
        return reference

    def clean_as_of(self) -> Any:
        """An instant to come has no record yet."""
        return _passed(self.cleaned_data["as_of"])


def _passed(at: dt.datetime | None) -> dt.datetime | None:
    if at and at > now():
        raise ValidationError(say("Choose an instant that has passed: nothing is recorded yet."))
    return at
