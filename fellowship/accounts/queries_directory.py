"""Whom the company's directory may see and speak for: its own people, never those from outside."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from fellowship.accounts import roles
from fellowship.accounts.models import Departure, RoleAssignment, User


def covered() -> QuerySet[User]:
    """The company's people in order: those in its domains.

    Where no domain is named, those who came by the directory, or ever held a role for the company.
    """
    removed = Departure.objects.filter(person=OuterRef("pk"), returned_at=None, removed=True)
    theirs: Any = Q()
    for domain in settings.OIDC_DOMAINS:
        theirs |= Q(email__iendswith=f"@{domain}")
    if not settings.OIDC_DOMAINS:
        worked = RoleAssignment.objects.filter(user=OuterRef("pk"), role__in=roles.STAFF)
        theirs = ~Q(directory_key="") | Exists(worked)
    return User.objects.filter(theirs).filter(~Exists(removed)).order_by("pk")
