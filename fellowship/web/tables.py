"""Lists a page at a time: one query or two, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, F, Model, OrderBy, QuerySet, Window
from django.http import HttpRequest, QueryDict

from fellowship.kernel.counting import Length

M = TypeVar("M", bound=Model)

COUNT_LIMIT = 10_000
"""Beyond this many rows the total is “10,000+”, and one narrows the list instead of paging on."""


SEARCH_LIMIT = 250
"""The same where words are sought (`?q=`): each row found is looked at, so counting ends sooner."""


def length(rows: QuerySet[Any, Any]) -> Length:
    """How many rows there are, for use within a query: as far as lists are counted, plus one."""
    return Length(rows.order_by().values("pk")[: COUNT_LIMIT + 1])


def told(number: int, most: int | None = None) -> str:
    """A number counted no further than `most`, or than lists are: “412”, or “10,000+” beyond it."""
    most = COUNT_LIMIT if most is None else most
    return f"{most:,}+" if number > most else f"{number:,}"


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of rows and the way to its neighbours."""

    rows: list[M]
    number: int
    per_page: int
    total: int
    capped: bool
    sort: str
    query: QueryDict
    down: bool = False
    """Whether the column sorted by shows its largest first: the newest day, the last letter."""

    def __iter__(self) -> Iterator[M]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total_text(self) -> str:
        """The number of rows in words: “412”, or “10,000+” when it was not worth counting on."""
        return told(self.total + self.capped, self.total)

    @property
    def first(self) -> int:
        """The place of the first row shown, from 1; 0 on an empty page."""
        return (self.number - 1) * self.per_page + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The place of the last row shown."""
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def pages(self) -> int:
        """How many pages can be reached."""
        return max(1, -(-self.total // self.per_page))

    @property
    def next_url(self) -> str:
        """The query of the next page, or empty."""
        return self.url(page=self.number + 1) if self.number < self.pages else ""

    @property
    def previous_url(self) -> str:
        """The query of the page before, or empty."""
        return self.url(page=self.number - 1) if self.number > 1 else ""

    def url(self, **changes: Any) -> str:
        """This list's query with `changes`; an empty value removes its key."""
        query = self.query.copy()
        for name, value in changes.items():
            if value in ("", None) or (name == "page" and value == 1):
                query.pop(name, None)
            else:
                query[name] = str(value)
        return f"?{query.urlencode()}"

    def sort_url(self, name: str) -> str:
        """The query that sorts by `name`, the other way round if it does already."""
        return self.url(sort=f"-{name}" if self.sort == name else name, page=1)


def paginate(
    request: HttpRequest,
    queryset: QuerySet[M],
    per_page: int = 50,
    *,
    sort: Mapping[str, str] | None = None,
    default: str = "",
    then: Callable[[QuerySet[M]], QuerySet[M]] | None = None,
    rows: Callable[[list[int]], list[M]] | None = None,
    filled: Container[str] = (),
) -> Page[M]:
    """The page of `queryset` that `?page=` and `?sort=` ask for.

    With `then`, the page's rows are first chosen by key alone and only these are read with all
    that `then` adds (joins, prefetches, annotations): the rows before a late page cost little.
    `rows` does the same by a statement that is prepared (`kernel.prepared.read`): it takes the
    keys and gives the rows in whatever order.

    `sort` maps the names allowed in `?sort=` (with `-` for descending) to fields, `default` names
    the one used otherwise. Ties are broken by primary key, empty values come last; `filled` are
    the fields that no row of this list leaves empty. Nonsense in the query shows the first page in
    the default order.
    """
    chosen = _chosen(request.GET.get("sort", ""), sort or {}, default)
    down = _down(sort or {}, chosen)
    ordered = _ordered(queryset, (sort or {}), chosen, down, filled)
    limit = _limit(request)
    whole = queryset.order_by().values("pk")[: limit + 1]
    number = min(max(_number(request.GET.get("page", "")), 1), _pages(limit, per_page))
    read = rows or (_then(ordered.model, then) if then else None)
    asked = ordered.values("pk") if read else ordered
    found, counted, number = _found(asked, whole, number, per_page, limit)
    if read:
        found = _in_order([key["pk"] for key in found], read)
    total = min(counted, limit)
    return Page(found, number, per_page, total, counted > limit, chosen, request.GET, down)


def paginate_keys(
    request: HttpRequest,
    keys: Callable[[str, int, int], list[tuple[int, ...]]],
    rows: Callable[[list[int]], list[M]],
    *,
    sort: Mapping[str, str],
    default: str,
    per_page: int = 50,
) -> tuple[Page[M], tuple[int, ...]]:
    """`paginate` where the list itself is asked by a statement worked out once.

    `keys` takes the order's name, the place to begin from and how far to count; it gives a key for
    each row of the page (`keys_of`). What it says of the whole list beside is given back too,
    nothing where no row says it.
    """
    chosen = _chosen(request.GET.get("sort", ""), sort, default)
    limit = _limit(request)
    number = min(max(_number(request.GET.get("page", "")), 1), _pages(limit, per_page))
    found = keys(chosen, (number - 1) * per_page, limit)
    if not found and number > 1:  # beyond the last page: the first one says which that is
        first = keys(chosen, 0, limit)
        number = _pages(min(first[0][1], limit), per_page) if first else 1
        found = keys(chosen, (number - 1) * per_page, limit) if number > 1 else first
    counted, *beside = found[0][1:] if found else (0,)
    page = Page(
        _in_order([row[0] for row in found], rows) if found else [],
        *(number, per_page, min(counted, limit), counted > limit),
        *(chosen, request.GET, _down(sort, chosen)),
    )
    return page, tuple(beside)


