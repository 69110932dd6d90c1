"""What the home page says about steps on the talent path: one to decide, one to answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import say
from fellowship.web import work
from scoping.models import Fellowship, TalentStep
from scoping.states import TalentState


def _steps(key: int, at: dt.datetime) -> QuerySet[TalentStep]:
    """Offered to the person, or proposed by another in a programme for which they decide."""
    live = RoleAssignment.objects.live(at).filter(
        user_id=key, role__in=(roles.SPONSOR, roles.CHAIR)
    )
    decides = Q(fellowship__program_id__in=live.order_by().values_list("realm_id", flat=True))
    offered = Q(state=TalentState.OFFERED, fellowship__fellow_id=key)
    return TalentStep.objects.filter(
        offered | (Q(state=TalentState.PROPOSED) & decides & ~Q(proposed_by_id=key))
    )


_waiting = prepared(_steps)


@work.register_for(when=_waiting)
def talent_steps(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """The step the fellow agrees to or declines, and those the person decides."""
    visible = Fellowship.objects.visible_to(user)
    found = _steps(user.pk, at).filter(fellowship__in=visible)
    for step in found.select_related("fellowship__fellow").order_by("id")[: work.GIVEN]:
        case, name = step.fellowship, step.get_step_display().lower()
        answers = step.state == TalentState.OFFERED
        yield work.WorkItem(
            title=say("Agree to or decline the step offered to you: {name}", name=name)
            if answers
            else say(
                "Decide the step proposed for {fellow}: {name}", fellow=case.fellow, name=name
            ),
            url=reverse("scoping:talent", args=[case.ref]) + ("#answer" if answers else "#decide"),
            silence=say("The offer stays open.")
            if answers
            else say("Nothing is offered until it is decided."),
            kind="talent_step",
            case_ref=case.ref,
            program_id=case.program_id,
        )
