"""The verbs about open sessions: a browser signed in elsewhere is signed out."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.usersessions.models import UserSession

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Missing, Refusal, refuse
from fellowship.kernel.saying import say


@journal.verb("accounts.end_session")
def end_session(*, user: User, key: int, by: User) -> None:
    """Sign one of one's own browsers out. One that has ended already is Missing."""
    refuse(_own(user, by))
    session = UserSession.objects.select_for_update().filter(user=user, pk=key).first()
    if session is None:
        raise Missing
    _end([session], user)


@journal.verb("accounts.end_other_sessions")
def end_other_sessions(*, user: User, keep: str, by: User) -> int:
    """Sign all of one's own browsers out but the one whose session key is `keep`."""
    refuse(_own(user, by))
    rows = UserSession.objects.select_for_update().filter(user=user).exclude(session_key=keep)
    return _end(rows, user)


@journal.verb("accounts.end_sessions")
def end_sessions(*, user: User, by: Actor, reason: str) -> int:
    """Sign somebody out everywhere: they left, or their factors were taken away.

    Called by the verb that judges it.
    """
    return _end(UserSession.objects.select_for_update().filter(user=user), user)


def _end(sessions: Iterable[UserSession], user: User) -> int:
    count = 0
    for session in sessions:
        session.end()
        count += 1
    if count:
        journal.record(subject=user, change={"sessions": count})
    return count


def _own(user: User, by: User) -> Refusal | None:
    if by == user:
        return None
    return Refusal("not_yours", say("A session is ended by its own person."))
