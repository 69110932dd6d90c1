"""Fellowships at every stage, made as people make them: through services."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from fellowship.accounts.models import User
from fellowship.kernel.time import now
from scoping import services
from scoping.models import Fellowship, ScopeOfWork
from tests.scenarios.proposals import accepted_proposal
from tests.scenarios.world import World, make_world

TERMS: dict[str, Any] = {
    "max_tier": "restricted",
    "datasets": ["refusal-logs"],
    "operations": ["view", "query", "run_code"],
    "environment": "controlled",
    "retention_days": 30,
    "code_may_leave": False,
    "tools": "Notebooks of the controlled environment.",
    "prohibited": "Copying records out. Identifying people.",
    "deliverables": "An evaluation harness and a report.",
}


def founded_fellowship(world: World, applicant: User | None = None, **answers: Any) -> Fellowship:
    """A fellowship as the board's decision leaves it: in scope, its first draft written."""
    proposal = accepted_proposal(world, applicant=applicant, **answers)
    return Fellowship.objects.get(proposal=proposal)


def drafted_scope(world: World, fellowship: Fellowship | None = None, **terms: Any) -> ScopeOfWork:
    """The first draft, completed by the manager."""
    fellowship = fellowship or founded_fellowship(world)
    scope = fellowship.scopes.get(state="draft")
    return services.edit_scope(scope=scope, changes={**TERMS, **terms}, by=world.manager)


def offered_scope(world: World, fellowship: Fellowship | None = None, **terms: Any) -> ScopeOfWork:
    """A version both sides are asked to sign."""
    scope = drafted_scope(world, fellowship, **terms)
    return services.offer_scope(scope=scope, by=world.manager)


def sign_both(world: World, scope: ScopeOfWork) -> ScopeOfWork:
    """The fellow signs, then the chair."""
    for person in (scope.fellowship.fellow, world.chair):
        services.sign_scope(scope=scope, text_hash=scope.text_hash, by=person)
    scope.refresh_from_db()
    return scope


def signed_fellowship(
    world: World, applicant: User | None = None, *, trained: bool = True, **terms: Any
) -> Fellowship:
    """A fellowship with a mentor, a valid training and a scope signed by both: at access.

    The world's own, where it was built with one and nothing else is asked for.
    """
    if world.fellowship and trained and not (applicant or terms):
        return copy.deepcopy(world.fellowship)
    return signed(world, founded_fellowship(world, applicant), trained=trained, **terms)


def signed(
    world: World, fellowship: Fellowship, *, trained: bool = True, **terms: Any
) -> Fellowship:
    """A fellowship in scope, led as far as access."""
    services.assign_mentor(fellowship=fellowship, mentor=world.mentor, by=world.manager)
    if trained:
        services.record_training(
            person=fellowship.fellow,
            program=world.program,
            completed_at=now() - dt.timedelta(days=1),
            by=world.manager,
            evidence="Session of the security team, signed list.",
        )
    sign_both(world, offered_scope(world, fellowship, **terms))
    return Fellowship.objects.get(pk=fellowship.pk)


def world_with_fellowship() -> World:
    """A programme in which the applicant's fellowship is signed."""
    world = make_world()
    world.fellowship = signed_fellowship(world)
    return world


def amended_scope(world: World, fellowship: Fellowship, **changes: Any) -> ScopeOfWork:
    """A new version the manager proposes over the signed one."""
    return services.amend(
        fellowship=fellowship, changes=changes, by=world.manager, reason="The question moved."
    )


def checked_in(world: World, fellowship: Fellowship, blockers: str = "") -> Any:
    """The fellow's notes of this month."""
    return services.check_in(
        fellowship=fellowship, by=fellowship.fellow, notes="Halfway.", blockers=blockers, hours=3
    )
