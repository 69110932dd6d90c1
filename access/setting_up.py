"""What data asks of a new programme: datasets in its catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.programs import setup
from fellowship.programs.models import Program


@setup.register
def datasets(program: Program, user: Any) -> Iterator[setup.Step]:
    """Its first datasets, which can also come later."""
    steward = has_role(user, program.pk, roles.STEWARD)
    yield setup.Step(
        order=36,
        title=say("Enter datasets"),
        url=f"{reverse('access:new_dataset')}?program={program.slug}",
        done=False,
        refusal=None
        if steward
        else Refusal(
            "wrong_role", say("Only a data steward of {program} enters datasets.", program=program)
        ),
        optional=True,
    )
