"""The same answer for the same request, however often it is sent: `Idempotency-Key`.

The key is written down before the work and locked during it; the answer is kept in the work's own
transaction. Of two at once the second waits and gets the first's answer. Where a worker is killed
midway, neither work nor answer is there, and the next one does the work.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction

from access.models import KeptAnswer
from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now

KEPT: Final = dt.timedelta(hours=24)
"""How long an answer is kept."""
OTHER_BODY: Final = Refusal(
    "key_used",
    "This Idempotency-Key was used for another request within a day. Use a new one for each.",
)


def once(
    *, user: User, key: str, target: str, body_hash: str, work: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """What `work` answers, done once for this person's key; and whether it is a kept answer.

    Raises Refused where the key came with another target or body. What `work` raises is raised,
    and nothing is kept.
    """
    KeptAnswer.objects.filter(user=user, key=key, made_at__lte=now() - KEPT).delete()
    sent = {"target": target, "body_hash": body_hash}
    KeptAnswer.objects.get_or_create(user=user, key=key, defaults={**sent, "made_at": now()})
    with transaction.atomic():
        kept = KeptAnswer.objects.select_for_update().get(user=user, key=key)
        if (kept.target, kept.body_hash) != (target, body_hash):
            raise Refused(OTHER_BODY)
        if kept.answer:
            answer: dict[str, Any] = json.loads(kept.answer)
            return answer, True
        answer = work()
        kept.answer = json.dumps(answer)
        kept.save(update_fields=["answer"])
    return answer, False


def forget(at: dt.datetime) -> int:
    """Remove the answers whose time is over; returns how many."""
    return KeptAnswer.objects.filter(made_at__lte=at - KEPT).delete()[0]
