"""What the API of governance looks up by the names people use."""

from __future__ import annotations

from typing import Any

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.programs.models import Program
from governance.subjects import by_reference
from governance.views.common import programs_of


def program_of(user: Any, slug: str) -> Program:
    """The programme of that slug the person takes part in; the only one where none is named."""
    rows = programs_of(user).select_related("realm")
    found = rows.filter(realm__slug=slug) if slug else rows
    programs = list(found[:2])
    if len(programs) != 1:
        raise Refused(Refusal("unknown_program", "Name one of your programmes.", field="program"))
    return programs[0]


def subject_of(user: Any, reference: str) -> Any:
    """The record of that reference; none where nothing is named. Refuses what is not theirs."""
    found = by_reference(user, reference)
    if reference and found is None:
        text = "No case with this reference is yours to see."
        raise Refused(Refusal("unknown_subject", text, field="reference"))
    return found
