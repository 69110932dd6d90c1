"""What the search finds of the applications above it: calls, people, endpoints."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.saying import say
from fellowship.notices.models import Endpoint
from fellowship.programs.models import Call
from fellowship.web.search import Hit, Kind, by_title, paper, register


def _people(user: Any) -> QuerySet[User]:
    """Those who hold a role in a programme that the person administers."""
    realms = realm_ids_where(user, roles.ADMINISTRATOR)
    if not realms:
        return User.objects.none()
    held = RoleAssignment.objects.live().filter(realm_id__in=realms)
    return User.objects.filter(pk__in=held.order_by().values("user_id"))


def _person(user: User) -> Hit:
    query = urlencode({"q": user.email})
    return Hit(str(user), f"{reverse('accounts:people')}?{query}", user.affiliation)


register(
    Kind(
        "calls",
        say("Calls"),
        Call.objects.visible_to,
        by_title,
        order=5,
        words=("title", "ref"),
        prefix="CALL",
    ),
    Kind(
        "people",
        say("People"),
        _people,
        _person,
        order=90,
        words=("name", "email", "affiliation"),
        listed="accounts:people",
    ),
    paper(Endpoint, "HOOK"),
)
