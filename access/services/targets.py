"""The verbs of target systems: set up, change, retire."""

from __future__ import annotations

from collections.abc import Collection

from access import target_policy as policy
from access.models import Dataset, TargetDataset, TargetSystem
from access.states import TargetKind
from fellowship.accounts.models import User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined
from fellowship.kernel.time import now
from fellowship.notices.services import add_endpoint
from fellowship.programs.models import Program

KIND = "access.assignments"
"""The kind of message target systems are sent."""


@journal.verb("access.add_target")
def add_target(
    *,
    program: Program,
    name: str,
    kind: str,
    datasets: Collection[Dataset],
    owner: User,
    by: User,
    url: str = "",
    account: User | None = None,
    alarm_after_minutes: int = 15,
) -> tuple[TargetSystem, str]:
    """Set up a system that enforces access to these datasets; what it should let through follows.

    Returns it with the signing secret of its endpoint, shown once; empty for one that asks itself.
    """
    refuse(
        policy.may_set(
            program=program,
            name=name,
            kind=kind,
            datasets=datasets,
            account=account,
            minutes=alarm_after_minutes,
            by=by,
        )
    )
    endpoint, secret = None, ""
    if kind == TargetKind.WEBHOOK:
        endpoint, secret = add_endpoint(realm=program.pk, name=name, url=url, kinds=[KIND], by=by)
    target = TargetSystem.objects.create(
        program=program,
        ref=next_reference("TGT"),
        name=name.strip(),
        kind=kind,
        endpoint=endpoint,
        account=account,
        owner=owner,
        alarm_after_minutes=alarm_after_minutes,
    )
    _serve(target, datasets)
    journal.record(
        subject=target,
        change={
            "name": target.name,
            "kind": kind,
            "datasets": joined(", ", sorted(d.ref for d in datasets)),
            "alarm_after_minutes": alarm_after_minutes,
        },
    )
    return target, secret


@journal.verb("access.change_target")
def change_target(
    *,
    target: TargetSystem,
    datasets: Collection[Dataset],
    owner: User,
    alarm_after_minutes: int,
    by: User,
    account: User | None = None,
) -> TargetSystem:
    """Other datasets, owner, account or time to the alarm. A dataset no more served is closed.

    What is so already is not recorded again.
    """
    target = TargetSystem.objects.locked().get(pk=target.pk)
    refuse(policy.may_change(target, by))
    refuse(
        policy.may_set(
            program=target.program,
            name=target.name,
            kind=target.kind,
            datasets=datasets,
            account=account,
            minutes=alarm_after_minutes,
            by=by,
            target=target,
        )
    )
    served = {row.dataset_id for row in target.serves.all()}
    there = (target.owner_id, target.account, target.alarm_after_minutes, served)
    if there == (owner.pk, account, alarm_after_minutes, {dataset.pk for dataset in datasets}):
        return target
    target.owner, target.account = owner, account
    target.alarm_after_minutes = alarm_after_minutes
    target.save()
    _serve(target, datasets)
    journal.record(
        subject=target,
        change={
            "datasets": joined(", ", sorted(d.ref for d in datasets)),
            "alarm_after_minutes": alarm_after_minutes,
        },
    )
    return target


def _serve(target: TargetSystem, datasets: Collection[Dataset]) -> None:
    """Serve exactly these."""
    wanted = {dataset.pk: dataset for dataset in datasets}
    for row in target.serves.all():
        if row.dataset_id in wanted:
            del wanted[row.dataset_id]
        else:
            row.delete()
    for dataset in wanted.values():
        TargetDataset.objects.create(target=target, dataset=dataset)


@journal.verb("access.retire_target")
def retire_target(*, target: TargetSystem, by: User, reason: str) -> TargetSystem:
    """The system is no more: it is told nothing, and nothing it let through is waited for."""
    target = TargetSystem.objects.locked().get(pk=target.pk)
    if target.retired_at is not None:
        return unchanged(target, policy.may_change(target, by))
    refuse(policy.may_change(target, by))
    refuse(policy.reason_given(reason))
    target.retired_at, target.retired_by = now(), by
    target.save()
    journal.record(subject=target, change={"retired_at": target.retired_at})
    return target
