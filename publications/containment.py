"""What on-call may do about publications when an alarm asks for it: hold one passage."""

from __future__ import annotations

from typing import Final

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say
from governance.containment import Ask, register
from governance.models import Escalation
from publications.models import Publication
from publications.policy.reviews import UNDER_WAY
from publications.services import hold_passage
from publications.states import Ground
from scoping.models import Fellowship

KEY: Final = "publications.hold_passage"
MOST: Final = 20


def works(escalation: Escalation) -> list[Publication]:
    """The works not yet released of what the alarm is about: itself, its case, or its fellow's."""
    rows = Publication.objects.filter(program_id=escalation.program_id).order_by("id")
    if escalation.subject_type == Publication._meta.label_lower:
        rows = rows.filter(pk__in=[escalation.subject_id])
    elif escalation.subject_type == Fellowship._meta.label_lower:
        rows = rows.filter(fellowship_id__in=[escalation.subject_id])
    elif escalation.fellow_id:
        rows = rows.filter(fellowship__fellow_id=escalation.fellow_id)
    else:
        return []
    under_way = rows.filter(state__in=UNDER_WAY)[:MOST]
    return [work for work in under_way if work.effective_state() in UNDER_WAY]


def asks(escalation: Escalation) -> tuple[Ask, ...]:
    """Which work, which passage, and on which ground: never a whole work."""
    found = tuple((work.ref, f"{work.ref}: {work.title}"[:120]) for work in works(escalation))
    return (
        Ask("work", say("Work"), choices=found),
        Ask("passage", say("Passage"), say("Copied word for word; the rest of the work goes on.")),
        Ask("ground", say("Ground"), choices=tuple(Ground.choices)),
    )


def act(
    *, escalation: Escalation, by: User, reason: str, work: str, passage: str, ground: str
) -> str:
    """Hold it; says until when."""
    chosen = next((one for one in works(escalation) if one.ref == work), None)
    if chosen is None:
        raise Refused(Refusal("no_work", say("Choose the work."), field="work"))
    held = hold_passage(publication=chosen, passage=passage, ground=ground, harm=reason, by=by)
    last = chosen.program.last_day
    until = say(" until {until:%-d %B %Y}", until=last(held.until)) if held.until else ""
    return say(
        "One passage of {ref} is held{until}: {ref2}.", ref=chosen.ref, until=until, ref2=held.ref
    )


register(
    KEY,
    say("Hold one passage of a publication"),
    act,
    applies=lambda escalation: bool(works(escalation)),
    asks=asks,
    hint=say("For as long as its policy allows. Its author is told, and may contest it."),
    order=30,
)
