"""The verbs of endpoints and their deliveries."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from django.db.models import Model

from fellowship.accounts.models import Actor, Realm
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices import policy
from fellowship.notices.models import Delivery, Endpoint, EndpointSecret
from fellowship.notices.states import DeliveryState
from fellowship.notices.webhooks import kinds, signing

OVERLAP: Final = dt.timedelta(hours=24)
"""How long the secret rotated out still signs beside the new one."""


@journal.verb("notices.add_endpoint")
def add_endpoint(
    *, realm: Realm | int, name: str, url: str, kinds: Collection[str], by: Actor
) -> tuple[Endpoint, str]:
    """Set up where messages go; returns it with its signing secret, which is never shown again."""
    refuse(policy.may_set(realm=realm, name=name, url=url, wanted=kinds, by=by))
    endpoint = Endpoint.objects.create(
        realm_id=realm.pk if isinstance(realm, Model) else realm,
        ref=next_reference("HOOK"),
        name=name.strip(),
        url=url,
        kinds=sorted(set(kinds)),
    )
    secret = _new_secret(endpoint)
    change = {"name": endpoint.name, "url": url, "kinds": joined(", ", endpoint.kinds)}
    journal.record(subject=endpoint, change=change)
    return endpoint, secret


def _new_secret(endpoint: Endpoint) -> str:
    secret = signing.new_secret()
    EndpointSecret.objects.create(endpoint=endpoint, sealed=signing.seal(secret))
    return secret


@journal.verb("notices.change_endpoint")
def change_endpoint(
    *, endpoint: Endpoint, name: str, url: str, kinds: Collection[str], by: Actor
) -> Endpoint:
    """Name it anew, send elsewhere, or send other kinds; what waits goes to the new address."""
    endpoint = Endpoint.objects.locked().get(pk=endpoint.pk)
    refuse(
        policy.may_set(
            realm=endpoint.realm_id, name=name, url=url, wanted=kinds, by=by, endpoint=endpoint
        )
    )
    values = {"name": name.strip(), "url": url, "kinds": sorted(set(kinds))}
    change = {key: value for key, value in values.items() if getattr(endpoint, key) != value}
    if not change:
        return endpoint
    for key, value in values.items():
        setattr(endpoint, key, value)
    endpoint.save()
    journal.record(subject=endpoint, change=change)
    return endpoint


@journal.verb("notices.switch_endpoint")
def switch_endpoint(*, endpoint: Endpoint, enabled: bool, by: Actor, reason: str = "") -> Endpoint:
    """Stop sending, or send again. What waits meanwhile is kept and goes out later."""
    endpoint = Endpoint.objects.locked().get(pk=endpoint.pk)
    refuse(policy.may_keep_endpoints(endpoint.realm_id, by))
    if endpoint.enabled != enabled:
        endpoint.enabled = enabled
        endpoint.enabled_at = now() if enabled else endpoint.enabled_at
        endpoint.save()
        journal.record(subject=endpoint, change={"enabled": enabled})
    return endpoint


@journal.verb("notices.rotate_secret")
def rotate_secret(*, endpoint: Endpoint, by: Actor, reason: str = "") -> str:
    """A new signing secret, returned once. For a day messages carry both signatures.

    A second rotation within that day ends the oldest at once.
    """
    endpoint = Endpoint.objects.locked().get(pk=endpoint.pk)
    refuse(policy.may_keep_endpoints(endpoint.realm_id, by))
    at = now()
    EndpointSecret.objects.filter(endpoint=endpoint).exclude(until=None).delete()
    EndpointSecret.objects.filter(endpoint=endpoint, until=None).update(until=at + OVERLAP)
    secret = _new_secret(endpoint)
    journal.record(subject=endpoint, change={"old_secret_until": at + OVERLAP})
    return secret


def queue(
    *,
    endpoint: Endpoint,
    kind: str,
    data: Mapping[str, Any],
    subject: Model | None = None,
    persistent: bool = False,
) -> Delivery:
    """Write one message into the outbox, in the transaction of the verb under way.

    `data` is JSON-able. `persistent`: tried for ever, at growing distances.
    """
    at = now()
    body = {"type": kind, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return Delivery.objects.create(
        endpoint=endpoint,
        kind=kind,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=subject.pk if subject else None,
        body=json.dumps(body, sort_keys=True, separators=(",", ":")),
        persistent=persistent,
        next_attempt_at=at,
    )


def supersede(*, kind: str, subject: Model) -> int:
    """Send no more of what waits about the record: what is queued next says it all anew."""
    waiting = Delivery.objects.waiting().about(subject).filter(kind=kind)
    return waiting.update(state=DeliveryState.SUPERSEDED, lease=None)


@journal.verb("notices.test_endpoint")
def send_test(*, endpoint: Endpoint, by: Actor) -> Delivery:
    """Queue a message that says nothing but that it is a test."""
    endpoint = Endpoint.objects.locked().get(pk=endpoint.pk)
    refuse(policy.may_keep_endpoints(endpoint.realm_id, by))
    data = {"endpoint": endpoint.ref, "note": say("This is a test. Nothing has happened.")}
    delivery = queue(endpoint=endpoint, kind=kinds.TEST, data=data)
    journal.record(subject=endpoint, change={"message": delivery.message_id})
    return delivery


@journal.verb("notices.send_again")
def send_again(*, delivery: Delivery, by: Actor) -> Delivery:
    """Have a message sent at once, also one given up or delivered; under its own id."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    refuse(policy.may_send_again(delivery, by))
    if delivery.state == DeliveryState.WAITING and delivery.next_attempt_at <= now():
        return delivery
    delivery.state, delivery.delivered_at, delivery.lease = DeliveryState.WAITING, None, None
    delivery.attempts, delivery.next_attempt_at = 0, now()
    delivery.save()
    journal.record(subject=delivery.endpoint, change={"message": delivery.message_id})
    return delivery


@journal.verb("notices.replay")
def replay(
    *,
    endpoint: Endpoint,
    since: dt.datetime,
    until: dt.datetime,
    failed_only: bool = False,
    by: Actor,
) -> int:
    """Send again what was queued in a period, each message under its own id; returns how many.

    What waits already goes by itself, and what a later message replaced is not sent.
    """
    endpoint = Endpoint.objects.locked().get(pk=endpoint.pk)
    refuse(policy.may_replay(endpoint, since, until, by))
    states = [DeliveryState.FAILED] + ([] if failed_only else [DeliveryState.DELIVERED])
    meant = Delivery.objects.filter(
        endpoint=endpoint, created_at__gte=since, created_at__lt=until, state__in=states
    )
    refuse(policy.may_be_many(meant.count()))
    count = meant.update(
        state=DeliveryState.WAITING,
        delivered_at=None,
        lease=None,
        attempts=0,
        next_attempt_at=now(),
    )
    if count:
        change = {"since": since, "until": until, "messages": count}
        journal.record(subject=endpoint, change=change)
    return count
