"""The verbs about second factors. The library keeps them; what was done with them is recorded."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from fellowship.accounts import policy
from fellowship.accounts.models import Actor, User
from fellowship.accounts.services.sessions import end_sessions
from fellowship.accounts.signin import told
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse


@journal.verb("accounts.note_factor")
def note_factor(*, user: User, kind: str, there: bool, by: Actor) -> None:
    """Record that a second factor of this kind (`totp`, `webauthn`, …) came or went."""
    journal.record(subject=user, change={"factor": kind, "there": there})


@journal.verb("accounts.reset_factors")
def reset_factors(*, user: User, by: User, reason: str) -> int:
    """Take somebody's second factors away, who lost them; they are asked for new ones.

    By an administrator of a programme in which the person holds a role, and never for oneself.
    All sessions end. Returns how many factors there were; without any nothing is done.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    refuse(policy.may_reset_factors(user, by))
    count: int = Authenticator.objects.filter(user=user).delete()[0]
    if count:
        end_sessions(user=user, by=by, reason=reason)
        told.factors_taken.send(sender=User, user=user)
        journal.record(subject=user, change={"factors": count})
    return count
