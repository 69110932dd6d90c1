"""The translation matrix: which controls a class of finding is usually turned into, and why.

Every programme starts with the matrix below, its version 1. What a contest changes is laid over it
(`MatrixChange`); the version in use on any day follows from the rows of that day. Why:
docs/adr/0027-a-matrix-laid-over-its-first-version.md.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from django.db.models import Case, Count, Q, QuerySet, Value, When

from fellowship.kernel.prepared import read
from fellowship.kernel.saying import begun, joined, say, say_n
from findings import atlas
from findings.models import Control, MatrixChange
from findings.states import ControlState, ControlType, Family, FindingClass, Verdict

Cell: TypeAlias = tuple[Family, ControlType]
Cells: TypeAlias = dict[Cell, str]
"""What is suggested, each with the reason."""

P, D, C, M = Family.PREVENTIVE, Family.DETECTIVE, Family.CORRECTIVE, Family.COMPENSATING
T, F = ControlType, FindingClass

FOUNDING: Final[Mapping[FindingClass, Cells]] = {
    F.PROMPT_INJECTION: {
        (P, T.PROMPT_TEMPLATE): say(
            "Marking what is data keeps it from being read as an instruction."
        ),
        (P, T.CONTENT_FILTER): say(
            "Known instructions in fetched text are stopped before the model."
        ),
        (D, T.MONITORING): say("An injected turn shows as a call nobody asked for."),
        (C, T.TRAINING): say("A model taught an order of instructions yields less often."),
        (M, T.SESSION_LIMIT): say("Fewer turns after foreign text leave less room to act."),
    },
    F.JAILBREAK: {
        (
            P,
            T.CONTENT_FILTER,
        ): say("A classifier around the model stops what it would answer."),
        (D, T.EVAL_THRESHOLD): say(
            "A release waits until the attack works no more often than agreed."
        ),
        (C, T.TRAINING): say("Only training changes what the model itself gives in to."),
        (M, T.SESSION_LIMIT): say("Long contexts weaken refusals; a limit bounds them meanwhile."),
    },
    F.DATA_LEAKAGE: {
        (P, T.CONTENT_FILTER): say("Secrets and identifiers are recognised on the way out."),
        (P, T.POLICY): say("What the model never holds it cannot tell."),
        (D, T.LOGGING): say("What left, and to whom, can be told afterwards."),
        (C, T.INCIDENT_RESPONSE): say("Those concerned are told and keys are changed."),
    },
    F.UNSAFE_TOOL_USE: {
        (P, T.POLICY): say("A tool that is not allowed cannot be misused."),
        (P, T.PROMPT_TEMPLATE): say("Tools are described with what they may not be used for."),
        (D, T.LOGGING): say("Each call with its arguments can be held against what was asked."),
        (M, T.INCIDENT_RESPONSE): say("A person confirms what cannot be undone."),
    },
    F.HARMFUL_OUTPUT: {
        (P, T.CONTENT_FILTER): say("The answer is checked before anybody reads it."),
        (D, T.EVAL_THRESHOLD): say("A release waits until the share of bad answers is low enough."),
        (C, T.TRAINING): say("Examples of the right answer make the wrong one rarer."),
        (D, T.MONITORING): say("Reports of users show what no test asked."),
    },
    F.OVER_REFUSAL: {
        (P, T.PROMPT_TEMPLATE): say("The refusal is bound to named grounds."),
        (D, T.EVAL_THRESHOLD): say("Harmless requests refused are counted before each release."),
        (C, T.TRAINING): say(
            "Harmless look-alikes in training bring refusals back to their measure."
        ),
    },
    F.POISONING: {
        (P, T.POLICY): say("Only sources with a known origin are trained on."),
        (D, T.EVAL_THRESHOLD): say("A trigger shows as a difference between like inputs."),
        (C, T.TRAINING): say("The model is trained again without what was found."),
    },
    F.MISUSE_AT_SCALE: {
        (M, T.SESSION_LIMIT): say("A limit makes what works once too slow to matter."),
        (D, T.MONITORING): say("Volume and sameness show what single requests hide."),
        (C, T.INCIDENT_RESPONSE): say("Accounts are closed by a written procedure."),
    },
    F.EVALUATION_GAP: {
        (D, T.EVAL_THRESHOLD): say("What was missed becomes a test that a release must pass."),
        (P, T.POLICY): say("No release without the evaluation that was missing."),
    },
    F.MONITORING_GAP: {
        (D, T.MONITORING): say("What nobody saw gets an alarm."),
        (D, T.LOGGING): say("What nobody kept is kept."),
        (C, T.INCIDENT_RESPONSE): say("An alarm needs someone who knows what to do."),
    },
    F.OTHER: {},
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """A programme's matrix in one version."""

    version: int
    cells: Mapping[FindingClass, Cells]


