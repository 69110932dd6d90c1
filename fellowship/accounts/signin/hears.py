"""What the sign-in library says, put into the session and into the record."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
    user_logged_in,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.auth import signals as auth
from django.dispatch import receiver

from fellowship.accounts.services import note_factor
from fellowship.accounts.signin import browsers, known, records, store, told
from fellowship.kernel.canonical import digest

log = logging.getLogger("fellowship.security")


@receiver(auth.user_logged_in)
def began(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """A session's longest time begins."""
    store.begin(request.session)


@receiver(user_logged_in)
def signed_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Somebody has come in through the door: their browser is theirs from now on."""
    proved = [record.get("method", "") for record in records.methods(request)]
    log.info("signed in: person %s by %s", user.pk, "+".join(proved) or "a link")
    if not known.known(request, user):
        sessions = UserSession.objects.filter(user=user)
        if sessions.exclude(session_key=request.session.session_key).exists():
            browser = browsers.name_of(request.headers.get("User-Agent", ""))
            told.new_browser.send(sender=type(user), user=user, browser=browser)
    known.remember(request, user)


@receiver(auth.user_login_failed)
def failed(sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
    """A password was wrong; who was tried stands in the log as a hash."""
    tried = str(credentials.get("email") or credentials.get("username") or "")
    log.warning("sign-in failed: name %s", digest(tried.lower())[:16])


@receiver(auth.user_logged_out)
def signed_out(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Somebody left: the browser is told to forget what it kept for them."""
    if user is not None:
        request.signed_out = True
        log.info("signed out: person %s", user.pk)


@receiver(authentication_step_completed)
def proved_again(sender: Any, request: Any, user: Any, method: str, **kwargs: Any) -> None:
    """Who confirms within a session goes on under another key: an earlier one opens nothing."""
    if request.session.get(SESSION_KEY) != str(user.pk):
        return
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
    log.info("confirmed: person %s by %s", user.pk, method)


@receiver(password_changed)
@receiver(password_reset)
@receiver(password_set)
def another_password(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """A password is another one; a browser that came by the link of a mail is its person's."""
    log.info("password changed: person %s", user.pk)
    known.remember(request, user)


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
