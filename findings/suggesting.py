"""What a finding could be turned into: suggestions, each with its reasons and what it showed here.

Three things speak for a kind of control: the programme's translation matrix for the class of the
finding, what ATLAS names against its technique, and what such controls showed in the programme.
Nothing is chosen for anybody: a suggestion is a sentence, and product teams may contest it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fellowship.kernel.saying import say
from findings import atlas, matrix
from findings.change_states import ContestState
from findings.matrix import Cell, Shown
from findings.models import Contest, Finding
from findings.states import ControlType, Family, FindingClass


@dataclass(slots=True)
class Suggestion:
    """A kind of control, why it is suggested, and what it showed in this programme."""

    family: Family
    control_type: ControlType
    reasons: list[str] = field(default_factory=list)
    shown: Shown = field(default_factory=Shown)
    contest: Contest | None = None
    """The contest that is open about it, for this finding or in the matrix."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All there is to suggest for one finding, and how its class is known."""

    rows: list[Suggestion]
    finding_class: FindingClass | None
    derived: bool
    """Whether the class was read from the technique, and nobody said it yet."""
    version: int
    atlas_version: str
    unmatched: list[atlas.Mitigation]
    """Mitigations of the technique that come to none of our kinds of control."""


def suggest(finding: Finding) -> Suggestions:
    """What the finding could be turned into, the best supported first.

    At most five queries; of a finding read `with_chain` only those that find something.
    """
    kind = matrix.class_of(finding.finding_class, finding.technique)
    changed = getattr(finding, "has_matrix_change", True)
    here = matrix.in_force(matrix.changes(finding.program_id) if changed else [])
    found: dict[Cell, Suggestion] = {}
    for cell, why in (here.cells[kind] if kind else {}).items():
        _at(found, cell).reasons.append(f"{kind.label}: {why}" if kind else why)
    unmatched = []
    for one in atlas.mitigations_of(finding.technique):
        if one.control is None:
            unmatched.append(one)
            continue
        said = f"{finding.technique} → {one.id} {one.name}"
        _at(found, one.control).reasons.append(f"{said}. {one.use}" if one.use else f"{said}.")
    if getattr(finding, "has_contest", True):
        _apply(found, contests(finding, kind))
    for cell, shown in (matrix.experience(finding.program_id, kind).get(kind, {})).items():
        if cell in found:
            found[cell].shown = shown
            if shown.measured:
                found[cell].reasons.append(
                    say(
                        "In this programme the risk fell in {reduced} of {measured} "
                        "cases that were measured.",
                        reduced=shown.reduced,
                        measured=shown.measured,
                    )
                )
    rows = sorted(found.values(), key=lambda s: (-s.shown.reduced, -len(s.reasons)))
    return Suggestions(
        rows,
        kind,
        kind is not None and not finding.finding_class,
        here.version,
        atlas.table().version,
        unmatched,
    )


def contests(finding: Finding, kind: FindingClass | None) -> list[Contest]:
    """What was contested for this finding, and what is contested in the matrix for its class."""
    rows = Contest.objects.filter(program_id=finding.program_id).exclude(
        state=ContestState.RETRACTED
    )
    mine = rows.filter(finding=finding)
    matrix_wide = rows.filter(finding=None, finding_class=kind or "", state=ContestState.OPEN)
    return list((mine | matrix_wide).select_related("raised_by", "ended_by").order_by("id"))


def _apply(found: dict[Cell, Suggestion], contested: Iterable[Contest]) -> None:
    """What was decided about this finding's suggestions, and what waits for an answer."""
    for one in contested:
        cell = (Family(one.family), ControlType(one.control_type))
        if one.state == ContestState.OPEN:
            if cell in found:
                found[cell].contest = one
        elif one.state == ContestState.UPHELD:
            if cell in found:
                found[cell].reasons.append(say("Contested and upheld: {answer}", answer=one.answer))
        else:
            found.pop(cell, None)
            if one.state == ContestState.REPLACED:
                instead = (Family(one.instead_family), ControlType(one.instead_type))
                label = f"{cell[0].label.lower()}, {cell[1].label.lower()}"
                _at(found, instead).reasons.append(
                    say("In place of {label}: {answer}", label=label, answer=one.answer)
                )


def _at(found: dict[Cell, Suggestion], cell: Cell) -> Suggestion:
    return found.setdefault(cell, Suggestion(*cell))
