"""What on-call may do about data when an escalation asks for it: close it, at once."""

from __future__ import annotations

from access.models import Dataset, Grant
from access.reach import in_words, reachable
from access.services import suspend_dataset, suspend_person
from fellowship.accounts.models import Actor, User
from fellowship.kernel.saying import joined, say
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
        done.append(
            say("{ref} is suspended. Reachable until then:\n{reach}", ref=case.ref, reach=reach)
        )
    return "\n".join(done)


def within_reach(escalation: Escalation) -> str:
    """What would be closed, beforehand: the datasets that those concerned reach now."""
    cases, at = concerned(escalation), now()
    names = sorted({str(one.dataset) for case in cases for one in reachable(case, at)})
    if not names:
        return say(
            "Nothing is reachable now; nothing can be granted until a second person lifts it."
        )
    more = say(" and {n} more", n=len(names) - NAMED) if len(names) > NAMED else ""
    return say(
        "Reachable now: {names}{more}. Until a second person lifts it.",
        names=joined(", ", names[:NAMED]),
        more=more,
    )


register(
    KEY,
    say("Suspend everything this fellowship can reach"),
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
    return joined(
        "\n",
        (
            say("{ref}: all access of {person} is suspended.", ref=one.ref, person=one.person)
            for one in done
        ),
    )


register(
    GRANTS,
    say("Suspend the grants of this case"),
    suspend_grants,
    applies=lambda escalation: bool(people(escalation)),
    hint=say("Nobody of it reaches data until a second person lifts it; the case goes on."),
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
    return say("{ref}: {dataset} is suspended for everyone.", ref=made.ref, dataset=dataset)


register(
    DATASET,
    say("Suspend this dataset for everyone"),
    close_dataset,
    applies=lambda escalation: _dataset(escalation) is not None,
    hint=say("Until a second person lifts it."),
    order=10,
)
