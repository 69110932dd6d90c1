"""Target systems, set up as a steward does, and what they let through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from access import services
from access.models import Grant, TargetSystem
from access.services import enforcement

if TYPE_CHECKING:
    from tests.scenarios.world import World


def pulling(world: World, grant: Grant, name: str = "JupyterHub", **values: Any) -> TargetSystem:
    """A system that asks by API, under the stranger's account."""
    target, _ = services.add_target(
        **{
            "program": world.program,
            "name": name,
            "kind": "pull",
            "datasets": [grant.dataset],
            "owner": world.steward,
            "account": world.stranger,
            "by": world.steward,
            **values,
        }
    )
    enforcement.sync()
    return TargetSystem.objects.get(pk=target.pk)


def sent_to(
    world: World, grant: Grant, url: str, name: str = "Warehouse", **values: Any
) -> TargetSystem:
    """A system that is sent what changed, at `url`."""
    return pulling(world, grant, name, **{"kind": "webhook", "url": url, "account": None, **values})
