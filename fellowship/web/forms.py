"""House forms: one look, errors in their place, and nothing a database or a log would choke on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxLengthValidator
from django.forms import (
    BooleanField,
    CharField,
    ChoiceField,
    DecimalField,
    EmailField,
    FloatField,
    IntegerField,
    MultipleChoiceField,
    TypedChoiceField,
    URLField,
)
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fellowship.kernel.saying import Catalogue, Said, joined, pack, plain, say

__all__ = [
    "BooleanField",
    "CharField",
    "Checks",
    "ChoiceField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "Described",
    "EmailField",
    "FloatField",
    "Form",
    "IntegerField",
    "ModelChoiceField",
    "ModelForm",
    "ModelMultipleChoiceField",
    "MultipleChoiceField",
    "RadioCards",
    "RadioScale",
    "ReasonForm",
    "Text",
    "TimeField",
    "TypedChoiceField",
    "URLField",
    "UploadField",
]

LINE_MAX: Final = 300
DASHES: Final = "---------"
"""Django's words for an empty choice, which say neither what to do nor what it means."""
TEXT_MAX: Final = 20_000
MISSING: Final[dict[type[forms.Field], str]] = {
    forms.FileField: say("Choose a file."),
    forms.BooleanField: say("Tick this to go on."),
    forms.MultipleChoiceField: say("Choose at least one."),
    forms.ModelMultipleChoiceField: say("Choose at least one."),
    forms.ChoiceField: say("Choose one."),
    forms.ModelChoiceField: say("Choose one."),
    forms.DateTimeField: say("Give a day and a time."),
    forms.DateField: say("Give a day."),
    forms.TimeField: say("Give a time, such as 10:00."),
    forms.IntegerField: say("Give a number."),
}
"""What an empty field of a kind asks for; the first that fits."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BREAK = re.compile(r"[\r\n]")
_MEGABYTE: Final = 1_000_000


class Described(Said):
    """A choice's label with a second, smaller line: `Described("Deny", "The fellow sees why")`."""

    label: str
    hint: str

    def __new__(cls, label: str, hint: str = "") -> Described:
        """`label` as text that carries `hint`."""
        made = super().__new__(cls, plain(label))
        made.label, made.hint = label, hint
        return made

    def said_in(self, catalogue: Catalogue) -> str:
        """As the label says itself."""
        return str(self.label)

    def packed(self) -> Any:
        """The label alone: what is kept is chosen already."""
        return pack(self.label)

    __slots__ = ("hint", "label")


class RadioCards(forms.RadioSelect):
    """One of a few, each in a frame with its hint; nothing is preselected."""


class RadioScale(forms.RadioSelect):
    """One point of a short scale, side by side; the hints are the anchors."""


class Checks(forms.CheckboxSelectMultiple):
    """Several of a few."""


class DateInput(forms.DateInput):
    """The browser's own date control."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own control for a day and a time, in the person's zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")

    def format_value(self, value: Any) -> str | None:
        """Of a second three digits, the next where there are more: browsers show nothing else."""
        try:
            at = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            at = None
        if at is None or at.tzinfo or not at.microsecond:
            return super().format_value(value)
        at += dt.timedelta(microseconds=-at.microsecond % 1000)
        return at.isoformat(timespec="milliseconds")


class DateField(forms.DateField):
    """A day."""

    widget = DateInput


class DateTimeField(forms.DateTimeField):
    """An instant, given in the person's zone (which the field's hint names)."""

    widget = DateTimeInput


class TimeInput(forms.TimeInput):
    """The browser's own control for a time of day."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class TimeField(forms.TimeField):
    """A time of day, on the clock that the field's hint names."""

    widget = TimeInput


