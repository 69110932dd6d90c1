"""Deputies: who votes for a seat during an absence, and naming one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.refusals import first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import form_verb
from governance import services
from governance.forms.meetings import DeputyForm
from governance.links import to
from governance.models import Delegation
from governance.models.visibility import ROOM
from governance.policy import meetings as policy
from governance.views.common import person, posted, programs_of, room_links

MOST = 50


@login_required
def deputies(request: HttpRequest) -> HttpResponse:
    """The absences one may know of, and the form with which a member names a deputy.

    It stands outside the room's door: a deputy reads it before the absence begins.
    """
    user = person(request)
    rows = Delegation.objects.visible_to(user).select_related("program", "member", "deputy")
    found = list(rows[:MOST])
    if not found and not holds_anywhere(user, *ROOM):
        raise Http404
    refusals = {program: policy.may_name_deputies(program, user) for program in programs_of(user)}
    allowed = [program.pk for program, refusal in refusals.items() if refusal is None]
    programs = programs_of(user).filter(pk__in=allowed)
    form = DeputyForm(posted(request), by=user, programs=programs)
    return form_verb(
        request,
        form,
        lambda: services.name_deputy(by=user, **form.cleaned_data),
        template="governance/deputies.html",
        context=lambda: {
            "rows": found,
            "at": now(),
            "links": room_links() if holds_anywhere(user, *ROOM) else [],
            "member": holds_anywhere(user, roles.BOARD_MEMBER),
            "refused": None if allowed else first(*refusals.values()),
        },
        to=to("deputies"),
        success=say("The deputy is named, and told."),
    )
