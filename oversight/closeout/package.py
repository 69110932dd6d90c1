"""The package itself: from the facts and the events of a case to the bytes of a bag.

`of_case` reads; `build` is a pure function, so the same record gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from fellowship.history.models import Event
from fellowship.kernel import saying
from fellowship.kernel.canonical import canonical
from oversight import casebook
from oversight.closeout import crate, facts
from oversight.closeout.bag import bag
from oversight.models import Closeout
from scoping.models import Fellowship

NAMES = {
    "index.html": ("text/html", "This package, to be read"),
    "fellowship.json": ("application/json", "The fellowship and its obligations"),
    "scope-of-work.json": ("application/json", "Signed scopes of work"),
    "findings.json": ("application/json", "Findings, their controls and verdicts"),
    "artifacts.json": ("application/json", "Registered results, by hash"),
    "access.json": ("application/json", "Grants, and accesses counted by verdict"),
    "deletion-certificates.json": ("application/json", "Certificates of deletion"),
    "releases.json": ("application/json", "Outputs that were released, by hash"),
    "escrow.json": ("application/json", "Deposits in escrow, by hash"),
    "publications.json": ("application/json", "Publications and their outcome"),
    "decisions.json": ("application/json", "Decisions with their letters, and exceptions"),
    "reviews.json": ("application/json", "Findings summary, the fellow’s and the mentor’s review"),
    "handback.json": ("application/json", "Property and accounts, and who keeps what"),
    "outcomes.json": ("application/json", "Contributions to the field, steps on the talent path"),
    "lineage.json": ("application/json", "The chain from dataset to measurement"),
    "style.css": ("text/css", "How the page looks"),
    "events.jsonl": ("application/x-ndjson", "The ledger's events of the case"),
}


STYLE = Path(__file__).parent / "style.css"


@dataclass(frozen=True, slots=True)
class Package:
    """A package and what it was made of."""

    content: bytes
    facts: str
    last_event: int

    @property
    def sha256(self) -> str:
        """The hash of the ZIP."""
        return hashlib.sha256(self.content).hexdigest()


def of_case(fellowship: Fellowship) -> Package:
    """The package of the case: as it was closed, or, before that, as its record stands now."""
    closed = Closeout.objects.filter(fellowship=fellowship).first()
    if closed:
        return of_closeout(closed)
    case = casebook.subjects(fellowship)
    last = casebook.events_of(case).last()
    at = last.at if last else fellowship.created_at
    said = canonical(facts.gather(fellowship, case, at)).decode()
    return _pack(said, case, last.pk if last else 0)


def of_closeout(closed: Closeout) -> Package:
    """The package a case was closed with, made again from what was kept."""
    case = casebook.subjects(closed.fellowship)
    return _pack(closed.facts, case, closed.last_event)


def gathered(fellowship: Fellowship, at: dt.datetime) -> Package:
    """The package stated for `at`, for the verb that closes the case."""
    case = casebook.subjects(fellowship)
    last = casebook.events_of(case).last()
    said = canonical(facts.gather(fellowship, case, at)).decode()
    return _pack(said, case, last.pk if last else 0)


def _pack(said: str, case: casebook.Subjects, upto: int) -> Package:
    events = casebook.events_of(case).filter(pk__lte=upto).iterator(chunk_size=2000)
    return Package(build(json.loads(said), events), said, upto)


def build(said: Mapping[str, Any], events: Iterable[Event]) -> bytes:
    """The ZIP of the bag from the facts and the events, and from nothing else."""
    files = _files(said, events)
    listed = [(path, NAMES[path][0], len(body), NAMES[path][1]) for path, body in files.items()]
    files["ro-crate-metadata.json"] = _json(crate.metadata(said, listed))
    ref = said["fellowship"]["ref"]
    return bag(
        files,
        name=f"{ref}-closeout",
        at=dt.datetime.fromisoformat(said["at"]),
        info={
            "External-Identifier": ref,
            "External-Description": f"Closeout of {said['fellowship']['title']}",
            "Source-Organization": said["fellowship"]["program"],
        },
    )


def _files(said: Mapping[str, Any], events: Iterable[Event]) -> dict[str, bytes]:
    lines = [f"{event.body}\n" for event in events]
    held = {
        "fellowship.json": {
            "at": said["at"],
            "fellowship": said["fellowship"],
            "obligations": said["obligations"],
        },
        "scope-of-work.json": said["scopes"],
        "findings.json": said["findings"],
        "artifacts.json": said["artifacts"],
        "access.json": {"grants": said["grants"], "reported": said["access"]},
        "deletion-certificates.json": said["deletions"],
        "releases.json": said["releases"],
        "escrow.json": said["escrow"],
        "publications.json": said["publications"],
        "decisions.json": {"decisions": said["decisions"], "exceptions": said["exceptions"]},
        "reviews.json": said["texts"],
        "handback.json": {"held": said["held"], "kept": said["ending"]},
        "outcomes.json": {"contributions": said["contributions"], "talent": said["talent"]},
        "lineage.json": said["lineage"],
    }
    files = {path: _json(content) for path, content in held.items()}
    files["events.jsonl"] = "".join(lines).encode()
    with saying.in_source():
        page = render_to_string("oversight/package.html", {**said, "events": len(lines)})
    files["index.html"] = page.encode()
    files["style.css"] = STYLE.read_bytes()
    return files


def _json(content: Any) -> bytes:
    text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True)
    return f"{text}\n".encode()
