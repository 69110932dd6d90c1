"""Filters over lists, by django-filter with our form: nonsense narrows nothing, breaks nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, ClassVar, Self, TypeAlias, cast
from urllib.parse import urlencode

import django_filters
from django import forms as django_forms
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest
from django_filters import (
    CharFilter,
    DateFilter,
    MultipleChoiceFilter,
    NumberFilter,
)
from django_filters.filters import QuerySetRequestMixin

from fellowship.kernel.saying import joined, say
from fellowship.web import forms
from fellowship.web.components import fields
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
    """Words looked for in several fields; every word must occur in one of them.

    `signs` names fields that hold some signs alone: no word with another is looked for there.
    """

    max_words = 6
    few = 100
    """So many records of another table are named by their keys."""

    def __init__(
        self,
        *,
        fields: Sequence[str],
        label: str = say("Search"),
        signs: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.searched = tuple(fields)
        self.signs = {field: frozenset(those) for field, those in (signs or {}).items()}
        kwargs.setdefault("max_length", 100)
        kwargs.setdefault("widget", django_forms.TextInput(attrs={"type": "search"}))
        super().__init__(label=label, **kwargs)

    def fields_for(self, word: str) -> tuple[str, ...]:
        """The fields in which the word may occur."""
        held = set(word.upper())
        return tuple(name for name in self.searched if held <= self.signs.get(name, held))

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Rows in which each word of `value` occurs."""
        words = (value or "").split()[: self.max_words]
        return self.sought(qs, [(word, self.fields_for(word)) for word in words])

    @classmethod
    def sought(
        cls, qs: QuerySet[Any], words: Iterable[tuple[str, tuple[str, ...]]]
    ) -> QuerySet[Any]:
        """Rows in which each word occurs in one of its fields."""
        asked = [(word, _by_relation(searched)) for word, searched in words]
        keys = {
            relation: cls._keys(
                qs, relation, [_any(by.get(relation, ()), word) for word, by in asked]
            )
            for relation in {relation for _, by in asked for relation in by if relation}
        }
        for place, (word, by) in enumerate(asked):
            here, many = _any(by.pop("", ()), word), []
            for relation, names in by.items():
                found = keys[relation]
                if found is None:
                    many.append(_any([f"{relation}__{name}" for name in names], word))
                else:
                    here |= Q(**{f"{relation}__in": [key for key, *has in found if has[place]]})
            qs = qs.filter(cls._in_one_of(qs, [here, *many]) if many else here)
        return qs

    @classmethod
    def _keys(
        cls, qs: QuerySet[Any], relation: str, each: Sequence[Q]
    ) -> list[tuple[Any, ...]] | None:
        """The records `relation` may lead to that meet a condition, with which; None of many.

        A few keys compared with the row's own are as good as a field of its own: the database reads
        the index of words for a rare one and walks the list's order for a common one.
        """
        there: Any = qs.model._meta.get_field(relation).related_model
        rows = there._base_manager.order_by().filter(functools.reduce(Q.__or__, each))
        has = [Case(When(one, then=True), default=False) for one in each]
        found = list(rows.values_list("pk", *has)[: cls.few + 1])
        return found if len(found) <= cls.few else None

    @staticmethod
    def _in_one_of(qs: QuerySet[Any], apart: Sequence[Q]) -> Q:
        """Those that meet one of the conditions, each asked by itself.

        Joined by OR with the row's own, no index of words could be used for any of them.
        """
        everything = qs.model._base_manager.order_by().values("pk")
        first, *others = [everything.filter(one) for one in apart]
        return Q(pk__in=first.union(*others))


def _by_relation(searched: Iterable[str]) -> dict[str, list[str]]:
    """Fields by the relation that leads to them; without one, the row's own."""
    found: dict[str, list[str]] = {}
    for name in searched:
        relation, apart, field = name.partition("__")
        found.setdefault(relation if apart else "", []).append(field if apart else name)
    return found


def _any(fields: Iterable[str], word: str) -> Q:
    """Where the word occurs in one of the fields; nowhere, where there is none."""
    sought = [Q(**{f"{field}__icontains": word}) for field in fields]
    return functools.reduce(Q.__or__, sought) if sought else Q(pk__in=[])


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of some values, or any."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", say("Any"))
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
        kwargs.setdefault("empty_label", say("Any"))
        super().__init__(*args, **kwargs)
        self.offered = offered

    def get_queryset(self, request: HttpRequest | None) -> Any:
        """The records; none is looked for where none was chosen and showing them needs none."""
        given = getattr(self, "parent", None)
        if self.offered is not None and given is not None and not given.data.get(self.name):
            return given.queryset.model._base_manager.none()
        return super().get_queryset(request)

    @property
    def field(self) -> Any:
        """The field; what is offered is what it shows, and what it accepts are the records."""
        made = not hasattr(self, "_field")
        field: Any = super().field
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


