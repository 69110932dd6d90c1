"""Filters over lists, by django-filter with our form: nonsense narrows nothing, breaks nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeAlias
from urllib.parse import urlencode

import django_filters
from django import forms as django_forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django_filters import (
    CharFilter,
    DateFilter,
    MultipleChoiceFilter,
    NumberFilter,
)

from fellowship.web import forms
from fellowship.web.items import Link

__all__ = [
    "BooleanFilter",
    "CharFilter",
    "ChoiceFilter",
    "DateFilter",
    "FilterSet",
    "ModelChoiceFilter",
    "MultipleChoiceFilter",
    "NumberFilter",
    "Search",
]


class Search(django_filters.CharFilter):
    """Words looked for in several fields; every word must occur in one of them."""

    max_words = 6

    def __init__(self, *, fields: Sequence[str], label: str = "Search", **kwargs: Any) -> None:
        self.searched = tuple(fields)
        kwargs.setdefault("max_length", 100)
        kwargs.setdefault("widget", django_forms.TextInput(attrs={"type": "search"}))
        super().__init__(label=label, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Rows in which each word of `value` occurs.

        Fields of other tables are asked apart: joined by OR with the row's own, no index of words
        could be used for any of them.
        """
        everything = qs.model._base_manager.order_by().values("pk")
        own = [field for field in self.searched if "__" not in field]
        others = [field for field in self.searched if "__" in field]
        for word in (value or "").split()[: self.max_words]:
            here = Q()
            for field in own:
                here |= Q(**{f"{field}__icontains": word})
            if not others:
                qs = qs.filter(here)
                continue
            apart = [everything.filter(here)] if own else []
            apart += [everything.filter(**{f"{field}__icontains": word}) for field in others]
            qs = qs.filter(pk__in=apart[0].union(*apart[1:]))
        return qs


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of some values, or any."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", "Any")
        super().__init__(*args, **kwargs)


class RecordField(django_filters.fields.ModelChoiceField, forms.ModelChoiceField):
    """One of some records, by our field: a key no database can hold is no choice either."""


Offered: TypeAlias = Callable[[HttpRequest | None], Iterable[tuple[Any, str]]]


class ModelChoiceFilter(django_filters.ModelChoiceFilter):
    """One of some records, or any.

    `offered` gives value and words of the same records where showing them is to cost less than
    making each of them.
    """

    field_class = RecordField

    def __init__(self, *args: Any, offered: Offered | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", "Any")
        super().__init__(*args, **kwargs)
        self.offered = offered

    @property
    def field(self) -> Any:
        """The field; what is offered is what it shows, and what it accepts are the records."""
        made = not hasattr(self, "_field")
        field = super().field
        if made and self.offered is not None:
            field.widget.choices = [("", field.empty_label), *self.offered(self.get_request())]
        return field


class Tick(django_forms.BooleanField):
    """Ticked or nothing: a filter's `method` is then not asked about an empty box."""

    def to_python(self, value: object) -> bool | None:  # type: ignore[override]
        """True, or None."""
        return super().to_python(value) or None


class BooleanFilter(django_filters.BooleanFilter):
    """A tick that narrows; unticked, it does nothing."""

    field_class = Tick

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", django_forms.CheckboxInput)
        super().__init__(*args, **kwargs)

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        """Narrow only when ticked."""
        return super().filter(qs, True) if value else qs


class FilterForm(forms.Form):
    """The form a filter set shows; every field is optional."""


class _Filters(dict[str, django_filters.Filter]):
    """The filters of a set: each request has its own, with what they share not copied anew."""

    def __deepcopy__(self, memo: object) -> dict[str, django_filters.Filter]:
        return {name: self._own(filter_) for name, filter_ in self.items()}

    @staticmethod
    def _own(filter_: django_filters.Filter) -> django_filters.Filter:
        own = copy.copy(filter_)
        own.extra = dict(filter_.extra)
        if filter_.method is not None:
            own.method = filter_.method  # bound to the filter it is of
        return own


class _Fields(dict[str, django_forms.Field]):
    """Fields made for one form alone, which it need not copy."""

    def __deepcopy__(self, memo: object) -> Self:
        return self


class FilterSet(django_filters.FilterSet):
    """Base of our filter sets: `.qs` is narrowed by the valid fields, whatever the others say."""

    @classmethod
    def get_filters(cls) -> _Filters:
        """The set's filters by name."""
        return _Filters(super().get_filters())

    class Meta:
        """Use our form."""

        form = FilterForm

    def get_form_class(self) -> type[FilterForm]:
        """Our form with this set's fields, whatever `Meta` of the subclass leaves out."""
        fields = {name: filter_.field for name, filter_ in self.filters.items()}
        made: Any = type(f"{type(self).__name__}Form", (FilterForm,), {})
        made.base_fields = _Fields(fields)
        return made  # type: ignore[no-any-return]

    @property
    def qs(self) -> QuerySet[Any]:
        """The narrowed rows. An invalid value is reported by the form and narrows nothing."""
        if not hasattr(self, "_qs"):
            queryset = self.queryset.all()
            if self.is_bound:
                self.form.is_valid()
                queryset = self.filter_queryset(queryset)
            self._qs = queryset
        narrowed: QuerySet[Any] = self._qs
        return narrowed

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Apply each filter whose value was understood."""
        for name, value in self.form.cleaned_data.items():
            queryset = self.filters[name].filter(queryset, value)
        return queryset

    @property
    def applied(self) -> list[Link]:
        """What narrows the list now, each with the query that lets it go."""
        if not self.is_bound:
            return []
        self.form.is_valid()
        return [
            Link(f"{self.form.fields[name].label}: {self._words(name, value)}", self._without(name))
            for name, value in self.form.cleaned_data.items()
            if value not in (None, "", False) and value != []
        ]

    def _words(self, name: str, value: Any) -> str:
        choices = dict(getattr(self.form.fields[name], "choices", ()) or ())
        if value is True:
            return "yes"
        if isinstance(value, (list, tuple)):
            return ", ".join(str(choices.get(v, v)) for v in value)
        return str(choices.get(value, value))

    def _without(self, name: str) -> str:
        pairs = [(k, v) for k, values in self.data.lists() for v in values]
        return "?" + urlencode([(k, v) for k, v in pairs if k not in (name, "page")])
