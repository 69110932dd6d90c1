"""A page's form as the body of a call: the same fields, the same rules, the same words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.forms import Naming, PersonField
from fellowship.web.api.viewsets import Input, VisibleViewSet


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, the record of the route (None on a list), and what was said beside the form."""

    user: Any
    target: Any
    also: Mapping[str, Any]


Given = Callable[[Asked], Mapping[str, Any]]
"""The arguments with which a form is made."""
NAMES = ("ref", "slug", "realm__slug", "username")
"""What records are named by in calls, the first that their model has; else by number."""
LARGEST = 2_000_000_000


class FormInput(Input):
    """Checked by a form of the pages; what it made of the values goes to the service."""

    form: ClassVar[type[forms.BaseForm]]
    given: ClassVar[Given | None] = None
    rename: ClassVar[Mapping[str, str]] = {}
    also: ClassVar[Collection[str]] = ()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The form's values, by the arguments of the service."""
        sent = super().to_internal_value(data)
        form = self._form(sent)
        errors: dict[str, list[Any]] = {}
        for name, found in form.errors.as_data().items():
            errors[_pointed(name)] = [
                serializers.ErrorDetail(message, error.code or "invalid")
                for error in found
                for message in error.messages
            ]
        if errors:
            raise serializers.ValidationError(errors)
        made = {self.rename.get(name, name): value for name, value in form.cleaned_data.items()}
        return {**made, **{name: sent[name] for name in self.also if name in sent}}

    def _form(self, sent: Mapping[str, Any]) -> Any:
        given = type(self).__dict__["given"]
        view = self.context["view"]
        target = view.get_object() if given and view.detail else None
        also = {name: sent[name] for name in self.also if name in sent}
        asked = Asked(self.context["request"].user, target, also)
        arguments = dict(given(asked)) if given else {}
        if issubclass(self.form, Naming):
            arguments["by"] = asked.user
        unbound: Any = self.form(**arguments)
        values = {
            name: _keys(name, unbound.fields[name], value)
            for name, value in sent.items()
            if name in unbound.fields and value is not None
        }
        making: Any = self.form
        return making(values, values, **arguments)


def from_form(
    form: type[forms.BaseForm],
    *,
    given: Given | None = None,
    name: str = "",
    optional: Collection[str] = (),
    leave_out: Collection[str] = (),
    rename: Mapping[str, str] | None = None,
    also: Mapping[str, Any] | None = None,
) -> type[FormInput]:
    """The input of a verb that a page asks for with `form`.

    `name` is the schema's where two would share one, `optional` and `leave_out` are what the form
    itself waives or drops when it is made, `rename` maps its fields to the service's arguments,
    `also` are fields that the page's address says, such as the programme.
    """
    asked: dict[str, forms.Field] = cast("Any", form).base_fields
    fields = {
        key: _field(field, required=field.required and key not in optional)
        for key, field in asked.items()
        if key not in leave_out
    } | dict(also or {})
    body = {
        "__doc__": form.__doc__,
        "__module__": form.__module__,
        "form": form,
        "given": staticmethod(given) if given else None,
        "rename": rename or {},
        "also": tuple(also or ()),
        **fields,
    }
    made = type(name or f"{form.__name__.removesuffix('Form')}Input", (FormInput,), body)
    return cast("type[FormInput]", made)


class Uploads(VisibleViewSet):
    """A viewset some of whose verbs take a file, as multipart/form-data; all others take JSON."""

    uploads: ClassVar[tuple[str, ...]] = ("create",)

    def get_parsers(self) -> list[Any]:
        """That of files for the verbs that take one."""
        acts = set((getattr(self, "action_map", None) or {}).values())
        return [MultiPartParser()] if acts & {*self.uploads} else super().get_parsers()


def service_create(
    service: Callable[..., Any], *, input: type[serializers.Serializer[Any]], summary: str = ""
) -> Any:
    """POST on the list: calls `service(by=…, **input)` and answers 201 with what it made."""

    def create(self: VisibleViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.created(service(by=request.user, **self.validated(input)))

    create.__doc__ = summary or (service.__doc__ or "").partition("\n")[0]
    return extend_schema(request=input)(create)


PERSON = "E-mail address or short name of somebody whom you may name."


class Spoken(serializers.CharField):
    """What people name; checked as the text it is, then looked up."""

    def run_validation(self, data: Any = empty) -> Any:
        """What was named. Raises ValidationError where it is not there for the person."""
        name = super().run_validation(data)
        return self.found(name) if name else None

    def found(self, name: str) -> Any:
        """What goes by this name. Raises ValidationError."""
        raise NotImplementedError


class Named(Spoken):
    """A record by the name that people use, among those the person may see."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(**{"max_length": 254, "help_text": f"By its {_words(model)}.", **kwargs})

    def found(self, name: str) -> Any:
        """The record."""
        return _found(self.model.objects.visible_to(self.context["request"].user), name)


class Person(Spoken):
    """Somebody whom the person who asks may name, as `accounts.forms.PersonField` finds them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 254, "help_text": PERSON, **kwargs})

    def found(self, name: str) -> Any:
        """The person."""
        field = PersonField(required=False)
        field.by = self.context["request"].user
        return field.clean(name)


