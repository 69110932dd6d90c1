"""A list of people as a file: what spreadsheets write, read into plain values. No database.

Separators (comma, semicolon, tab), UTF-8 with and without its mark, UTF-16 and Windows-1252 are
taken. A row that cannot be read says why and stands in its place.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from fellowship.accounts import roles
from fellowship.kernel.saying import joined, say

COLUMNS: Final = ("email", "name", "affiliation", "role", "seat", "until")
MOST: Final = 2_000
"""Rows of one file."""
TEMPLATE: Final = say(
    "email,name,affiliation,role,seat,until\r\n"
    "ada@example.org,Ada North,University of Elsewhere,reviewer,,\r\n"
    "bo@example.org,Bo Lind,Meridian Systems,board_member,security,\r\n"
    "cy@example.org,Cy Okafor,Meridian Systems,policy_reviewer,,2027-12-31\r\n"
)
_SAME: Final = {
    "e-mail": "email",
    "mail": "email",
    "e-mail address": "email",
    "email address": "email",
    "full name": "name",
    "organisation": "affiliation",
    "organization": "affiliation",
    "board seat": "seat",
    "ends": "until",
}
_MARKS: Final = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_FORMULA: Final = ("=", "+", "-", "@")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Unreadable(ValueError):
    """The whole file cannot be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person and one role, as the file says it."""

    line: int
    email: str
    name: str
    affiliation: str
    role: str
    seat: str
    last_day: dt.date | None
    """The last day of the role in the programme; None while it has no end."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken: where it stands, what was written, and what to change."""

    line: int
    email: str
    problem: str
    name: str = ""
    role: str = ""


def decoded(data: bytes) -> str:
    """The text of a file, whatever program wrote it. Raises Unreadable."""
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(marked)
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable(say("This is no text file. Save it as CSV (UTF-8).")) from None


def read(text: str) -> list[PersonRow | BadRow]:
    """Every row in its order. Raises Unreadable where there is no heading we know."""
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        raise Unreadable(say("This is no text file. Save it as CSV (UTF-8)."))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        return list(_rows(lines))
    except csv.Error as error:
        raise Unreadable(
            say("Line {line_num} cannot be read: {error}.", line_num=lines.line_num, error=error)
        ) from None


def _separator(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _rows(lines: Iterator[Sequence[str]]) -> Iterator[PersonRow | BadRow]:
    heading: list[str] | None = None
    seen: dict[tuple[str, str, str], int] = {}
    for line, cells in enumerate(lines, start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if heading is None:
            heading = _heading(cells)
            continue
        if line > MOST + 1:
            raise Unreadable(say("Bring at most {MOST:,} rows at once.", MOST=MOST))
        row = _row(line, dict(zip(heading, (cell.strip() for cell in cells), strict=False)))
        if isinstance(row, PersonRow):
            key = (row.email, row.role, row.seat)
            if key in seen:
                said = say("Line {seen} says the same.", seen=seen[key])
                row = BadRow(line, row.email, said, row.name, row.role)
            seen.setdefault(key, line)
        yield row
    if heading is None:
        raise Unreadable(say("The file is empty. Begin with the template."))


def _heading(cells: Sequence[str]) -> list[str]:
    names = [_SAME.get(cell.strip().lower(), cell.strip().lower()) for cell in cells]
    missing = [name for name in ("email", "role") if name not in names]
    if missing:
        lacking = joined(say(" and "), (say("“{name}”", name=name) for name in missing))
        raise Unreadable(
            say(
                "The first line names the columns; it lacks {lacking}. Begin with the template.",
                lacking=lacking,
            )
        )
    return names


def _row(line: int, cells: dict[str, str]) -> PersonRow | BadRow:
    email = cells.get("email", "").lower()
    role, seat = _key(cells.get("role", ""), _ROLES), _key(cells.get("seat", ""), _SEATS)
    problem = (
        _address(email)
        or _plain(cells)
        or (
            say(
                "There is no role “{cells}”. Write one of: {keys}.",
                cells=cells["role"],
                keys=joined(", ", roles.ROLES),
            )
            if role is None and cells.get("role")
            else ""
        )
        or (say("Say which role.") if role is None else "")
        or (
            say(
                "There is no seat “{cells}”. Write one of: {keys}.",
                cells=cells["seat"],
                keys=joined(", ", roles.Seat.values),
            )
            if seat is None and cells.get("seat")
            else ""
        )
    )
    last_day = None
    if cells.get("until") and not problem:
        try:
            last_day = dt.date.fromisoformat(cells["until"])
        except ValueError:
            problem = say("Write the day it ends as 2027-12-31.")
    if problem:
        written = (cells.get(column, "")[:200] for column in ("name", "role"))
        return BadRow(line, email[:254], problem, *written)
    name, affiliation = cells.get("name", ""), cells.get("affiliation", "")
    return PersonRow(line, email, name, affiliation, role or "", seat or "", last_day)


def _address(email: str) -> str:
    if not email:
        return say("Give the e-mail address.")
    try:
        validate_email(email)
    except ValidationError:
        return say("This is no e-mail address.")
    return say("This address is too long.") if len(email) > 254 else ""


def _plain(cells: dict[str, str]) -> str:
    for column in ("name", "affiliation"):
        text = cells.get(column, "")
        if len(text) > 200:
            return say("The {column} has more than 200 characters.", column=column)
        if text.startswith(_FORMULA):
            return say(
                "A {column} does not begin with {text}: a spreadsheet takes it for a formula.",
                column=column,
                text=text[0],
            )
        if _CONTROL.search(text):
            return say("The {column} holds signs that cannot be kept.", column=column)
    return ""


_ROLES: Final = {
    **{key: key for key in roles.ROLES},
    **{role.label.lower(): key for key, role in roles.ROLES.items()},
}
_SEATS: Final = {
    **{s.value: s.value for s in roles.Seat},
    **{s.label.lower(): s.value for s in roles.Seat},
}


def _key(text: str, known: dict[str, str]) -> str | None:
    return known.get(text.strip().lower())
