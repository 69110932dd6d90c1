"""What on-call may do about data when an escalation asks for it: close it, at once."""

from __future__ import annotations

from access.models import Dataset, Grant
from access.reach import in_words, reachable
from access.services import suspend_dataset, suspend_person
from fellowship.accounts.models import Actor, User
from fellowship.kernel.time import now
from governance.containment import register
from governance.models import Escalation
from scoping.models import Fellowship
from scoping.services import suspend

KEY = "access.suspend_everything"
GRANTS = "access.suspend_grants"
DATASET = "access.suspend_dataset"
NAMED = 3
"""So many datasets are named beforehand; the record names them all."""


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


def within_reach(escalation: Escalation) -> str:
    """What would be closed, beforehand: the datasets that those concerned reach now."""
    cases, at = concerned(escalation), now()
    names = sorted({str(one.dataset) for case in cases for one in reachable(case, at)})
    if not names:
        return "Nothing is reachable now; nothing can be granted until a second person lifts it."
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"Reachable now: {', '.join(names[:NAMED])}{more}. Until a second person lifts it."


register(
    KEY,
    "Suspend everything this fellowship can reach",
    act,
    applies=lambda escalation: bool(concerned(escalation)),
    hint=within_reach,
    order=10,
)


def people(escalation: Escalation) -> list[User]:
    """Those who may reach data in what the alarm is about: of its case, or its fellow."""
    grants = Grant.objects.filter(fellowship__in=concerned(escalation))
    return list(User.objects.filter(pk__in=grants.values("person_id")).order_by("pk"))


def suspend_grants(*, escalation: Escalation, by: Actor, reason: str) -> str:
    """Suspend all access of each person concerned; their cases go on."""
    program = escalation.program
    done = [
        suspend_person(program=program, person=person, by=by, reason=reason)
        for person in people(escalation)
    ]
    return "\n".join(f"{one.ref}: all access of {one.person} is suspended." for one in done)


register(
    GRANTS,
    "Suspend the grants of this case",
    suspend_grants,
    applies=lambda escalation: bool(people(escalation)),
    hint="Nobody of it reaches data until a second person lifts it; the case goes on.",
    order=20,
)


def _dataset(escalation: Escalation) -> Dataset | None:
    if escalation.subject_type != Dataset._meta.label_lower:
        return None
    rows = Dataset.objects.filter(program_id=escalation.program_id)
    return rows.filter(pk__in=[escalation.subject_id]).first()


def close_dataset(*, escalation: Escalation, by: Actor, reason: str) -> str:
    """Suspend the dataset for everyone."""
    dataset = _dataset(escalation)
    if dataset is None:
        return ""
    made = suspend_dataset(dataset=dataset, by=by, reason=reason)
    return f"{made.ref}: {dataset} is suspended for everyone."


register(
    DATASET,
    "Suspend this dataset for everyone",
    close_dataset,
    applies=lambda escalation: _dataset(escalation) is not None,
    hint="Until a second person lifts it.",
    order=10,
)
