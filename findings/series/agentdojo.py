"""AgentDojo's table of results: shares published as per cent, turned back into counts.

The benchmark has 97 user tasks and 629 security cases (Debenedetti et al. 2024, arXiv:2406.13352),
so each published per cent is a whole number of those, to two decimals. One that is not is refused.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping

from fellowship.kernel.saying import joined, say
from findings.series.rows import BadRow, Reading, Unreadable
from findings.states import Metric
from findings.statistics import Conditions, Share

TASKS, CASES = 97, 629
SINCE = dt.date(2024, 6, 1)
"""AgentDojo was published in June 2024: a result from before is misdated."""
COLUMNS = {
    Metric.ATTACK_SUCCESS: (say("Targeted ASR"), CASES),
    Metric.TASK_SUCCESS: (say("Utility"), TASKS),
}
_NAMED = (say("Provider"), say("Model"), say("Defense"), say("Attack"), say("Date"))
_PER_CENT = re.compile(r"^\d{1,3}(\.\d{1,2})?%$")


def read(data: bytes) -> Iterator[Reading | BadRow]:
    """Each row's attack success and utility. Raises Unreadable where it is another table."""
    try:
        text = data.decode("utf-8-sig")
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = {*_NAMED, *(name for name, _ in COLUMNS.values())} - {*(table.fieldnames or ())}
        if missing:
            raise Unreadable(
                say("The table has no column {missing}.", missing=joined(", ", sorted(missing)))
            )
        yield from (found for row in table for found in _row(table.line_num, row))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(say("This is no CSV in UTF-8: {error}.", error=error)) from error


def _row(line: int, row: Mapping[str, str | None]) -> Iterator[Reading | BadRow]:
    given = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    defence = "" if given["Defense"].casefold() == "none" else given["Defense"]
    name = f"row {line}, {given['Model']}, {defence or 'no defence'}, {given['Attack']}"
    when = _date(given["Date"])
    if isinstance(when, str):
        yield BadRow(name, when)
        return
    for metric, (column, of) in COLUMNS.items():
        share = _share(given[column], of)
        if share is None:
            reason = say(
                "{column} {given}: no whole number of {of} cases",
                column=column,
                given=given[column] or say("is empty"),
                of=of,
            )
            yield BadRow(name, reason)
            continue
        attacked = metric == Metric.ATTACK_SUCCESS
        attack = given["Attack"] if attacked else ""
        about = [given["Model"], given["Defense"], *([attack] if attacked else []), column]
        yield Reading(
            row=name,
            metric=metric,
            sample=share,
            conditions=Conditions(model=given["Model"], attack=attack, harness="AgentDojo"),
            taken_on=when,
            defence=defence,
            source=f"AgentDojo: {', '.join(about)}"[:300],
        )


def _date(text: str) -> dt.date | str:
    """The day, or why it cannot be one."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return say("“{text}” is no date", text=text[:40])
    if day < SINCE:
        return say("misdated: {text} is before AgentDojo was published in June 2024", text=text)
    return day


def _share(text: str, of: int) -> Share | None:
    """The count behind a per cent of `of`; None where no whole number gives it."""
    if not _PER_CENT.match(text):
        return None
    given = float(text[:-1])
    hits = round(given * of / 100)
    fits = hits <= of and f"{hits / of * 100:.2f}" == f"{given:.2f}"
    return Share(hits, of) if fits else None
