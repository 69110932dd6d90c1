"""docs/authorisation.md, written from the authorisation matrix for who reviews it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fellowship.accounts.roles import ROLES
from tests.support.cast import CAST
from tests.support.matrix import Words, unanswered, why_unanswered
from tests.support.walked import Row, rows

FILE: Final = Path(__file__).resolve().parent.parent.parent / "docs" / "authorisation.md"
HEAD: Final = Path(__file__).resolve().parent.parent / "authorisation" / "head.md"
MARKS: Final = {
    "open": ("o", "shown: the page, the record, the list of what is one's own"),
    "changed": ("W", "done at once, with an event in the ledger"),
    "heard": ("w", "let in: nothing was sent, so it is asked what is missing"),
    "moved": (">", "led on to another page of the site"),
    "not-now": ("n", "refused for now, by the state the record is in, with the reason (409)"),
    "refused": ("x", "refused, with the reason and its rule (403)"),
    "closed": (".", "not there (404), as if the address named nothing"),
    "sign-in": ("s", "led to sign in; by the API told so (401)"),
    "": ("-", "no method of this address (405)"),
}
"""How each answer is written, and what it means."""

_APPS: Final = (
    *("fellowship.web", "fellowship.accounts", "allauth", "fellowship.notices"),
    *("fellowship.clocks", "fellowship.programs", "governance", "proposals", "scoping", "access"),
    *("findings", "publications", "oversight"),
)


def page(known: Mapping[str, Words]) -> str:
    """The whole page."""
    people = next(iter(known.values()))
    columns = [
        f"| {part.column} | {ROLES[part.role].label if part.role else '–'} | {part.relation} |"
        for name in people
        for part in [CAST[name]]
    ]
    marks = [f"| {mark} | {meaning} |" for mark, meaning in MARKS.values()]
    head = HEAD.read_text().format(
        people=len(people),
        marks="\n".join(marks),
        columns="\n".join(columns),
        unanswered=_unanswered(known),
    )
    tables: dict[str, list[str]] = {}
    for row in rows():
        if str(row) in known:
            tables.setdefault(_app(row), []).append(_line(row, known[str(row)]))
    heads = " | ".join(CAST[name].column for name in people)
    top = f"| address | | {heads} |\n|---|---|{'---|' * len(people)}"
    parts = [f"## {name}\n\n{top}\n" + "\n".join(tables[name]) for name in _order(tables)]
    return "\n\n".join([head.rstrip(), *parts]) + "\n"


def _unanswered(known: Mapping[str, Words]) -> str:
    """How many of the rows that name something are answered to nobody, and why."""
    named = [name for name in known if "<" in name]
    told = [f"- {len(rows)}: {reason}" for reason, rows in why_unanswered().items()]
    first = f"Of {len(named)} rows that name something, {len(unanswered(known))} are answered to "
    return "\n".join([first + "nobody who asks here:", "", *told])


def _order(tables: Mapping[str, object]) -> list[str]:
    assert set(tables) <= set(_APPS), set(tables) - set(_APPS)
    return [name for name in _APPS if name in tables]


def _line(row: Row, words: Words) -> str:
    marks = "|".join(MARKS[word][0] for word in words.values())
    return f"| `{row.address}` | {row.method} |{marks}|"


def _app(row: Row) -> str:
    module = getattr(row.route.view, "__module__", "") or ""
    view = getattr(row.route.view, "cls", None) or getattr(row.route.view, "view_class", None)
    module = view.__module__ if view else module
    first, *rest = module.split(".")
    app = f"{first}.{rest[0]}" if first == "fellowship" else first
    return "fellowship.web" if app == "django" else app
