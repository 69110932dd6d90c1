"""Where sessions are kept: in the database, each with two ends.

One comes after `SESSION_COOKIE_AGE` seconds without a request and is pushed on by each, to within
`STEP`; the other `SESSION_HOURS` after signing in, whatever was done. Both are asked whenever a
session is read, so none outlives them by a worker that stood still. By the machine's clock, which
browsers and the database share, and not by the one that timers may be run at.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

BEGAN: Final = "began"
STEP: Final = dt.timedelta(minutes=5)
"""So long after a session's end was pushed on it is pushed on again: one write, not one a page."""


def begin(session: Any) -> None:
    """Count the session's longest time from now: its person has just signed in."""
    session[BEGAN] = time.time()


class SessionStore(db.SessionStore):
    """Django's, with an end that moves and one that does not."""

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing once it has ended, and then it is removed."""
        row = self._get_session_from_db()  # type: ignore[attr-defined]
        if row is None:
            return {}
        data: dict[str, Any] = self.decode(row.session_data)
        if SESSION_KEY in data and time.time() - data.get(BEGAN, 0) > settings.SESSION_HOURS * 3600:
            row.delete()
            self._session_key = None
            return {}
        ends = self.get_expiry_date(expiry=self.get_session_cookie_age())
        if ends - row.expire_date > STEP:
            self.model.objects.filter(pk=row.pk, expire_date__lt=ends).update(expire_date=ends)
        return data

    def exists(self, session_key: str | None) -> bool:
        """Whether somebody who has this key is still signed in, or was given it at all."""
        rows = self.model.objects.filter(session_key=session_key)
        return bool(rows.filter(expire_date__gt=_now()).exists())


def _now() -> dt.datetime:
    return dt.datetime.fromtimestamp(time.time(), dt.UTC)
