"""What forms of several parts share."""

from __future__ import annotations

from typing import Any


def one_program(form: Any, programs: Any) -> None:
    """Ask for the programme only where there is more than one."""
    field = form.fields["program"]
    field.queryset = programs
    first = list(programs[:2])
    if len(first) == 1:
        field.initial = first[0].pk
        field.widget = field.hidden_widget()
