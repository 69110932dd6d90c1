"""An evaluator's Markdown report on delivered work: its verdict, what it says of each deliverable.

A report judges what was delivered for a milestone, not a proposal by our rubric: it gives no score.
Its verdict is what it states in so many words; anything else is no verdict, and the reason is said.
Every line is kept: what has no place of its own stands in the comment, in its order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fellowship.kernel.saying import joined, say
from proposals.sections import normal
from proposals.states import Verdict

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FIELD = re.compile(r"^\s*[-*+]\s+\**(?P<name>[A-Z][\w ]*?)\**\s*:\s*\**\s*(?P<value>.*)$")
_STATUS: Final = ("status", "acceptance")
_VERDICTS: Final = {
    ("status", "accepted"): Verdict.ACCEPTED,
    ("status", "rejected"): Verdict.DECLINED,
    ("acceptance", "accepted"): Verdict.ACCEPTED,
    ("acceptance", "rejected"): Verdict.DECLINED,
    ("acceptance", "yes"): Verdict.ACCEPTED,
    ("acceptance", "no"): Verdict.DECLINED,
}
_APPLICATION = re.compile(r"/applications/([\w.%-]+?)\.md\b")
_FILE = re.compile(
    r"^(?P<project>.+?)_(?:m(?:ilestone)?[_-]?)?(?P<milestone>\d+(?:-\d+)*)(?:_milestone)?"
    r"_(?P<evaluator>[A-Za-z][\w-]*)$"
)
_CELL = re.compile(r"(?<!\\)\|")
_TICKED = re.compile(r"\[\s*[xX]")
_UNTICKED = re.compile(r"\[\s*\]")
_BOX = re.compile(r"<[^>]*>|\[\s*[xX]?\s*\]+")


class NotAnEvaluation(ValueError):
    """The file is no evaluator's report; the text says why."""


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One row of the report. `accepted` is None where the report does not say."""

    number: str
    name: str
    accepted: bool | None
    link: str
    notes: str


@dataclass(frozen=True, slots=True)
class ParsedEvaluation:
    """What a report says. `said` is its status word for word; `unclear` why that is no verdict.

    `application` is the document it names as the application's, by file name without its ending;
    `project`, `milestone` and `evaluator` come from the report's own file name where it follows
    the custom `project_milestone_evaluator.md`, else they are empty.
    """

    verdict: Verdict
    said: str
    unclear: str
    application: str
    project: str
    milestone: str
    evaluator: str
    deliverables: tuple[Deliverable, ...]
    comment: str
    warnings: tuple[str, ...]


def parse(text: str, *, name: str) -> ParsedEvaluation:
    """Read a report; `name` is its file's, without the ending. Raises NotAnEvaluation."""
    cleaned = normal(_CONTROL.sub("", text))
    lines = cleaned.split("\n")
    head = dict(_head(lines))
    stated = [(key, value) for key, value in head.values() if key in _STATUS]
    rows, taken = _deliverables(lines)
    if not stated and not rows:
        raise NotAnEvaluation(say("It states no status and lists no deliverables."))
    if any("/" in said for _, said in stated):
        raise NotAnEvaluation(say("It is a template: its status names every choice."))
    verdict, unclear = _verdict(stated)
    file = _FILE.match(name)
    dropped = taken | {at for at, (key, _) in head.items() if key in _STATUS}
    found = dict(head.values())
    link = _APPLICATION.search(
        " ".join(value for key, value in head.values() if key not in _STATUS)
    )
    return ParsedEvaluation(
        verdict=verdict,
        said=" / ".join(said for _, said in stated),
        unclear=unclear,
        application=link.group(1) if link else "",
        project=file["project"] if file else "",
        milestone=found.get("milestone", "") or (file["milestone"] if file else ""),
        evaluator=found.get("author", "") or (file["evaluator"] if file else ""),
        deliverables=tuple(rows),
        comment=normal("\n".join(line for at, line in enumerate(lines) if at not in dropped)),
        warnings=tuple(_warnings(verdict, rows, cleaned != normal(text))),
    )


def _head(lines: Sequence[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    """The named values before the first table, by the number of their line."""
    for at, line in enumerate(lines):
        if line.lstrip().startswith("|"):
            return
        if match := _FIELD.match(line):
            yield at, (match["name"].strip().lower(), match["value"].strip())


def _verdict(stated: Sequence[tuple[str, str]]) -> tuple[Verdict, str]:
    """The verdict stated, or none and why."""
    if not stated:
        return Verdict.NONE, say("It states no status.")
    said = {value for _, value in stated}
    if len(said) > 1:
        return Verdict.NONE, say("It states more than one status.")
    key, value = stated[0]
    verdict = _VERDICTS.get((key, value.lower()))
    if verdict is None:
        return Verdict.NONE, say("It says “{value}”, which is no verdict on the work.", value=value)
    return verdict, ""


def _deliverables(lines: Sequence[str]) -> tuple[list[Deliverable], set[int]]:
    """The rows of every table of deliverables, and the numbers of the lines they came from."""
    rows: list[Deliverable] = []
    taken: set[int] = set()
    columns: list[str] = []
    for at, line in enumerate(lines):
        if not _CELL.search(line):
            columns = []
            continue
        cells = _cells(line)
        if not columns:
            columns = [cell.lower() for cell in cells]
            known = {"number", "deliverable"} <= set(columns)
            columns = columns if known else ["other"]
        elif columns != ["other"] and not set("".join(cells)) <= set("-: "):
            rows.append(_row(columns, cells))
        if columns != ["other"]:
            taken.add(at)
    return rows, taken


def _cells(line: str) -> list[str]:
    parts = [cell.strip() for cell in _CELL.split(line.strip())]
    parts = parts[1:] if parts and not parts[0] else parts
    return parts[:-1] if parts and not parts[-1] else parts


def _row(columns: Sequence[str], cells: Sequence[str]) -> Deliverable:
    """A row by its headings; cells beyond them, and words beside a tick, stay with the notes."""
    found = dict(zip(columns, cells, strict=False))
    notes = next((found[c] for c in columns if c.endswith("notes") and c in found), "")
    beyond = [cell for cell in cells[len(columns) :] if cell]
    box = found.get("accepted", "")
    ticked = True if _TICKED.search(box) else False if _UNTICKED.search(box) else None
    return Deliverable(
        number=found.get("number", ""),
        name=found.get("deliverable", ""),
        accepted=ticked,
        link=found.get("link", ""),
        notes=" | ".join(filter(None, [_BOX.sub("", box).strip(), notes, *beyond])),
    )


def _warnings(verdict: Verdict, rows: Sequence[Deliverable], cleaned: bool) -> Iterator[str]:
    if cleaned:
        yield say("Invisible control characters were removed.")
    left = [row.number.strip("~. ") or row.name for row in rows if row.accepted is False]
    said = [row for row in rows if row.accepted is not None]
    if verdict == Verdict.ACCEPTED and left:
        yield say(
            "Accepted, though not every deliverable is ticked: {left}.", left=joined(", ", left)
        )
    if verdict == Verdict.DECLINED and said and not left:
        yield say("Declined, though every deliverable it marks is ticked.")
    if rows and not said:
        yield say("No deliverable is marked as accepted or not.")
    if not rows:
        yield say("No table of deliverables could be read.")
