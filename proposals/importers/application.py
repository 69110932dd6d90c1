"""An application written in Markdown under headings (project, team, roadmap) as a proposal.

Every line of the source is kept, verbatim and in order, in the answer its heading belongs to; lines
under headings nobody foresaw stay with those before them. What the source did not ask is said to be
so, never invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from fellowship.kernel.saying import say
from proposals.importers import ParsedProposal
from proposals.importers.markup import to_markdown
from proposals.sections import LINE_MAX, normal

NOT_ASKED: Final = say("The source did not ask for this.")
_HEADING = re.compile(r"^(#{1,6})\s*(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_EMOJI = re.compile(r":\w+:|[^\w\s’'&/.,?-]")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PLACES: Final[tuple[tuple[str, str], ...]] = (
    ("roadmap", "timeline"),
    ("milestone", "timeline"),
    (say("project details"), "method"),
    (say("technology stack"), "method"),
    (say("ecosystem fit"), "problem"),
    (say("future plans"), "remarks"),
    (say("additional information"), "remarks"),
    ("team", "prior_work"),
    (say("legal structure"), "prior_work"),
    (say("past work"), "prior_work"),
    (say("what has been done"), "prior_work"),
    (say("project overview"), "problem"),
    (say("project description"), "problem"),
    ("objectives", "problem"),
    ("signatures", "remarks"),
    ("license", "remarks"),
    ("about", "remarks"),
)
_TITLE = re.compile(r"^\W*Project(?: Name)?\W*:[ \t*_`]*(.+)$", re.IGNORECASE | re.MULTILINE)
_PROPOSER = re.compile(
    r"^\W*(?:Proposer|Team Name)[^:\n]*:[ \t*_`]*(.+)$", re.IGNORECASE | re.MULTILINE
)
_COST = re.compile(r"^.*\b(?:total )?costs?\b.*$", re.IGNORECASE | re.MULTILINE)
_MEMBERS = re.compile(
    r"^\W*(?:names? of )?(?:the )?(?:team )?(?:leader|members?)\W*:\s*(.+)$", re.I
)
_NAME = re.compile(r"^[^\W\d_][\w.'’-]*(?: [\w.'’()-]+){0,4}$")


def parse(text: str, *, fallback: str) -> ParsedProposal:
    """Read an application; `fallback` is its title where it names none (the file's name)."""
    warnings: list[str] = []
    cleaned = _CONTROL.sub("", text)
    if cleaned != text:
        warnings.append("Invisible control characters were removed.")
    blocks = _blocks(cleaned)
    title = _plain(_first(_TITLE, cleaned))[:LINE_MAX].strip() or fallback
    if title == fallback:
        warnings.append("The source names no project; its file name is the title.")
    proposer = _plain(_first(_PROPOSER, cleaned))[:200].strip()
    team = _team(blocks.get("prior_work", "")) or ([proposer] if proposer else [])
    if not team:
        warnings.append("No team members could be read; the text about the team is kept.")
    answers: dict[str, Any] = {
        **{key: text for key, text in blocks.items() if text},
        "title": title,
        "budget": "\n".join(m.group().strip() for m in _COST.finditer(cleaned)) or NOT_ASKED,
        "team": [{"name": name[:LINE_MAX]} for name in team or [fallback]],
    }
    for key in _ASKED:
        answers.setdefault(key, NOT_ASKED)
    return ParsedProposal(title, proposer or (team[0] if team else fallback), answers, warnings)


_ASKED: Final = (
    "problem",
    "question",
    "system",
    "system_version",
    "hypothesis",
    "method",
    "success",
    "prior_work",
    "conflicts",
    "timeline",
)


def _blocks(text: str) -> dict[str, str]:
    """The source by answer; what stands before the first known heading is kept in the remarks."""
    found: dict[str, list[str]] = {}
    for place, lines in _runs(text):
        found.setdefault(place, []).append("\n".join(lines).strip("\n"))
    return {place: normal("\n\n".join(parts)) for place, parts in found.items()}


def _runs(text: str) -> Iterator[tuple[str, list[str]]]:
    place, fence = "remarks", ""
    run: list[str] = []
    for line in normal(text).split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or fence == mark.group(1)):
            fence = "" if fence else mark.group(1)
        heading = None if fence else _HEADING.match(line)
        target = _place(heading) if heading else None
        if target and target != place:
            if run:
                yield place, run
            place, run = target, []
        run.append(line)
    yield place, run


def _place(heading: re.Match[str]) -> str | None:
    """The answer a heading opens, or None where it stays with what is before it."""
    words = " ".join(_EMOJI.sub(" ", heading.group(2)).lower().split())
    if len(heading.group(1)) > 3:
        return None
    return next((place for start, place in _PLACES if words.startswith(start)), None)


def _team(text: str) -> list[str]:
    """Names of the team: of a “Members:” line, or of the list under “Team members”."""
    names: list[str] = []
    listed = False
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        if heading:
            listed = heading.group(2).lower().startswith("team members")
            continue
        if match := _MEMBERS.match(line):
            names += _split(match.group(1))
        elif listed and line.lstrip().startswith(("*", "-", "+")):
            names += _split(re.split(r"[:–—]| - |\(", line.lstrip("*-+ \t"))[0])
    return list(dict.fromkeys(names))


def _split(text: str) -> list[str]:
    parts = re.split(r",| and | & |;", _plain(text))
    return [name for part in parts if _NAME.match(name := part.strip(" .*_`@"))]


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match.group(1) if match else ""


def _plain(text: str) -> str:
    """One line of Markdown as text."""
    linked = _LINK.sub(lambda m: m.group(1) or m.group(0), text)
    return " ".join(re.sub(r"[`*]", "", to_markdown(linked)).split())
