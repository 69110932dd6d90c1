"""The dry run: what would become of each finding. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal
from findings.models import Finding
from findings.services.bulk.actions import Action, Said


@dataclass
class Outlook:
    """What an action would do: `changes`, what is `same` already, and what is refused, why."""

    changes: list[Finding] = field(default_factory=list)
    same: list[Finding] = field(default_factory=list)
    refused: list[tuple[Finding, Refusal]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many findings were looked at."""
        return len(self.changes) + len(self.same) + len(self.refused)

    @property
    def grounds(self) -> list[tuple[Refusal, list[Finding]]]:
        """Refusals by what they say, the most frequent first."""
        found: dict[str, tuple[Refusal, list[Finding]]] = {}
        for finding, refusal in self.refused:
            found.setdefault(refusal.reason, (refusal, []))[1].append(finding)
        return sorted(found.values(), key=lambda pair: -len(pair[1]))


def look(action: Action, found: Iterable[Finding], *, by: User, said: Said) -> Outlook:
    """What `action` would do to findings read `with_related`."""
    outlook, said = Outlook(), {**said, "known": {}}
    for finding in found:
        refusal = action.refusal(finding, by, said)
        if action.already(finding, by, said) and not (refusal and refusal.personal):
            outlook.same.append(finding)
        elif refusal:
            outlook.refused.append((finding, refusal))
        else:
            outlook.changes.append(finding)
    return outlook


def programs_of(found: Sequence[Finding]) -> set[int]:
    """Keys of the programmes the findings are of; a batch is of one."""
    return {finding.program_id for finding in found}
