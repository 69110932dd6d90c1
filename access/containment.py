"""What on-call may do about data when an escalation asks for it: close everything, at once."""

from __future__ import annotations

from access.reach import in_words, reachable
from fellowship.accounts.models import Actor
from fellowship.kernel.time import now
from governance.containment import register
from governance.models import Escalation
from scoping.models import Fellowship
from scoping.services import suspend

KEY = "access.suspend_everything"


def concerned(escalation: Escalation) -> list[Fellowship]:
    """The fellowship the escalation is about, or those of its fellow that are under way."""
    cases = Fellowship.objects.filter(program_id=escalation.program_id).order_by("id")
    if escalation.subject_type == "scoping.fellowship" and escalation.subject_id:
        return list(cases.filter(pk=escalation.subject_id))
    if escalation.fellow_id:
        return list(cases.under_way().filter(fellow_id=escalation.fellow_id))
    return []


def act(*, escalation: Escalation, by: Actor, reason: str) -> str:
    """Suspend each fellowship concerned; says what was reachable until then."""
    done = []
    for case in concerned(escalation):
        reach = in_words(reachable(case, now()))
        suspend(fellowship=case, by=by, reason=reason)
        done.append(f"{case.ref} is suspended. Reachable until then:\n{reach}")
    return "\n".join(done)


register(
    KEY,
    "Suspend everything this fellowship can reach",
    act,
    applies=lambda escalation: bool(concerned(escalation)),
)