def keys_of(
    rows: QuerySet[M],
    sort: Mapping[str, str],
    order: str,
    start: int | None,
    limit: int,
    *beside: Length,
    counted: QuerySet[Any, Any] | None = None,
    in_passing: bool = False,
    per_page: int = 50,
) -> QuerySet[M, Any]:
    """What `paginate_keys` asks: a page's keys, how many rows there are in all, what is beside.

    Without `start` it is the first page, which the database finds in another way than a late one.
    `counted` are as many rows, where others are counted sooner. `in_passing` counts where putting
    the rows in order looks at each of them anyway.
    """
    ordered = _ordered(rows, sort, order, _down(sort, order))
    whole = (rows.values("pk") if counted is None else counted).order_by()[: limit + 1]
    many: Any = Window(Count("*")) if in_passing else Length(whole)
    asked = ordered.values_list("pk", many, *beside)
    return asked[:per_page] if start is None else asked[start : start + per_page]


def _limit(request: HttpRequest) -> int:
    return SEARCH_LIMIT if request.GET.get("q", "").strip() else COUNT_LIMIT


def _in_order(keys: list[int], read: Callable[[list[int]], list[M]]) -> list[M]:
    by_key = {row.pk: row for row in read(keys)} if keys else {}
    return [by_key[key] for key in keys if key in by_key]


def page_of(
    request: HttpRequest,
    total: int,
    rows: Callable[[int, int], list[Any]],
    *,
    sort: str = "",
    down: bool = False,
    per_page: int = 50,
    more: bool = False,
) -> Page[Any]:
    """The page `?page=` asks for of a list that is no queryset of one model.

    `rows` gives the rows from a place on, so many of them, in the order that `sort` names. `more`
    says that there are more than `total`, which were not counted.
    """
    shown = min(total, COUNT_LIMIT)
    number = min(max(_number(request.GET.get("page", "")), 1), max(1, -(-shown // per_page)))
    found = rows((number - 1) * per_page, per_page) if total else []
    capped = more or total > COUNT_LIMIT
    return Page(found, number, per_page, shown, capped, sort, request.GET, down)


def start_asked(request: HttpRequest, per_page: int = 50) -> int:
    """The place of the first row of the page `?page=` asks for, of those that can be reached."""
    number = max(_number(request.GET.get("page", "")), 1)
    return (min(number, _pages(COUNT_LIMIT, per_page)) - 1) * per_page


def _pages(total: int, per_page: int) -> int:
    return max(1, -(-total // per_page))


def _found(
    asked: QuerySet[Any, Any], whole: QuerySet[Any, Any], number: int, per_page: int, limit: int
) -> tuple[list[Any], int, int]:
    """The rows of a page and how many there are in all, in one query; and the page's number.

    A page beyond the last one has no row to say how many there are: then the last one is read.
    """
    start = (number - 1) * per_page
    found = list(asked.annotate(in_all=Length(whole))[start : start + per_page])
    if found:
        first = found[0]
        return found, first["in_all"] if isinstance(first, dict) else first.in_all, number
    if number == 1:
        return [], 0, 1
    last = _pages(min(whole.count(), limit), per_page)
    return _found(asked, whole, min(number - 1, last), per_page, limit)


def _then(
    model: type[M], then: Callable[[QuerySet[M]], QuerySet[M]]
) -> Callable[[list[int]], list[M]]:
    return lambda keys: list(then(model._default_manager.filter(pk__in=keys)))


def _chosen(asked: str, sort: Mapping[str, str], default: str) -> str:
    return asked if asked.removeprefix("-") in sort else default


def _down(sort: Mapping[str, str], chosen: str) -> bool:
    field = sort.get(chosen.removeprefix("-"), "")
    return field.startswith("-") != chosen.startswith("-")


def _ordered(
    queryset: QuerySet[M],
    sort: Mapping[str, str],
    chosen: str,
    down: bool,
    filled: Container[str] = (),
) -> QuerySet[M]:
    if not chosen:
        return queryset if queryset.ordered else queryset.order_by("-pk")
    name = sort[chosen.removeprefix("-")].removeprefix("-")
    last = True if name not in filled and _may_be_empty(queryset.model, name) else None
    order: OrderBy = F(name).desc(nulls_last=last) if down else F(name).asc(nulls_last=last)
    return queryset.order_by(order, "-pk" if down else "pk")


def _may_be_empty(model: type[Model], name: str) -> bool:
    """Only then ask for NULLS LAST: it keeps PostgreSQL from walking a plain index backwards."""
    try:
        return bool(model._meta.get_field(name).null)
    except FieldDoesNotExist:
        return True


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
