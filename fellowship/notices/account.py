"""What people are told of their own account: who did it knows, and anyone else is to be found out.

By the outbox as everything, so that a mail server that is down holds up no sign-in.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account.signals import (
    email_added,
    email_changed,
    email_removed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.dispatch import receiver
from django.urls import reverse

from fellowship.accounts.signin import told
from fellowship.kernel.saying import say
from fellowship.notices.services import notify

_FACTORS: Final = {
    "totp": say("an authenticator app"),
    "webauthn": say("a security key or passkey"),
}


def tell(user: Any, title: str) -> None:
    """One urgent notice, with what to do where it was somebody else."""
    body = say(
        "If this was you, there is nothing to do. If it was not: end the other sessions on the "
        "page linked here, set another password, and tell an administrator of your programme."
    )
    url = reverse("accounts:sessions")
    notify(kind="accounts.security", to=[user], title=title, body=body, url=url, urgent=True)


@receiver(told.new_browser)
def new_browser(user: Any, browser: str, **kwargs: Any) -> None:
    """A browser the person never used before."""
    tell(user, say("You signed in with another browser: {browser}", browser=browser))


@receiver(password_changed)
@receiver(password_reset)
@receiver(password_set)
def password(user: Any, **kwargs: Any) -> None:
    """Another password."""
    tell(user, say("Your password was changed"))


@receiver(email_added)
@receiver(email_removed)
@receiver(email_changed)
def address(user: Any, **kwargs: Any) -> None:
    """An address that opens the account came, went or took another's place."""
    tell(user, say("The e-mail addresses of your account were changed"))


@receiver(authenticator_added)
def factor_added(user: Any, authenticator: Any, **kwargs: Any) -> None:
    """A second factor more."""
    if authenticator.type in _FACTORS:
        tell(user, say("Your account now has {FACTORS}", FACTORS=_FACTORS[authenticator.type]))


@receiver(authenticator_removed)
def factor_removed(user: Any, authenticator: Any, **kwargs: Any) -> None:
    """A second factor less."""
    if authenticator.type in _FACTORS:
        tell(
            user, say("Your account no longer has {FACTORS}", FACTORS=_FACTORS[authenticator.type])
        )


@receiver(told.factors_taken)
def factors_taken(user: Any, **kwargs: Any) -> None:
    """No second factor any more, by an administrator's hand."""
    tell(user, say("An administrator took your second factors away"))
