"""Ledger events as a timeline, grouped by day."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.safestring import SafeString

from fellowship.accounts.models import User
from fellowship.kernel.saying import joined, say
from fellowship.kernel.worded import IN_WORDS
from fellowship.web import verbs
from fellowship.web.components import marks, times
from fellowship.web.components.texts import fold, readable, short_hash
from fellowship.web.items import Change, Entry
from fellowship.web.markup import markup

_PEOPLE = frozenset(
    {
        "applicant", "assignee", "author", "chair", "fellow", "holder", "mentor", "member", "owner",
        "person", "product_owner", "reviewer", "signer", "sponsor", "user", "verifier",
    }
)  # fmt: skip
"""Names of changes whose whole numbers are keys of people, beside those that end in `_by`."""
_HASH = re.compile(r"[0-9a-f]{64}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_KEY = re.compile(r"[a-z]+(_[a-z]+)+")
_VERBATIM = frozenset({"fields"})
"""Changes that hold words of others, as columns of a dataset, and are shown as they stand."""

Names = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Day:
    """The entries of one day on the reader's wall."""

    date: dt.date
    entries: list[Entry]


def days(events: Iterable[Any]) -> list[Day]:
    """`events` (ledger events or entries, in the order given) by day, people by their names."""
    listed = list(events)
    names = _names(e for e in listed if not isinstance(e, Entry))
    entries = (e if isinstance(e, Entry) else entry(e, names) for e in listed)
    grouped = itertools.groupby(entries, key=lambda e: timezone.localtime(e.at).date())
    return [Day(date, list(of_day)) for date, of_day in grouped]


def render(given: Sequence[Day]) -> SafeString:
    """The days with what was done in each."""
    body = "".join(
        markup(
            '<p class="day">{}</p><ol>{}</ol>',
            times.when(day.date, "long"),
            SafeString("".join(_line(entry) for entry in day.entries)),
        )
        for day in given
    )
    nothing = marks.empty(say("Nothing is recorded yet."))
    return markup('<div class="timeline">{}</div>', SafeString(body) if given else nothing)


def _line(entry: Entry) -> SafeString:
    ref: SafeString | str = ""
    if entry.url:
        ref = markup(' · <a href="{}">{}</a>', entry.url, entry.ref or say("see"))
    elif entry.ref:
        ref = markup(' · <span class="meta">{}</span>', entry.ref)
    return markup(
        '<li><p class="what"><strong>{}</strong> {}{} · {}</p>{}{}</li>',
        *(entry.actor, entry.verb, ref, times.when(entry.at, "time")),
        markup('<div class="reason">{}</div>', fold(entry.reason)) if entry.reason else "",
        _changed(entry.changes),
    )


def _changed(given: Sequence[Change]) -> SafeString | str:
    if not given:
        return ""
    rows = "".join(
        markup("<div><dt>{}</dt><dd>{}{}</dd></div>", change.field, *_sides(change))
        for change in given
    )
    return markup('<dl class="changes">{}</dl>', SafeString(rows))


def _sides(change: Change) -> tuple[object, object]:
    if not change.old:
        return "", change.new
    return markup("<del>{}</del> ", change.old), markup("<ins>{}</ins>", change.new)


def entry(event: Any, names: Names | None = None) -> Entry:
    """A ledger event as one line."""
    return Entry(
        at=event.at,
        actor=verbs.actor(event.actor_name),
        verb=verbs.label(event.verb),
        reason=event.reason,
        changes=tuple(changes(event.body, names, event.verb)),
        ref=event.subject_ref,
    )


def changes(
    body: str | Mapping[str, Any], names: Names | None = None, verb: str = ""
) -> Iterator[Change]:
    """The field changes in an event's body: `{"from", "to"}`, or plain new values.

    What says nothing to a reader is left out: what stayed, empty values, references to other rows,
    and people whose name is not in `names`. `verb` says whose words the keys are.
    """
    for name, value in _content(body).items():
        old, new = _before_after(value)
        if old == new or (old is None and (new in (None, "", [], {}) or _is_reference(new))):
            continue
        if _is_person(name) and not all(_known(part, names or {}) for part in (old, new)):
            continue
        before = _shown(name, old, names, verb) if _is_pair(value) else ""
        yield Change(verbs.field(str(name), verb), before, _shown(name, new, names, verb))


def _content(body: str | Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        content = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return {}
    change = content.get("change", {}) if isinstance(content, Mapping) else {}
    return change if isinstance(change, Mapping) else {}


def people(body: str | Mapping[str, Any]) -> set[int]:
    """The keys of the people an event's changes speak of."""
    return {
        part
        for name, value in _content(body).items()
        if _is_person(name)
        for part in _before_after(value)
        if _is_key(part)
    }


def _names(events: Iterable[Any]) -> Names:
    """The names of all people whom the changes of these events speak of, in at most one query."""
    found = {key for event in events for key in people(event.body)}
    return dict(User.objects.filter(pk__in=found).values_list("pk", "name")) if found else {}


def _is_person(name: str) -> bool:
    return name in _PEOPLE or name.endswith("_by")


def _is_key(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _known(value: Any, names: Names) -> bool:
    return not _is_key(value) or value in names


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"id", "type"}


def _is_pair(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"from", "to"}


def _before_after(value: Any) -> tuple[Any, Any]:
    return (value["from"], value["to"]) if _is_pair(value) else (None, value)


def _shown(name: str, value: Any, names: Names | None, scope: str) -> str:
    """A recorded value in the words of a page: names, local times, short hashes, no keys."""
    if _is_person(name) and _is_key(value):
        return (names or {})[value]
    return words(name, value, scope)


def words(name: str, value: Any, scope: str) -> str:
    """What a verb or an app recorded under a name, read out: keys by words, times in the zone."""
    if name in _VERBATIM:
        return readable(value)
    return readable(_worded((name,), value, scope))


def _worded(names: tuple[str, ...], value: Any, scope: str) -> Any:
    """A value in words; what terms hold is said by the words of their keys, else of the whole."""

    def known(key: str) -> str | None:
        return next((said for name in names if (said := verbs.value(name, key, scope))), None)

    if isinstance(value, Mapping):
        said = {key: part for key, part in value.items() if key != IN_WORDS}
        return {known(key) or key: _worded((key, *names), v, scope) for key, v in said.items()}
    if isinstance(value, list):
        return [_worded(names, part, scope) for part in value]
    return _said(value, known) if isinstance(value, str) else value


def _said(value: str, known: verbs.Words) -> str:
    """A recorded text: a key of ours or a row of them by their words, a time in the reader's."""
    listed = [known(part) for part in value.split(", ")]
    if all(listed):
        return joined(", ", (part for part in listed if part))
    if _HASH.fullmatch(value):
        return short_hash(value)
    if _INSTANT.fullmatch(value):
        instant = parse_datetime(value)
        return times.text(instant) if instant else value
    if _DAY.fullmatch(value):
        day = parse_date(value)
        return times.text(day) if day else value
    return value.replace("_", " ") if _KEY.fullmatch(value) else value
