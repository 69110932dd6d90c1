"""Who sets up target systems, who acknowledges, who looks into anomalies; and why not."""

from __future__ import annotations

from collections.abc import Collection

from access.models import Dataset, TargetSystem
from access.states import TargetKind
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance.policy.common import text_given

KEEPERS = (roles.STEWARD, roles.ADMINISTRATOR)
MINUTES_MAX = 10_080


def may_keep_targets(program_id: int, by: Actor) -> Refusal | None:
    """Why `by` may not set up target systems of the programme."""
    if has_role(by, program_id, *KEEPERS):
        return None
    return Refusal(
        "wrong_role", say("Only a data steward or an administrator sets up target systems.")
    )


def may_set(
    *,
    program: Program,
    name: str,
    kind: str,
    datasets: Collection[Dataset],
    account: User | None,
    minutes: int,
    by: Actor,
    target: TargetSystem | None = None,
) -> Refusal | None:
    """Why a target system may not be as described."""
    same = TargetSystem.objects.filter(program=program, name=name.strip())
    taken = same.exclude(pk=target.pk if target else 0).exists()
    foreign = any(dataset.program_id != program.pk for dataset in datasets)
    problems = (
        ("no_name", say("Give it a name."), "name", not name.strip()),
        ("name_taken", say("Another target system has this name."), "name", taken),
        (
            "unknown_kind",
            say("Choose how it learns what to do."),
            "kind",
            kind not in TargetKind.values,
        ),
        ("no_datasets", say("Choose the datasets it serves."), "datasets", not datasets),
        ("foreign_dataset", say("Choose datasets of the programme."), "datasets", foreign),
        (
            "no_account",
            say("Name the account whose token it asks with."),
            "account",
            kind == TargetKind.PULL and account is None,
        ),
        (
            "bad_minutes",
            say("Give 1 to {MINUTES_MAX:,} minutes.", MINUTES_MAX=MINUTES_MAX),
            "alarm_after_minutes",
            not 1 <= minutes <= MINUTES_MAX,
        ),
    )
    return may_keep_targets(program.pk, by) or next(
        (Refusal(code, said, field=field) for code, said, field, holds in problems if holds), None
    )


def may_change(target: TargetSystem, by: Actor) -> Refusal | None:
    """Why the target system is not changed or retired."""
    return first(may_keep_targets(target.program_id, by), _in_use(target))


def may_acknowledge(target: TargetSystem, revision: int, by: Actor) -> Refusal | None:
    """Why `by` may not say for the target that it enforces the revision."""
    own = isinstance(by, System) or by == target.account
    known = 1 <= revision <= target.revision
    said = say(
        "There is no revision {revision}; the last one is {revision2}.",
        revision=revision,
        revision2=target.revision,
    )
    return first(
        None
        if own
        else Refusal(
            "not_yours", say("A target system acknowledges for itself, by its own account.")
        ),
        _in_use(target),
        None if known else Refusal("unknown_revision", said, field="revision"),
    )


def _in_use(target: TargetSystem) -> Refusal | None:
    if target.retired_at is None:
        return None
    return Refusal("retired", say("{target} is retired.", target=target))


def may_review(program_id: int, by: Actor) -> Refusal | None:
    """Why `by` does not say what an anomaly was."""
    if has_role(by, program_id, roles.ONCALL):
        return None
    return Refusal("wrong_role", say("Security on-call looks into what is unusual."))


EXPORTERS = (roles.ONCALL, roles.AUDITOR)
"""Who takes the trail out, for a SIEM or an audit."""


def may_export(program_id: int, by: Actor) -> Refusal | None:
    """Why `by` does not export the programme's access trail."""
    if has_role(by, program_id, *EXPORTERS):
        return None
    return Refusal("wrong_role", say("Security on-call and auditors export the access trail."))


def reason_given(reason: str) -> Refusal | None:
    """Why a judgement without its reason is refused."""
    return text_given(reason, "reason", say("Say why."))