def _pointed(name: str) -> str:
    return "non_field_errors" if name == "__all__" else name


def _field(field: forms.Field, *, required: bool) -> serializers.Field[Any, Any, Any, Any]:
    """The field of a body that asks for what the form's field asks for."""
    said: dict[str, Any] = {"required": required, "help_text": str(field.help_text or field.label)}
    made = next(made for kind, made in _MADE if isinstance(field, kind))
    return made(field, required, said)


Said = dict[str, Any]
Made = Callable[[Any, bool, Said], serializers.Field[Any, Any, Any, Any]]


def _plain(kind: type[serializers.Field[Any, Any, Any, Any]]) -> Made:
    return lambda _, required, said: kind(**said, allow_null=not required)


def _list(_: forms.Field, required: bool, said: Said) -> serializers.ListField:
    child = serializers.CharField(max_length=254)
    return serializers.ListField(child=child, max_length=500, allow_empty=not required, **said)


def _record(field: Any, required: bool, said: Said) -> serializers.CharField:
    words = f"{field.label}, by its {_words(field.queryset.model)}."
    said = {**said, "help_text": words}
    return serializers.CharField(max_length=254, allow_blank=not required, **said)


def _decimal(field: Any, required: bool, said: Said) -> serializers.DecimalField:
    digits, places = field.max_digits or 20, field.decimal_places or 6
    return serializers.DecimalField(digits, places, allow_null=not required, **said)


def _number(field: Any, required: bool, said: Said) -> serializers.IntegerField:
    bounds: dict[str, Any] = {
        "min_value": -LARGEST if field.min_value is None else int(field.min_value),
        "max_value": LARGEST if field.max_value is None else int(field.max_value),
    }
    return serializers.IntegerField(**bounds, allow_null=not required, **said)


def _text(field: Any, required: bool, said: Said) -> serializers.CharField:
    most = getattr(field, "max_length", None)
    return serializers.CharField(max_length=most, allow_blank=not required, **said)


def _choice(field: Any, required: bool, said: Said) -> serializers.Field[Any, Any, Any, Any]:
    """One of the choices where they are known beforehand; else a text that the form judges."""
    pairs: Any = field.choices
    known = [] if callable(getattr(field, "_choices", None)) else [*pairs]
    flat = [(str(k), str(label)) for k, label in known if k not in ("", None)]
    if not flat or len(flat) > 100 or any(isinstance(label, list | tuple) for _, label in known):
        return serializers.CharField(max_length=254, allow_blank=not required, **said)
    return serializers.ChoiceField(choices=flat, allow_blank=not required, **said)


_MADE: tuple[tuple[type[forms.Field], Made], ...] = (
    (forms.ModelMultipleChoiceField, _list),
    (forms.ModelChoiceField, _record),
    (forms.MultipleChoiceField, _list),
    (forms.ChoiceField, _choice),
    (forms.FileField, lambda _, __, said: serializers.FileField(max_length=200, **said)),
    (forms.DateTimeField, _plain(serializers.DateTimeField)),
    (forms.DateField, _plain(serializers.DateField)),
    (forms.TimeField, _plain(serializers.TimeField)),
    (forms.DecimalField, _decimal),
    (forms.FloatField, _plain(serializers.FloatField)),
    (forms.IntegerField, _number),
    (forms.BooleanField, lambda _, __, said: serializers.BooleanField(**said)),
    (forms.Field, _text),
)
"""The first kind that fits: narrower ones stand first."""


def _keys(name: str, field: forms.Field, value: Any) -> Any:
    """What the form's field takes for records that the call names as people do."""
    if not isinstance(field, forms.ModelChoiceField) or value == "":
        return value
    try:
        if isinstance(field, forms.ModelMultipleChoiceField):
            return [field.prepare_value(_found(field.queryset, one)) for one in value]
        return field.prepare_value(_found(field.queryset, value))
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from error


def _found(rows: Any, name: str) -> Any:
    lookup = _named_by(rows.model)
    nothing = serializers.ValidationError(f"{name}: there is no such thing for you.", "unknown")
    try:
        found = rows.filter(**{lookup: name}).first()
    except (ValueError, OverflowError, ValidationError) as error:
        raise nothing from error
    if found is None:
        raise nothing
    return found


def _named_by(model: type[Model]) -> str:
    for name in NAMES:
        first = name.partition("__")[0]
        try:
            model._meta.get_field(first)
        except FieldDoesNotExist:
            continue
        if "__" not in name or cast("Any", model)._meta.get_field(first).primary_key:
            return name
    return "pk"


def _words(model: type[Model]) -> str:
    return {"ref": "reference", "username": "short name", "pk": "number"}.get(
        _named_by(model), "short name"
    )
