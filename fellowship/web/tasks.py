"""What time does to what the API and the webhooks remember, and to tokens."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from fellowship.accounts.models import ApiToken
from fellowship.clocks.registry import sweeper
from fellowship.kernel.saying import say
from fellowship.notices import services as notices
from fellowship.notices.models import Notice
from fellowship.web.api import idempotency

TOKEN_SOON = dt.timedelta(days=14)
"""How long before a token expires its person is told, where it is still in use."""


@sweeper("web.answers")
def forget_answers(at: dt.datetime) -> int:
    """Remove kept answers whose time is over."""
    return idempotency.forget(at)


@sweeper("web.attempts")
def forget_attempts(at: dt.datetime) -> int:
    """Remove the log of attempts to reach other systems whose time is over."""
    return notices.forget_attempts(at)


@sweeper("web.tokens")
def warn_of_tokens(at: dt.datetime) -> int:
    """Tell people which of their tokens in use expire soon, once for each."""
    told = Notice.objects.filter(kind="accounts.token").values("subject_id")
    soon = ApiToken.objects.filter(
        revoked_at=None,
        expires_at__gt=at,
        expires_at__lte=at + TOKEN_SOON,
        last_used_at__gt=at - 2 * TOKEN_SOON,
        user__is_active=True,
    ).exclude(pk__in=told)
    return notices.notify_each(
        notices.Message(
            kind="accounts.token",
            to=[token.user],
            subject_obj=token,
            title=say(
                "Your API token {name} expires on {expires_at:%-d %B %Y}",
                name=token.name,
                expires_at=token.user.day(token.expires_at),
            ),
            body=say("It is still used. Make another, put it in its place, and revoke this one."),
            url=reverse("accounts:tokens"),
            dedupe=f"accounts.token:{token.pk}",
        )
        for token in soon.select_related("user")
    )
