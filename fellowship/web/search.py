"""One search over everything: applications register kinds of records, each with its own visibility.

A reference leads straight to its record. Words are sought among what the person may see, a few
hits a kind, the newest first; nothing is counted, so nothing hidden changes what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import nav
from fellowship.web.filters import Search

FEW: Final = 5
"""Hits shown of a kind; of one more, the way to all of them is shown."""
LEAST: Final = 3
"""Letters a word needs: shorter ones are in nearly every text, and in no index."""
YEARS: Final = 12
"""How many years back a reference without its year is looked for."""
_REFERENCE: Final = re.compile(r"([A-Z]{1,5})-(?:(\d{4})-)?(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found: its name, its page, and a line of lesser things."""

    title: str
    url: str
    meta: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of records.

    `rows` gives what the person may see, with all that `hit` reads. Without `words` it is found by
    its reference alone, whose letters are `prefix`. `listed` names the list, in the navigation of
    whoever may open it, that takes the same words, and `wide` what that list is asked besides to
    leave nothing out.
    """

    key: str
    label: str
    rows: Callable[[Any], QuerySet[Any]]
    hit: Callable[[Any], Hit]
    order: int = 50
    words: tuple[str, ...] = ()
    prefix: str = ""
    listed: str = ""
    wide: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind; `more` leads to all of them where there are more."""

    key: str
    label: str
    hits: Sequence[Hit]
    more: str = ""


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds; the same key again replaces."""
    _kinds.update((kind.key, kind) for kind in kinds)


def kinds() -> list[Kind]:
    """Every kind that is found by words, in the order in which groups are shown."""
    return sorted((k for k in _kinds.values() if k.words), key=lambda k: (k.order, k.label))


def kind(key: str) -> Kind | None:
    """The kind of that key that is found by words."""
    found = _kinds.get(key)
    return found if found and found.words else None


def by_title(row: Any) -> Hit:
    """What most records show: their title, with their reference."""
    return Hit(row.title or str(row), row.get_absolute_url(), row.ref)


def by_state(row: Any) -> Hit:
    """A record that has a state: its title, with its reference and how it stands."""
    return Hit(row.title, row.get_absolute_url(), f"{row.ref} · {row.get_state_display()}")


def paper(model: Any, prefix: str) -> Kind:
    """A kind that is found by its reference alone."""
    return Kind(
        f"paper-{prefix}",
        str(model._meta.verbose_name_plural),
        model.objects.visible_to,
        lambda row: Hit(row.ref, row.get_absolute_url()),
        prefix=prefix,
    )


def by_reference(text: str, user: Any) -> list[Hit]:
    """What a reference names, for this person: `FEL-2026-012`, or `fel-12` of any year."""
    asked = _REFERENCE.fullmatch(text.strip().upper())
    if asked is None:
        return []
    letters, year, number = asked.groups()
    this = now().year
    years = [year] if year else [str(y) for y in range(this + 1, this - YEARS, -1)]
    refs = {f"{letters}-{y}-{n}" for y in years for n in (number, f"{int(number):03d}")}
    refs.add(text.strip().upper())
    return [
        kind.hit(row)
        for kind in _kinds.values()
        if kind.prefix == letters
        for row in kind.rows(user).filter(ref__in=refs).order_by("-pk")[:FEW]
    ]


def long_enough(text: str) -> list[str]:
    """The words that are sought."""
    return [word for word in text.split()[: Search.max_words] if len(word) >= LEAST]


def matching(kind: Kind, text: str, user: Any) -> QuerySet[Any]:
    """The records of a kind in which every word occurs, the newest first."""
    words = " ".join(long_enough(text))
    rows = kind.rows(user)
    if not words:
        return rows.none()
    return Search(fields=kind.words).filter(rows, words).order_by("-pk")


def groups(text: str, user: Any) -> list[Group]:
    """A few hits of each kind that has any, after the pages of that name."""
    if not long_enough(text):
        return []
    lists = {entry.url_name for entry in nav.entries(user)}
    found = [_group(kind, text, user, lists) for kind in kinds()]
    return [group for group in (_pages(text, user), *found) if group.hits]


def _group(kind: Kind, text: str, user: Any, lists: set[str]) -> Group:
    rows = list(matching(kind, text, user)[: FEW + 1])
    more = all_of(kind, text, lists) if len(rows) > FEW else ""
    return Group(kind.key, kind.label, [kind.hit(row) for row in rows[:FEW]], more)


def all_of(kind: Kind, text: str, lists: Iterable[str]) -> str:
    """Where all hits of a kind are: its list, for whoever has it; else this page for one kind."""
    if kind.listed in lists:
        return f"{reverse(kind.listed)}?{urlencode([('q', text), *kind.wide])}"
    return f"{reverse('web:search')}?{urlencode({'q': text, 'kind': kind.key})}"


_more_pages: list[Callable[[Any], Iterable[Hit]]] = []


def register_pages(provider: Callable[[Any], Iterable[Hit]]) -> None:
    """Add pages that are found by their name: those of the help, for example."""
    if provider not in _more_pages:
        _more_pages.append(provider)


def _pages(text: str, user: Any) -> Group:
    words = [word.casefold() for word in long_enough(text)]
    named = [Hit(entry.label, reverse(entry.url_name)) for entry in nav.entries(user)]
    named += [hit for provider in _more_pages for hit in provider(user)]
    hits = [hit for hit in named if all(word in hit.title.casefold() for word in words)]
    return Group("pages", say("Pages and help"), hits[:FEW])
