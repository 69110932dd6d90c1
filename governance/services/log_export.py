"""Taking the decision log out is itself on record."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance.models.visibility import ROOM


@journal.verb("governance.export_log")
def export_log(*, by: User, narrowed: str = "") -> int:
    """Record that the person takes the decision log of the boards whose room they enter.

    One event for each programme, before the file is made; `narrowed` is the query of the page.
    Returns how many programmes. Each export is an act of its own.
    """
    programs = Program.objects.filter(pk__in=realm_ids_where(by, *ROOM)).order_by("pk")
    refuse(
        None
        if programs
        else Refusal("wrong_role", say("Only who enters a board room takes its decision log."))
    )
    for program in programs:
        journal.record(subject=program, change={"narrowed": narrowed[:500]})
    return len(programs)
