"""A rule's history that was kept elsewhere, brought along when a programme moves here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance import founding
from governance.models import RuleVersion
from governance.policy import rules as policy
from governance.states import RuleStatus


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One version as it was in force elsewhere: from when, its text, and where it comes from."""

    effective_at: dt.datetime
    prose: str
    source: str


@journal.verb("governance.import_rule_history")
def import_rule_history(
    *,
    program: Program,
    kind: str,
    versions: Sequence[PastVersion],
    owner: User,
    by: Actor,
    reason: str = "",
) -> list[RuleVersion]:
    """Take over every past version, in their order, each in force from its own time.

    Only for a kind of which the programme has no version yet: what was decided here is never put
    behind what was not. The numbers are those a new programme starts with. One event names every
    text by its hash. The same history again is the history there is.
    """
    program = Program.objects.locked().get(pk=program.pk)
    there = RuleVersion.objects.adopted().filter(program=program, kind=kind).order_by("version")
    before = list(there)
    refused = policy.may_import_history(program, kind, versions, by, there=bool(before))
    if before and _same(before, versions):
        return unchanged(before, refused)
    refuse(refused)
    parameters = founding.parameters(kind)
    made = []
    for number, past in enumerate(versions, start=1):
        rule = RuleVersion(
            program=program,
            kind=kind,
            version=number,
            title=founding.TITLES[kind],
            parameters=parameters,
            prose=past.prose,
            rationale=say(
                "Brought along from {source}, where it was in force from this day.",
                source=past.source,
            ),
            owner=owner,
            status=RuleStatus.ADOPTED,
            effective_at=past.effective_at,
            adopted_at=past.effective_at,
        )
        rule.text_hash = rule.content_hash()
        rule.save()
        made.append(rule)
    change = {"kind": kind, "versions": [rule.text_hash for rule in made]}
    journal.record(subject=program, realm_id=program.pk, change=change)
    return made


def _same(before: Sequence[RuleVersion], versions: Sequence[PastVersion]) -> bool:
    return [(rule.effective_at, rule.prose) for rule in before] == [
        (past.effective_at, past.prose) for past in versions
    ]
