"""Findings and controls as the search finds them; their changes and tests by reference."""

from __future__ import annotations

from fellowship.kernel.saying import say
from fellowship.web.search import Hit, Kind, by_state, paper, register
from findings.models import AcceptanceTest, ChangeRequest, Control, Finding, FindingImport


def _finding(row: Finding) -> Hit:
    meta = f"{row.ref} · {row.get_severity_display()} · {row.get_state_display()}"
    return Hit(row.title, row.get_absolute_url(), meta)


register(
    Kind(
        "findings",
        say("Findings"),
        Finding.objects.visible_to,
        _finding,
        order=40,
        words=("title", "ref", "technique"),
        prefix="F",
        listed="findings:queue",
        wide=(("queue", "all"),),
    ),
    Kind(
        "controls",
        say("Controls"),
        Control.objects.visible_to,
        by_state,
        order=45,
        words=("title", "ref"),
        prefix="C",
    ),
    *(
        paper(model, prefix)
        for model, prefix in ((ChangeRequest, "CR"), (AcceptanceTest, "AT"), (FindingImport, "IMP"))
    ),
)
