"""What governance asks of a new programme: its first rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.programs import setup
from fellowship.programs.models import Program
from governance.models import RuleVersion
from governance.policy.rules import may_found
from governance.states import RuleKind


@setup.register
def first_rules(program: Program, user: Any) -> Iterator[setup.Step]:
    """Version 1 of every rule; before them, what may be done with data of each tier."""
    adopted = RuleVersion.objects.adopted().filter(program=program, version=1)
    there = dict(adopted.values_list("kind", "pk"))
    done = len(there) == len(RuleKind)
    yield setup.Step(
        order=30,
        title=say("Adopt the first rules"),
        url=reverse("governance:rules_first", args=[program.slug]),
        done=done,
        hint="" if done else say("Read each one and change its numbers before they are adopted."),
        refusal=None if done else may_found(program, program.sponsor, user),
    )
    kind = RuleKind.DATA_HANDLING.value
    shape = reverse("governance:rule_shape", args=[program.slug, kind])
    yield setup.Step(
        order=35,
        title=say("Say what may be done with data of each tier"),
        url=reverse("governance:rule", args=[there[kind]]) if kind in there else shape,
        done=kind in there,
        hint="" if kind in there else say("Four tiers, as most programmes handle them."),
    )
