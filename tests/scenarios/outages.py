"""What the site of the outages holds: a live grant, a draft, and people signed in to it."""

from __future__ import annotations

import json
from typing import Any

from django.test.utils import override_settings

from benchmarks.load_world import person
from tests.scenarios.access import event, granted
from tests.scenarios.proposals import drafted_proposal
from tests.scenarios.world import make_person, make_world

PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"


def prepare() -> str:
    """Make it, and tell as JSON who works there, with a session, a token, and what is theirs."""
    world = make_world()
    grant = granted(world)
    draft = drafted_proposal(world, world.other_applicant)
    theirs: dict[str, dict[str, Any]] = {
        "manager": {"program": world.program.pk},
        "steward": {"event": {**event(grant), "id": ""}},
    }
    found = [person(world.fresh(name), name, said) for name, said in theirs.items()]
    found.append(person(world.fresh("other_applicant"), "applicant", {"draft": draft.ref}))
    with override_settings(PASSWORD_HASHERS=[PBKDF2]):  # one who signs in by a password
        visitor = make_person("visitor")
    found.append(person(visitor, "visitor", {"email": visitor.email}))
    return json.dumps(found, default=str)
