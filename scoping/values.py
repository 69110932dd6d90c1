"""The values clauses may hold: checked once, for forms, API and services alike."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from fellowship.kernel.refusals import Refusal, refuse, said_by
from fellowship.kernel.saying import say
from fellowship.programs.states import Freedom
from scoping.sections import CLAUSES, TEXT_MAX, Clause
from scoping.stages import STAGED, Stage

NAMES_MAX: Final = 50
NAME_MAX: Final = 200
DAYS_MAX: Final = 3_650
TITLE_MAX: Final = 300
STAGES_MAX: Final = 12
_KEY = re.compile(r"^[a-z0-9_-]{1,40}$")
_LINE = re.compile(r"^(\d{4}-\d{2}-\d{2})\s*[:–-]\s*(.+)$")


def checked(clause: Clause, value: Any) -> Any:
    """`value` in the form the clause keeps. Raises Refused, with the clause as field, otherwise."""
    try:
        return _CHECKS[clause.kind](clause, value)
    except ValueError as error:
        refuse(Refusal("bad_value", said_by(error), field=clause.key))
        raise


def parse_milestones(
    text: str, before: list[dict[str, str]], prefix: str = "m"
) -> list[dict[str, str]]:
    """Milestones from lines such as “2026-03-31: Harness”, keeping the keys of titles known before.

    New keys begin with `prefix`. Raises ValueError naming the line that cannot be read.
    """
    keys = {item["title"]: item["key"] for item in before}
    taken = set(keys.values())
    found = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
        match = _LINE.match(line)
        if match is None:
            raise ValueError(
                say(
                    "Line {number} does not read “2026-03-31: Title”: {line}",
                    number=number,
                    line=line[:60],
                )
            )
        title = match[2].strip()
        found.append(
            {"key": keys.pop(title, None) or _fresh(taken, prefix), "title": title, "due": match[1]}
        )
    return found


def _fresh(taken: set[str], prefix: str) -> str:
    number = next(n for n in range(1, 10_000) if f"{prefix}{n}" not in taken)
    taken.add(f"{prefix}{number}")
    return f"{prefix}{number}"


def _text(clause: Clause, value: Any) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise ValueError(f"{clause.label}: text of at most {TEXT_MAX:,} characters.")
    return value.strip()


def _names(clause: Clause, value: Any) -> list[str]:
    names = _strings(clause, value)
    if len(names) > NAMES_MAX or any(len(name) > NAME_MAX for name in names):
        raise ValueError(f"{clause.label}: at most {NAMES_MAX} names of {NAME_MAX} characters.")
    return names


def _choices(clause: Clause, value: Any) -> list[str]:
    chosen = set(_strings(clause, value))
    known = [key for key, _ in clause.choices]
    if unknown := chosen - set(known):
        raise ValueError(f"{clause.label}: “{min(unknown)}” is not one of the choices.")
    return [key for key in known if key in chosen]


def _strings(clause: Clause, value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
        raise ValueError(f"{clause.label}: a list of names.")
    return list(dict.fromkeys(filter(None, (name.strip() for name in value))))


def _choice(clause: Clause, value: Any) -> str:
    if value not in dict(clause.choices):
        raise ValueError(f"{clause.label}: choose one of those listed.")
    return str(value)


def _days(clause: Clause, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= DAYS_MAX:
        raise ValueError(f"{clause.label}: a number of days from 0 to {DAYS_MAX:,}.")
    return value


def _yes_no(clause: Clause, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{clause.label}: yes or no.")
    return value


def _milestones(clause: Clause, value: Any) -> list[dict[str, str]]:
    if not isinstance(value, (list, tuple)) or len(value) > NAMES_MAX:
        raise ValueError(f"{clause.label}: at most {NAMES_MAX} milestones.")
    items = [_milestone(clause, item) for item in value]
    if len({item["key"] for item in items}) != len(items):
        raise ValueError(f"{clause.label}: each has a key of its own.")
    return sorted(items, key=lambda item: (item["due"], item["key"]))


def _milestone(clause: Clause, item: Any) -> dict[str, str]:
    if not isinstance(item, Mapping):
        raise ValueError(f"{clause.label}: each has a key, a title and a date.")
    key, title = str(item.get("key", "")), str(item.get("title", "")).strip()
    kind = "checkpoint" if clause.kind == "checkpoints" else "deliverable"
    if not _KEY.match(key) or not title or len(title) > TITLE_MAX:
        raise ValueError(f"{clause.label}: each has a key and a title of at most {TITLE_MAX}.")
    if str(item.get("kind") or kind) != kind:
        raise ValueError(f"{clause.label}: each is a {kind}, not “{item['kind']}”.")
    try:
        due = dt.date.fromisoformat(str(item.get("due", "")))
    except ValueError:
        raise ValueError(f"{clause.label}: “{item.get('due')}” is not a date.") from None
    return {"key": key, "title": title, "kind": kind, "due": due.isoformat()}


def _stages(clause: Clause, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, (list, tuple)) or len(value) > STAGES_MAX:
        raise ValueError(f"{clause.label}: at most {STAGES_MAX} stages.")
    if len(value) == 1:
        raise ValueError(f"{clause.label}: at least two stages, or none.")
    found = sorted((_stage(clause, row) for row in value), key=lambda stage: stage.since)
    if len({stage.key for stage in found}) != len(found):
        raise ValueError(f"{clause.label}: each has a key of its own.")
    for before, after in pairwise(found):
        if before.since == after.since:
            raise ValueError(
                say(
                    "{clause}: “{before}” and “{after}” begin on the same day.",
                    clause=clause.label,
                    before=before.title,
                    after=after.title,
                )
            )
    return [stage.write() for stage in found]


def _stage(clause: Clause, row: Any) -> Stage:
    if not isinstance(row, Mapping):
        raise ValueError(f"{clause.label}: each has a title and the day it begins.")
    key, title = str(row.get("key", "")), str(row.get("title", "")).strip()
    switch, less = str(row.get("switch") or "").strip(), row.get("less") or {}
    if not _KEY.match(key) or not title or len(title) > TITLE_MAX or len(switch) > TEXT_MAX:
        raise ValueError(f"{clause.label}: each has a key and a title of at most {TITLE_MAX}.")
    if not isinstance(less, Mapping) or set(less) - set(STAGED):
        raise ValueError(f"{clause.label}: a stage may allow less on {', '.join(STAGED)} only.")
    try:
        since = dt.date.fromisoformat(str(row.get("from", "")))
    except ValueError:
        raise ValueError(f"{clause.label}: “{row.get('from')}” is not a date.") from None
    freedom = row.get("freedom")
    if freedom not in Freedom.values:
        raise ValueError(
            say(
                "{clause}: say how freely one may publish in “{title}”.",
                clause=clause.label,
                title=title,
            )
        )
    checks = {name: CLAUSES[name] for name in STAGED if name in less}
    clean = {name: _CHECKS[c.kind](c, less[name]) for name, c in checks.items()}
    return Stage(key, title, since, clean, Freedom(freedom), switch)


_CHECKS: Final[Mapping[str, Callable[[Clause, Any], Any]]] = {
    "text": _text,
    "names": _names,
    "choices": _choices,
    "choice": _choice,
    "days": _days,
    "yes_no": _yes_no,
    "milestones": _milestones,
    "checkpoints": _milestones,
    "stages": _stages,
}
