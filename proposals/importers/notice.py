"""A structured notice of funding opportunity (sections with subsections, JSON) as a call."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from fellowship.kernel.saying import joined, say
from proposals.importers import ParsedCall
from proposals.importers.markup import to_markdown

META: Final = (
    ("number", say("Number")),
    ("short_name", say("Short name")),
    ("opdiv", say("Division")),
    ("agency", say("Agency")),
    ("tagline", say("In a line")),
    ("application_deadline", say("Application deadline")),
    ("filename", say("Source file")),
)
NO_PUBLICATION = say(
    "The notice says nothing about publication. The programme’s publication policy applies."
)
_PLACES: Final[tuple[tuple[str, str], ...]] = (
    ("summary", "summary"),
    ("eligibility", "eligibility"),
    (say("funding policies and limitations"), "constraints"),
    (say("program description"), "topics"),
    ("publication", "publication_rules"),
)
_DATE = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December)"
    r" (\d{1,2}), (\d{4})\b"
)
_DEADLINE = re.compile(
    r"(?:application[^.,\n]{0,40}(?:deadline|due)|due by|due on)[^.\n]{0,20}?" + _DATE.pattern,
    re.IGNORECASE,
)


class NotANotice(ValueError):
    """The file is no notice of this kind; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class _Part:
    section: str
    level: int
    name: str
    body: str
    path: tuple[str, ...]


def parse(text: str) -> ParsedCall:
    """Read a notice. Raises NotANotice."""
    data = _load(text)
    parts = list(_parts(data))
    places: dict[str, list[str]] = {}
    section = ""
    for part in parts:
        place = _place(part)
        if place == "background" and part.section != section:
            section = part.section
            places.setdefault(place, []).append(f"# {section}")
        places.setdefault(place, []).append(_text(part, place))
    texts = {key: "\n\n".join(filter(None, pieces)) for key, pieces in places.items()}
    closes_at, warnings = _deadline(data, parts)
    if "publication_rules" not in texts:
        warnings.append("The notice says nothing about publication.")
    return ParsedCall(
        title=str(data["title"]).strip(),
        summary=texts.get("summary") or str(data.get("tagline") or data["title"]),
        topics=texts.get("topics", ""),
        constraints=texts.get("constraints", ""),
        eligibility=texts.get("eligibility", ""),
        publication_rules=texts.get("publication_rules", NO_PUBLICATION),
        background="\n\n".join(filter(None, [_meta(data), texts.get("background", "")])),
        closes_at=closes_at,
        warnings=warnings,
    )


def _load(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise NotANotice(say("This is not JSON: {error}.", error=error)) from error
    if not isinstance(data, dict) or not isinstance(data.get("title"), str):
        raise NotANotice(say("A notice has a title."))
    if not isinstance(data.get("sections"), list):
        raise NotANotice(say("A notice has a list of sections."))
    return data


def _parts(data: Mapping[str, Any]) -> Iterator[_Part]:
    """Every subsection in order, with the names of those it stands under."""
    for section in sorted(data["sections"], key=_order):
        above: list[tuple[int, str]] = []
        if not isinstance(section.get("subsections"), list):
            raise NotANotice(
                say("Section {section!r} has no list of subsections.", section=section.get("name"))
            )
        for sub in sorted(section["subsections"], key=_order):
            name, tag = str(sub.get("name") or "").strip(), str(sub.get("tag") or "")
            level = int(tag[1]) if re.fullmatch(r"h[1-6]", tag) else 0
            if level:
                above = [(lv, n) for lv, n in above if lv < level]
                above.append((level, name))
            yield _Part(
                section=str(section.get("name") or "").strip(),
                level=level or 6,
                name=name,
                body=str(sub.get("body") or ""),
                path=tuple(n for _, n in above),
            )


def _order(item: Any) -> int:
    if not isinstance(item, dict):
        raise NotANotice(say("Sections and subsections are groups of named values."))
    return int(item.get("order") or 0)


def _place(part: _Part) -> str:
    """The call's field for a part: by its own name or that of a heading above it."""
    names = [name.lower() for name in part.path]
    for word, place in _PLACES:
        if any(name.startswith(word) for name in names):
            return place
    return "background"


def _text(part: _Part, place: str) -> str:
    """The part under its heading; the summary needs none."""
    body = to_markdown(part.body)
    if not part.name or (place == "summary" and part.name.lower() == "summary"):
        return body
    return f"{'#' * max(part.level - 1, 2)} {part.name}\n\n{body}".strip()


def _meta(data: Mapping[str, Any]) -> str:
    rows = [(label, str(data.get(key) or "").strip()) for key, label in META]
    lines = [f"- {label}: {value}" for label, value in rows if value]
    return joined("\n", [say("## The notice"), "", *lines]) if lines else ""


def _deadline(data: Mapping[str, Any], parts: list[_Part]) -> tuple[dt.datetime | None, list[str]]:
    """When the call closes: the end of the day the notice's head gives, in the notice's zone.

    Other deadlines in the text are not weighed against it: each is named in a warning.
    """
    match = _DATE.search(str(data.get("application_deadline") or ""))
    if match is None:
        return None, [say("The notice’s head gives no application deadline.")]
    zone = "America/New_York" if any(" ET" in part.body for part in parts) else "Etc/GMT+12"
    day = _day(match)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, ZoneInfo(zone))
    warnings = [
        say(
            "“{join}” in “{name}”: the head says {group}.",
            join=" ".join(found.group().split()),
            name=part.name,
            group=match.group(),
        )
        for part in parts
        for found in _DEADLINE.finditer(part.body)
        if _day(found) != day
    ]
    return end.astimezone(dt.UTC), warnings


def _day(match: re.Match[str]) -> dt.date:
    words = " ".join(match.groups()[-3:])
    return dt.datetime.strptime(words, "%B %d %Y").replace(tzinfo=dt.UTC).date()
