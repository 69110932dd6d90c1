"""What the folded parts of a finding's page are called: each says how much is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.web.cells import count
from findings.duework import DueWork
from findings.models import Finding
from findings.suggesting import Suggestions
from findings.talk import Talk


def labels_of(shown: Mapping[str, Any]) -> dict[str, str]:
    """Labels and the sentences of the banner, from the context of the page."""
    finding: Finding = shown["finding"]
    talk: Talk = shown["talk"]
    change, owner = shown["shipped"], finding.product_owner
    done = (
        f"{change.ref} “{change.title}” is done; nothing shows yet that it worked."
        if change
        else ""
    )
    events = len(shown["events"])
    return {
        "history_label": f"History: {'the latest ' if shown['more_events'] else ''}"
        f"{count(events, 'entry', 'entries')}",
        "earlier_label": f"{count(len(talk.earlier), 'earlier entry', 'earlier entries')}",
        "conditions_label": _conditions(finding),
        "suggestions_label": _suggestions(shown["suggestions"]),
        "clock_label": _clock(shown["due"]),
        "shipped_detail": done,
        "under_way": f"{finding.get_state_display()}, with {owner or 'the product owners'}",
    }


def _conditions(finding: Finding) -> str:
    named = len(finding.setting)
    said = f": {named} by name" if named else ""
    return f"Conditions under which it holds{said}"


def _suggestions(found: Suggestions) -> str:
    if not found.rows:
        return "What it could be turned into: nothing is suggested"
    contested = sum(row.contest is not None for row in found.rows)
    said = f", {contested} contested" if contested else ""
    return f"What it could be turned into: {count(len(found.rows), 'suggestion')}{said}"


def _clock(work: DueWork) -> str:
    parts = [count(len(work.stretches), "stretch", "stretches")]
    if work.pauses:
        parts.append(count(work.pauses, "pause"))
    parts.append(f"{count(work.with_us, 'working day')} with us")
    return f"The due clock: {', '.join(parts)}"
