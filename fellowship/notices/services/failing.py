"""An address that takes nothing for days: its keepers are told, and it is switched off.

One that carries access or pages goes on being tried: a revocation must arrive when it is back.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Max, Min

from fellowship.accounts.models import Actor
from fellowship.accounts.queries import holders
from fellowship.kernel import journal
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.models import Attempt, Delivery, Endpoint, Notice
from fellowship.notices.models.webhooks import KEEPERS
from fellowship.notices.services.telling import notify

FAILING_FOR: Final = dt.timedelta(days=5)
"""How long nothing arrives before an endpoint is switched off."""
ATTEMPTS_KEPT: Final = dt.timedelta(days=90)


@journal.verb("notices.note_failing")
def note_failing(*, endpoint: Endpoint, by: Actor) -> Endpoint:
    """Tell its keepers that nothing arrives for days, and switch it off, once for each failure."""
    since = failing_since(endpoint)
    if since is None or since > now() - FAILING_FOR:
        return endpoint
    endpoint = Endpoint.objects.locked().get(pk=endpoint.pk)
    dedupe = f"notices.failing:{endpoint.pk}:{since.isoformat()}"
    if not endpoint.enabled or Notice.objects.filter(dedupe=dedupe).exists():
        return endpoint
    goes_on = Delivery.objects.waiting().filter(endpoint=endpoint, persistent=True).exists()
    if not goes_on:
        endpoint.enabled = False
        endpoint.save()
    journal.record(subject=endpoint, change={"failing_since": since, "enabled": endpoint.enabled})
    days = (now() - since).days
    what = (
        say("It carries what must arrive, and goes on being tried.")
        if goes_on
        else say(
            "It is switched off; what waits is kept. Switch it on when the system answers again."
        )
    )
    notify(
        kind="notices.failing",
        to=holders(endpoint.realm_id, *KEEPERS),
        subject_obj=endpoint,
        realm=endpoint.realm_id,
        title=say("{name} has taken no message for {days} days", name=endpoint.name, days=days),
        body=say(
            "No message to {url} arrived since {since:%Y-%m-%d %H:%M} UTC. {what}",
            url=endpoint.url,
            since=since,
            what=what,
        ),
        url=endpoint.get_absolute_url(),
        urgent=goes_on,
        dedupe=dedupe,
    )
    return endpoint


def failing_since(endpoint: Endpoint) -> dt.datetime | None:
    """When the first of the attempts failed of which none since arrived; None where all is well."""
    tried = Attempt.objects.filter(endpoint=endpoint)
    last = tried.filter(taken=True).aggregate(at=Max("at"))["at"]
    failed = tried.filter(taken=False, at__gte=endpoint.enabled_at)
    if last is not None:
        failed = failed.filter(at__gt=last)
    found: dt.datetime | None = failed.aggregate(at=Min("at"))["at"]
    return found


def forget_attempts(at: dt.datetime) -> int:
    """Remove the log of attempts whose time is over; returns how many."""
    return Attempt.objects.filter(at__lte=at - ATTEMPTS_KEPT).delete()[0]
