"""What data asks of a new programme: how each tier is handled, and the first dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal
from fellowship.programs import setup
from fellowship.programs.models import Program
from governance.models import RuleVersion
from governance.states import RuleKind


@setup.register
def tiers(program: Program, user: Any) -> Iterator[setup.Step]:
    """The tiers, changed before the rules are adopted; afterwards read."""
    kind = RuleKind.DATA_HANDLING
    adopted = RuleVersion.objects.adopted().filter(program=program, kind=kind).exists()
    shape = reverse("governance:rule_shape", args=[program.slug, kind.value])
    read = f"{reverse('access:tiers')}?program={program.slug}"
    yield setup.Step(
        order=35,
        title="See what may be done with data of each tier",
        url=read if adopted else shape,
        done=adopted,
        hint="" if adopted else "Four tiers, as most programmes handle them; change what differs.",
    )
    yield setup.Step(
        order=36,
        title="Enter the first dataset",
        url=f"{reverse('access:new_dataset')}?program={program.slug}",
        done=Dataset.objects.filter(program=program).exists(),
        refusal=None
        if has_role(user, program.pk, roles.STEWARD)
        else Refusal("wrong_role", f"Only a data steward of {program} enters datasets."),
        optional=True,
    )