class Text(forms.CharField):
    """Long text: a textarea with a maximum of 20,000 characters unless set."""

    widget = forms.Textarea

    def __init__(self, *, max_length: int = TEXT_MAX, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No `maxlength`: cutting a pasted text short without a word would lose it."""
        return {}


class ModelChoiceField(forms.ModelChoiceField[Any]):
    """One of some records. A key no database can hold is no choice either."""

    def to_python(self, value: Any) -> Any:
        """The record of this key."""
        try:
            return super().to_python(value)
        except OverflowError as error:
            raise ValidationError(
                self.error_messages["invalid_choice"],
                code="invalid_choice",
                params={"value": value},
            ) from error


class ModelMultipleChoiceField(forms.ModelMultipleChoiceField[Any]):
    """Some of some records. A key no database can hold is no choice either."""

    def clean(self, value: Any) -> Any:
        """The records of these keys."""
        try:
            return super().clean(value)
        except OverflowError as error:
            raise ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": "…"}
            ) from error


class UploadField(forms.FileField):
    """A file of one of some kinds, up to a size."""

    def __init__(
        self, *, extensions: Sequence[str] = (), max_megabytes: int = 10, **kwargs: Any
    ) -> None:
        self.extensions = tuple(e.lower().lstrip(".") for e in extensions)
        self.max_megabytes = max_megabytes
        kinds = joined(", ", (e.upper() for e in self.extensions)) or say("any kind of file")
        kwargs.setdefault(
            "help_text",
            say("{kinds}, up to {max_megabytes} MB.", kinds=kinds, max_megabytes=max_megabytes),
        )
        kwargs.setdefault("max_length", 200)
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The file, of an allowed kind and size."""
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            self._check(file)
        return file

    def _check(self, file: UploadedFile[Any]) -> None:
        name = file.name or ""
        if self.extensions and PurePath(name).suffix.lower().lstrip(".") not in self.extensions:
            kinds = joined(say(" or "), (f".{e}" for e in self.extensions))
            raise ValidationError(
                say("Choose a file that ends in {kinds}.", kinds=kinds), code="extension"
            )
        if (file.size or 0) > self.max_megabytes * _MEGABYTE:
            limit = say(
                "Choose a file of at most {max_megabytes} MB.", max_megabytes=self.max_megabytes
            )
            raise ValidationError(limit, code="too_large")
        if _CONTROL.search(name):
            raise ValidationError(
                say("The file's name holds signs that cannot be kept."), code="name"
            )


def no_control_characters(value: str) -> None:
    """Refuse NUL and control characters other than tab and line break."""
    if _CONTROL.search(str(value)):
        raise ValidationError(
            say("Remove the invisible control characters from this text."),
            code="control_characters",
        )


def single_line(value: str) -> None:
    """Refuse line breaks in a one-line field, so that none reaches a mail header or a log line."""
    if _BREAK.search(str(value)):
        raise ValidationError(say("Write this on one line."), code="line_break")


class House:
    """What all our forms share; mixed into `Form` and `ModelForm`."""

    template_name = "web/components/form.html"
    use_required_attribute = False
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                _bound_text(field)
            if isinstance(field.widget, forms.RadioSelect):
                _nothing_preselected(field)
            elif isinstance(field, forms.ModelChoiceField) and field.empty_label == DASHES:
                field.empty_label = say("Choose") if field.required else say("None")

    def _clean_fields(self) -> None:
        """Fields that a form added for itself answer in the same words."""
        for field in self.fields.values():
            _say_what_is_missing(field)
        super()._clean_fields()  # type: ignore[misc]

    def render(
        self,
        template_name: str | None = None,
        context: dict[str, Any] | None = None,
        renderer: Any = None,
    ) -> SafeString:
        """`{{ form }}` by our own template, which Django's form renderer does not see."""
        return render_to_string(template_name or self.template_name, {"form": self})

    __str__ = render
    __html__ = render

    def _widget_data_value(self, widget: forms.Widget, html_name: str) -> Any:
        """Browsers send CRLF for the line breaks they count as one: count them as one too."""
        value = super()._widget_data_value(widget, html_name)  # type: ignore[misc]
        if isinstance(value, str):
            return value.replace("\r\n", "\n").replace("\r", "\n")
        return value


def _say_what_is_missing(field: forms.Field) -> None:
    """What to do about an empty field or a number out of range, instead of Django's remarks."""
    if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
        kinds = (words for kind, words in MISSING.items() if isinstance(field, kind))
        field.error_messages["required"] = next(kinds, say("Fill this in."))
    field.error_messages.setdefault("min_value", say("Give %(limit_value)s or more."))
    field.error_messages.setdefault("max_value", say("Give %(limit_value)s or less."))


def _bound_text(field: forms.CharField) -> None:
    if no_control_characters in field.validators:  # done already, for another form
        return
    long = isinstance(field.widget, forms.Textarea)
    field.validators = [*field.validators, no_control_characters]
    if not long:
        field.validators.append(single_line)
    if field.max_length is None:
        field.max_length = TEXT_MAX if long else LINE_MAX
        field.validators.append(MaxLengthValidator(field.max_length))
        if not long and not field.widget.is_hidden:
            field.widget.attrs.setdefault("maxlength", str(field.max_length))
    if long:
        field.widget.attrs.pop("maxlength", None)


def _nothing_preselected(field: forms.Field) -> None:
    if isinstance(field, forms.ModelChoiceField):
        field.empty_label = None
    elif isinstance(field, forms.ChoiceField) and field.required:
        choices: Any = field.choices
        field.choices = [(value, label) for value, label in choices if value not in ("", None)]


class Form(House, forms.Form):
    """A form of ours."""


class ModelForm(House, forms.ModelForm):  # type: ignore[type-arg]
    """A model's form of ours. It validates and renders; services write."""


class ReasonForm(Form):
    """One required reason, for verbs where a person judges."""

    reason = Text(
        label=say("Reason"), max_length=2_000, help_text=say("Kept in the record with your name.")
    )

    def __init__(self, *args: Any, label: str = "", hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label or self.fields["reason"].label
        self.fields["reason"].help_text = hint or self.fields["reason"].help_text
