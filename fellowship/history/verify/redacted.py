"""Rows from which personal data was taken out, each bound to the event that did so."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from fellowship.history.models import Event
from fellowship.history.redactions import EVENT, KEY, VERB, by_event, summary
from fellowship.history.verify.report import Report


class Redacted:
    """Every redaction there is, by row: they are as few as people who asked to be forgotten."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
        self._by_event = by_event()
        self._back: set[tuple[str, int]] = set()
        for found in self._by_event.values():
            for one in found:
                self._before[one.model, one.row][one.after] = one.before
        self.rows: dict[str, set[int]] = defaultdict(set)
        for model, row in self._before:
            self.rows[model].add(row)

    def original(self, model: str, row: int, present: str) -> str:
        """The digest the row was recorded with; the present one where nothing was taken out."""
        steps = self._before.get((model, row), {})
        if any(before == present != after for after, before in steps.items()):
            self._back.add((model, row))
        seen = set()
        while present in steps and present not in seen:
            seen.add(present)
            present = steps[present]
        return present

    def check(self, report: Report) -> None:
        """Name redactions that no event of an erasure accounts for, or not as they stand, and rows
        in which what was taken out stands again. Last, when all rows were asked for.
        """
        events = Event.objects.filter(uid__in=self._by_event, verb=VERB)
        said = {uid: _said(body) for uid, body in events.values_list("uid", "body")}
        for uid, found in self._by_event.items():
            if said.get(uid) != summary(found):
                report.add("redaction", f"redactions of event {uid} are not as it recorded")
        missing = Event.objects.filter(verb=VERB).exclude(uid__in=self._by_event)
        for uid, body in missing.values_list("uid", "body"):
            told = _said(body)
            if told and told["count"]:
                report.add("redaction", f"the redactions of event {uid} are gone")
        for model, row in sorted(self._back):
            report.add("redaction", f"what was taken out of {model} {row} stands there again")
        if self._by_event:
            count = sum(map(len, self._by_event.values()))
            report.notes.append(
                f"personal data was taken out of {count} rows by {len(self._by_event)} recorded"
                f" erasures; {len(self.rows[EVENT])} of them are events, whose text no longer gives"
                " the leaf that was sealed"
            )


def _said(body: str) -> Any:
    try:
        return json.loads(body)["change"].get(KEY)
    except (ValueError, KeyError, AttributeError):
        return None
