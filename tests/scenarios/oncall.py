"""A rota for the world: two people on the first line, the chair on the second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.services import grant_role
from fellowship.kernel.time import now
from governance import services
from governance.models import Rota
from tests.scenarios.world import SETUP, make_person

if TYPE_CHECKING:
    from tests.scenarios.world import World


def colleague(world: World, name: str = "nightly") -> User:
    """A second person of security on-call."""
    if name not in world.people:
        person = make_person(name)
        grant_role(user=person, realm=world.program.realm, role=roles.ONCALL, by=SETUP)
        world.people[name] = User.objects.get(pk=person.pk)
    return world.people[name]


def first_line(world: World, **values: Any) -> Rota:
    """Security on-call and a colleague take weekly turns; the one's first begins now."""
    wanted: dict[str, Any] = {
        "program": world.program,
        "name": "First line",
        "members": [world.oncall, colleague(world)],
        "starts_at": now(),
        "every_days": 7,
        "by": world.manager,
    }
    return services.set_rota(**{**wanted, **values})


def second_line(world: World, **values: Any) -> Rota:
    """The chair alone."""
    wanted = {"name": "Second line", "line": 2, "members": [world.chair]}
    return first_line(world, **{**wanted, **values})
