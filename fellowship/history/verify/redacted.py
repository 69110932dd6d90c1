"""Rows from which personal data was taken out, each bound to the event that did so."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from fellowship.history.models import Event, Redaction
from fellowship.history.verify.report import Report
from fellowship.kernel.canonical import digest

KEY: Final = "redacted"
"""Where the event of an erasure says how many rows it changed, and their digest."""
VERB: Final = "oversight.erase_person"
"""The verb that takes personal data out of the record."""


def summary(redactions: Iterable[Redaction]) -> dict[str, Any]:
    """What the event of an erasure says of its redactions."""
    lines = sorted([r.model, str(r.row), r.before, r.after] for r in redactions)
    return {"count": len(lines), "digest": digest(lines)}


class Redacted:
    """Every redaction there is, by row: they are as few as people who asked to be forgotten."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
        self._by_event: dict[UUID, list[Redaction]] = defaultdict(list)
        for found in Redaction.objects.all():
            self._before[found.model, found.row][found.after] = found.before
            self._by_event[found.event].append(found)

    def original(self, model: str, row: int, present: str) -> str:
        """The digest the row was recorded with; the present one where nothing was taken out."""
        steps = self._before.get((model, row))
        seen = set()
        while steps and present in steps and present not in seen:
            seen.add(present)
            present = steps[present]
        return present

    def check(self, report: Report) -> None:
        """Name redactions that no event of an erasure accounts for, or not as they stand."""
        events = Event.objects.filter(uid__in=self._by_event)
        said = {uid: _said(body) for uid, body in events.values_list("uid", "body")}
        for uid, found in self._by_event.items():
            if said.get(uid) != summary(found):
                report.add("redaction", f"redactions of event {uid} are not as it recorded")
        missing = Event.objects.filter(verb=VERB).exclude(uid__in=self._by_event)
        for uid, body in missing.values_list("uid", "body"):
            told = _said(body)
            if told and told["count"]:
                report.add("redaction", f"the redactions of event {uid} are gone")
        if count := sum(map(len, self._by_event.values())):
            report.notes.append(f"personal data was taken out of {count} rows by recorded erasures")


def _said(body: str) -> Any:
    try:
        return json.loads(body)["change"].get(KEY)
    except (ValueError, KeyError, AttributeError):
        return None
