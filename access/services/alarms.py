"""Rows outside the agreements raise an escalation, or are added to the open one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Final

from access.judging import Judged
from access.models import Dataset
from access.rows import Row
from access.states import Operation, Verdict
from fellowship.kernel import journal
from fellowship.kernel.saying import say, say_n
from fellowship.programs.models import Program
from governance.services import raise_escalation
from governance.states import EscalationKind, Severity
from scoping.models import Fellowship

GRAVE: Final = (Operation.EXPORT, Operation.DOWNLOAD, Operation.TRAIN, Operation.SHARE)
"""Operations after which data may be out of reach."""
BY: Final = journal.System("access trail")


def raise_for(program: Program, fresh: list[Row], judged: list[Judged]) -> int:
    """One escalation for each fellowship concerned, or dataset where nobody of ours is known."""
    groups: dict[tuple[str, int], list[tuple[Row, Judged]]] = defaultdict(list)
    within = Verdict.WITHIN.value
    outside = [p for p in zip(fresh, judged, strict=True) if p[1].outcome.verdict != within]
    for row, one in outside:
        if one.outcome.fellowship_id:
            groups[("fellowship", one.outcome.fellowship_id)].append((row, one))
        elif one.dataset_id:
            groups[("dataset", one.dataset_id)].append((row, one))
    fellowships = Fellowship.objects.in_bulk([pk for kind, pk in groups if kind == "fellowship"])
    datasets = Dataset.objects.in_bulk([pk for kind, pk in groups if kind == "dataset"])
    for (kind, pk), found in sorted(groups.items()):
        subject: Any = fellowships[pk] if kind == "fellowship" else datasets[pk]
        raise_escalation(
            program=program,
            kind=EscalationKind.OUT_OF_SCOPE,
            severity=_severity(found),
            subject=subject,
            summary=_summary(subject, found),
            by=BY,
        )
    return len(groups)


def _severity(found: Iterable[tuple[Row, Judged]]) -> str:
    grave = any(row.operation in GRAVE for row, _ in found)
    return str(Severity.HIGH if grave else Severity.MEDIUM)


def _summary(subject: Any, found: list[tuple[Row, Judged]]) -> str:
    counts = Counter(
        (row.dataset_name, Operation(row.operation).label.lower(), one.outcome.reason)
        for row, one in found
    )
    lines = [
        say_n(
            len(found),
            "{subject}: {n} reported act outside the agreements.",
            "{subject}: {n} reported acts outside the agreements.",
            subject=subject,
        )
    ]
    lines += [
        f"{number} × {operation}, {dataset or say('no dataset')}: {reason}"
        for (dataset, operation, reason), number in counts.most_common(5)
    ]
    return "\n".join(lines)
