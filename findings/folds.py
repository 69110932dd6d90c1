"""What the folded parts of a finding's page are called: each says how much is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.kernel.saying import joined, say
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
        say(
            "{ref} “{title}” is done; nothing shows yet that it worked.",
            ref=change.ref,
            title=change.title,
        )
        if change
        else ""
    )
    events = len(shown["events"])
    return {
        "history_label": say(
            "History: {more}{count}",
            more=say("the latest ") if shown["more_events"] else "",
            count=count(events, "entry", "entries"),
        ),
        "earlier_label": count(len(talk.earlier), "earlier entry", "earlier entries"),
        "conditions_label": _conditions(finding),
        "suggestions_label": _suggestions(shown["suggestions"]),
        "clock_label": _clock(shown["due"]),
        "shipped_detail": done,
        "under_way": say(
            "{state}, with {owner}",
            state=finding.get_state_display(),
            owner=owner or say("the product owners"),
        ),
    }


def _conditions(finding: Finding) -> str:
    named = len(finding.setting)
    said = say(": {named} by name", named=named) if named else ""
    return say("Conditions under which it holds{said}", said=said)


def _suggestions(found: Suggestions) -> str:
    if not found.rows:
        return say("What it could be turned into: nothing is suggested")
    contested = sum(row.contest is not None for row in found.rows)
    said = say(", {contested} contested", contested=contested) if contested else ""
    return say(
        "What it could be turned into: {count}{said}",
        count=count(len(found.rows), "suggestion"),
        said=said,
    )


def _clock(work: DueWork) -> str:
    parts = [count(len(work.stretches), "stretch", "stretches")]
    if work.pauses:
        parts.append(count(work.pauses, "pause"))
    parts.append(say("{count} with us", count=count(work.with_us, say("working day"))))
    return say("The due clock: {parts}", parts=joined(", ", parts))
