"""Tests begin where people are at work: signed in with a second factor, and just confirmed.

What signing in itself asks is tested where a test takes the fixture `signs_in_for_real`.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

LONG_AFTER = 4_102_444_800.0
"""Of the year 2100: whatever time a test sets, it is not long after this."""
stamping = [True]


@receiver(user_logged_in)
def stamp(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Note in the session what somebody at work has shown."""
    if not stamping[0]:
        return
    request.user = user
    record_authentication(request, user, "mfa", type="totp")
    request.session["account_authentication_methods"][-1]["at"] = LONG_AFTER
