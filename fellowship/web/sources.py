"""What the layout asks of the applications above it: unread notices, open calls, who works where.

They stand above `web` in the ladder and must not know it, so it asks them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.kernel.saying import say
from fellowship.notices.models.webhooks import READERS
from fellowship.notices.queries import unread_count
from fellowship.programs.models import Call, Program
from fellowship.programs.policy import may_found
from fellowship.web import nav, work
from fellowship.web.landing import OpenCall

_PROGRAMMES = work.Rest(say("the programmes"), "programs:programs")
_SET_UP = (roles.ADMINISTRATOR, roles.MANAGER)
_OFFICE = (roles.MANAGER, roles.SPONSOR, roles.AUDITOR, roles.ADMINISTRATOR, roles.CHAIR)


def unread(user: Any) -> int:
    """How many notices `user` has not read."""
    return unread_count(user)


def open_calls(at: dt.datetime) -> Iterable[OpenCall]:
    """The calls open at `at`, those that close first."""
    for call in (
        Call.objects.open(at).select_related("program").order_by("closes_at")[: work.COUNTED]
    ):
        yield OpenCall(
            title=call.title,
            url=reverse("programs:call", args=[call.ref]),
            summary=call.summary,
            program=call.program.name,
            closes_at=call.closes_at,
            ref=call.ref,
        )


@work.register_for(*_SET_UP, rest=_PROGRAMMES)
def programmes_to_set_up(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Programmes that have no cohort yet, of who administers or runs them: they are not set up."""
    theirs = realm_ids_where(user, *_SET_UP)
    bare = Program.objects.filter(pk__in=theirs, cohorts=None).select_related("realm")
    for program in bare.order_by("name")[: work.GIVEN]:
        yield work.WorkItem(
            title=say("Set up {program}", program=program),
            url=reverse("programs:set_up", args=[program.slug]),
            due=None,
            holder=work.ME,
            silence=say("No call can open."),
        )


def is_empty_to(user: Any) -> bool:
    """Whether there is no programme yet, and the person is who founds the first."""
    return may_found(user) is None and not Program.objects.exists()


def register_navigation() -> None:
    """The entries of the foundation's own pages."""
    nav.register(say("My work"), "web:home", section="portal", order=0)
    nav.register(say("Open calls"), "programs:calls", visible=_anyone, section="public", order=5)
    nav.register(say("Programmes"), "programs:programs", visible=_works_in_an_office, order=60)
    nav.register(say("Roles"), "accounts:people", visible=_administers, section="office", order=90)
    nav.register(
        say("Webhooks"), "webhooks:endpoints", visible=_watches_webhooks, section="office", order=92
    )


def _anyone(user: Any) -> bool:
    return True


def _works_in_an_office(user: Any) -> bool:
    if not user.is_authenticated:
        return False
    return holds_anywhere(user, *_OFFICE) or may_found(user) is None


def _watches_webhooks(user: Any) -> bool:
    return bool(user.is_authenticated) and holds_anywhere(user, *READERS)


def _administers(user: Any) -> bool:
    return bool(user.is_authenticated) and holds_anywhere(user, roles.ADMINISTRATOR)