Shape: TypeAlias = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Chosen:
    """What narrows a list: which filters, with which of their choices, comparing with what."""

    shape: Shape
    keys: list[int]
    words: list[str]


class FilterForm(forms.Form):
    """The form a filter set shows; every field is optional."""


class _Filters(dict[str, django_filters.Filter]):
    """The filters of a set: each request has its own, with what they share not copied anew."""

    def __deepcopy__(self, memo: object) -> dict[str, django_filters.Filter]:
        return {name: self._own(name, filter_) for name, filter_ in self.items()}

    @staticmethod
    def _own(name: str, filter_: django_filters.Filter) -> django_filters.Filter:
        own = object.__new__(type(filter_))
        own.__dict__.update(filter_.__dict__)
        own.name = name
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

    reckoned: ClassVar[frozenset[str]] = frozenset()
    """Filters that compare with an instant worked out from the present."""
    _shared: ClassVar[dict[str, tuple[dict[str, Any], django_forms.Field]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._shared = {}

    @classmethod
    def get_filters(cls) -> _Filters:
        """The set's filters by name."""
        return _Filters(super().get_filters())

    class Meta:
        """Use our form."""

        form = FilterForm

    def get_form_class(self) -> type[FilterForm]:
        """Our form with this set's fields, whatever `Meta` of the subclass leaves out."""
        made: Any = type(f"{type(self).__name__}Form", (FilterForm,), {})
        made.base_fields = _Fields(
            (name, self._field(name, filter_)) for name, filter_ in self.filters.items()
        )
        return made  # type: ignore[no-any-return]

    def _field(self, name: str, filter_: django_filters.Filter) -> django_forms.Field:
        """The filter's field: one for all requests, unless this one offers other choices."""
        if isinstance(filter_, QuerySetRequestMixin):
            own: django_forms.Field = filter_.field
            return own
        made_of, field = self._shared.get(name, (None, None))
        if field is not None and made_of == filter_.extra:
            return field
        field = cast("django_forms.Field", filter_.field)
        if not callable(filter_.extra.get("choices")):
            fields.keep(field)
        self._shared.setdefault(name, (dict(filter_.extra), field))
        return field

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

    @functools.cached_property
    def chosen(self) -> Chosen | None:
        """What narrows the list, told apart into its shape and what it compares with.

        The shape can be asked of `narrowed` for all who choose the same. None where a filter that
        is set compares with something else than a record, words or a choice, or is `reckoned`.
        """
        shape: list[tuple[str, Any]] = []
        keys: list[int] = []
        words: list[str] = []
        if self.is_bound:
            self.form.is_valid()
        for name, value in self.form.cleaned_data.items() if self.is_bound else ():
            filter_ = self.filters[name]
            if value in (None, "", False):
                continue
            if name in self.reckoned:
                return None
            if isinstance(filter_, Search):
                words += value.split()[: filter_.max_words]
                shape.append((name, tuple(filter_.fields_for(word) for word in words)))
            elif isinstance(filter_, ModelChoiceFilter):
                keys.append(value.pk)
                shape.append((name, None))
            elif isinstance(filter_, (ChoiceFilter, BooleanFilter)):
                shape.append((name, value))
            else:
                return None
        return Chosen(tuple(shape), keys, words)

    @classmethod
    def narrowed(
        cls,
        rows: QuerySet[Any],
        shape: Shape,
        keys: Sequence[int],
        words: Sequence[str],
        **more: Any,
    ) -> QuerySet[Any]:
        """The rows that are so `chosen`; `more` is what the set is made with."""
        made = cls({}, queryset=rows, **more)
        left = iter(keys)
        for name, choice in shape:
            filter_ = made.filters[name]
            if isinstance(filter_, Search):
                # `read` fills a list up with its last value.
                rows = filter_.sought(rows, zip_longest(words, choice, fillvalue=choice[-1]))
            elif isinstance(filter_, ModelChoiceFilter):
                rows = filter_.filter(rows, next(left))
            else:
                rows = filter_.filter(rows, choice)
        return rows

    @functools.cached_property
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
            return joined(", ", (str(choices.get(v, v)) for v in value))
        return str(choices.get(value, value))

    def _without(self, name: str) -> str:
        pairs = [(k, v) for k, values in self.data.lists() for v in values]
        return "?" + urlencode([(k, v) for k, v in pairs if k not in (name, "page")])
