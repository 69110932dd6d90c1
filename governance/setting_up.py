"""What governance asks of a new programme: its first rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.programs import setup
from fellowship.programs.models import Program
from governance.models import RuleVersion
from governance.policy.rules import may_found
from governance.states import RuleKind


@setup.register
def first_rules(program: Program, user: Any) -> Iterator[setup.Step]:
    """Version 1 of every rule."""
    kinds = RuleVersion.objects.adopted().filter(program=program).values("kind").distinct()
    done = kinds.count() == len(RuleKind)
    yield setup.Step(
        order=30,
        title="Adopt the first rules",
        url=reverse("governance:rules_first", args=[program.slug]),
        done=done,
        refusal=None if done else may_found(program, program.sponsor, user),
    )