@dataclass(slots=True)
class Shown:
    """How often a cell was chosen in the programme, and what the controls showed."""

    chosen: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def measured(self) -> int:
        """Controls with a verdict other than “insufficient data”."""
        return sum(n for verdict, n in self.verdicts.items() if verdict != Verdict.INSUFFICIENT)

    @property
    def reduced(self) -> int:
        """Controls shown to have reduced the risk."""
        return self.verdicts[Verdict.REDUCED]

    @property
    def sentence(self) -> str:
        """The same at the beginning of a sentence."""
        return begun(str(self))

    def __str__(self) -> str:
        """“chosen 3 times, reduced 2 of 3”; what was not measured is not claimed."""
        if not self.chosen:
            return say("not chosen yet")
        said = [say_n(self.chosen, "chosen once", "chosen {n} times")]
        if self.measured:
            said.append(
                say(
                    "reduced the risk in {reduced} of {measured} measured",
                    reduced=self.reduced,
                    measured=self.measured,
                )
            )
        if short := self.verdicts[Verdict.INSUFFICIENT]:
            said.append(say("too little data in {short}", short=short))
        return (
            joined(", ", said) if len(said) > 1 else say("{said}, not measured yet", said=said[0])
        )


def changes(program: int) -> list[MatrixChange]:
    """What the programme changed since its first matrix, in order."""
    rows = MatrixChange.objects.filter(program_id=program)
    return list(rows.select_related("decided_by", "contest").order_by("version", "id"))


def in_force(rows: Iterable[MatrixChange], at: dt.datetime | None = None) -> Matrix:
    """The matrix that the programme's changes make, as of `at` where it is given."""
    cells = {kind: dict(found) for kind, found in FOUNDING.items()}
    version = 1
    for row in rows:
        if at is not None and row.decided_at > at:
            break
        version = row.version
        here = cells[FindingClass(row.finding_class)]
        cell = (Family(row.family), ControlType(row.control_type))
        if row.suggested:
            here[cell] = row.why
        else:
            here.pop(cell, None)
    return Matrix(version, cells)


def class_of(finding_class: str, technique: str) -> FindingClass | None:
    """The class a finding was given, else the one its technique usually means."""
    return FindingClass(finding_class) if finding_class else atlas.class_of(technique)


LATEST: Final = 1_000
SHIPPED: Final = (ControlState.DEPLOYED, ControlState.VERIFIED)


def experience(
    program: int, only: FindingClass | None = None
) -> dict[FindingClass | None, dict[Cell, Shown]]:
    """By class of finding and cell: how often it was chosen in the programme, and the verdicts.

    One query. Withdrawn controls do not count; of those that shipped, their verdict is told. For
    one class, the latest `LATEST` controls of the programme are looked at: what a page asks by the
    way must not grow with all that was ever built.
    """
    found: dict[FindingClass | None, dict[Cell, Shown]] = defaultdict(lambda: defaultdict(Shown))
    for kind, technique, family, control_type, shown, n in _chosen(only)(program):
        here = found[class_of(kind, technique)][(Family(family), ControlType(control_type))]
        here.chosen += n
        if shown:
            here.verdicts[Verdict(shown)] += n
    return found


@functools.cache
def _chosen(only: FindingClass | None) -> Callable[[int], list[Any]]:
    """How often each was chosen in a programme, for one class of finding or for all."""

    @read
    def rows(program: int) -> QuerySet[Any, Any]:
        found = Control.objects.filter(program_id=program).exclude(state=ControlState.WITHDRAWN)
        if only is not None:
            techniques = [key for key, kind in atlas.CLASSES.items() if kind == only]
            meant = Q(finding__finding_class="") & _meaning(techniques)
            latest = found.order_by("-id").values("pk")[:LATEST]
            found = Control.objects.filter(pk__in=latest)
            found = found.filter(Q(finding__finding_class=only) | meant)
        names = ("finding__finding_class", "finding__technique", "family", "control_type")
        shipped = Q(state__in=SHIPPED) & ~Q(verdict="")
        shown = Case(When(shipped, then="verdict"), default=Value(""))
        counted = found.annotate(shown=shown).order_by().values_list(*names, "shown")
        return counted.annotate(n=Count("pk"))

    return rows


def _meaning(techniques: Iterable[str]) -> Q:
    """Findings of these techniques or of parts of them."""
    found = Q(pk__in=[])
    for one in techniques:
        found |= Q(finding__technique=one) | Q(finding__technique__startswith=f"{one}.")
    return found
