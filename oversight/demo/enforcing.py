"""The systems that open and close access in the story: one that keeps up, and one that does not."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Final

from access import activity, anomalies
from access import services as access
from access.models import Grant, TargetSystem
from access.services import enforcement
from access.services.anomalies import review_anomaly
from access.states import AnomalyKind
from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.time import now
from oversight.demo.cast import NARRATOR
from scoping.models import Fellowship

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
HUB: Final = "JupyterHub"
WAREHOUSE: Final = "Trace warehouse"
ADDRESS: Final = "https://warehouse.meridian.example/hooks/fellowship"
CLUSTER: Final = "gpu-cluster"
NIGHT: Final = 240
"""Acts of one night: a sweep over all languages that a new cluster ran by itself."""


def plan(story: Story) -> None:
    """Set up both systems, let them keep up, then let one fall silent after a revocation."""
    at = story.stage.at
    at(-12, partial(_set_up, story))
    for half in range(-23, -2):
        at(half / 2, partial(_keep_up, HUB, WAREHOUSE))
    at(-1.6, partial(_night, story))
    at(-0.9, partial(_look_into, story))
    at(-0.025, partial(_revoke, story))
    at(-0.02, partial(_keep_up, HUB))


def _set_up(story: Story) -> None:
    steward = story.cast["steward"]
    program = story.cast.programs[next(iter(story.cast.programs))]
    datasets = [d for d in story.data.values() if d.program_id == program.pk]
    traces = [d for d in datasets if d.slug == "tool-call-traces"]
    access.add_target(
        program=program,
        name=HUB,
        kind="pull",
        datasets=datasets,
        owner=steward,
        account=_account("jupyterhub", "JupyterHub"),
        by=steward,
    )
    access.add_target(
        program=program,
        name=WAREHOUSE,
        kind="webhook",
        url=ADDRESS,
        datasets=traces,
        owner=steward,
        account=_account("warehouse", "Trace warehouse"),
        by=steward,
    )


def _account(username: str, name: str) -> User:
    """A service account: nobody signs in with it."""
    return register(
        email=f"{username}@systems.fellowship.example",
        username=username,
        name=f"{name} (service account)",
        by=NARRATOR,
    )


def _keep_up(*names: str) -> None:
    """The systems are told what changed, and say that they enforce it."""
    enforcement.sync()
    for target in TargetSystem.objects.filter(name__in=names, revision__gt=0):
        assert target.account is not None  # noqa: S101 - both have one
        access.acknowledge(target=target, revision=target.revision, by=target.account)


def _revoke(story: Story) -> None:
    """The traces of an incident are classified anew: one who reads them has to wait."""
    case: Fellowship = story.case(A, 7)
    grant = Grant.objects.filter(fellowship=case).latest("id")
    access.revoke_grant(
        grant=grant,
        by=story.cast["steward"],
        reason="The traces of the July incident turned out to name customers. They are classified "
        "anew; ask again once that is done.",
    )


def _night(story: Story) -> None:
    """Ada's sweep runs on the new cluster, at night."""
    grant = story.grants[0]
    begun = (now() - dt.timedelta(days=1)).replace(hour=2, minute=11)
    events = [
        {
            "id": f"{grant.ref}-cluster-{number}",
            "at": (begun + dt.timedelta(seconds=23 * number)).isoformat(),
            "person": grant.person.email,
            "dataset": grant.dataset.slug,
            "kind": "query",
            "details": {"rows": 96, "pattern": "SELECT refused WHERE turn = ? AND wording = ?"},
            "session": "sweep-12",
        }
        for number in range(NIGHT)
    ]
    access.ingest(program=story.case(A, 0).program, events=events, source=CLUSTER, by=NARRATOR)


def _look_into(story: Story) -> None:
    """On-call asks about the new source, and says what it was; the night is still to be asked."""
    case = story.case(A, 0)
    found, _ = anomalies.of(activity.of_case(case, now() - dt.timedelta(days=90), now()))
    for one in found:
        if one.kind == AnomalyKind.NEW_SOURCE and CLUSTER in one.reason:
            review_anomaly(
                anomaly=one,
                program=case.program,
                finding="The study moved to the new cluster on Tuesday, as its mentor had asked. "
                "The cluster reports under a name of its own.",
                by=story.cast["oncall"],
            )
