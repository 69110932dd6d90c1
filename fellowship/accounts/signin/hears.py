"""What the sign-in library says, put into the session and into the record."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.dispatch import receiver

from fellowship.accounts.services import note_factor
from fellowship.accounts.signin import records


@receiver(authenticator_added)
def added(request: Any, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    """A factor that was just set up was just proved: this session has it."""
    note_factor(user=user, kind=authenticator.type, there=True, by=user)
    if request is not None and authenticator.type != Authenticator.Type.RECOVERY_CODES:
        records.add(request, records.FACTOR, id=authenticator.pk, type=authenticator.type)


@receiver(authenticator_removed)
def removed(request: Any, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    """A factor is gone; without another one this session has none either."""
    note_factor(user=user, kind=authenticator.type, there=False, by=user)
    left = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk)
    if request is not None and not left.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        records.drop(request, records.FACTOR)
