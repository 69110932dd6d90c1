"""Who may set up endpoints and send to them, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from fellowship.accounts.models import Actor, Realm
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.notices.models import Delivery, Endpoint
from fellowship.notices.models.webhooks import KEEPERS
from fellowship.notices.states import DeliveryState
from fellowship.notices.webhooks import addresses, kinds


def may_keep_endpoints(realm: Realm | int, by: Actor) -> Refusal | None:
    """Why `by` may not set up where messages of the programme go."""
    if isinstance(by, System) or has_role(by, realm, *KEEPERS):
        return None
    return Refusal(
        "wrong_role", say("Only an administrator or a data steward of the programme may.")
    )


def may_set(
    *,
    realm: Realm | int,
    name: str,
    url: str,
    wanted: Collection[str],
    by: Actor,
    endpoint: Endpoint | None = None,
) -> Refusal | None:
    """Why an endpoint may not be as described."""
    known = dict(kinds.choices())
    same = Endpoint.objects.filter(realm=realm, name=name.strip())
    return first(
        may_keep_endpoints(realm, by),
        None if name.strip() else Refusal("no_name", say("Give it a name."), field="name"),
        Refusal("name_taken", say("Another endpoint has this name."), field="name")
        if same.exclude(pk=endpoint.pk if endpoint else 0).exists()
        else None,
        addresses.problem(url),
        None
        if set(wanted) <= set(known)
        else Refusal(
            "unknown_kind", say("Choose among the kinds of message listed."), field="kinds"
        ),
    )


def may_send_again(delivery: Delivery, by: Actor) -> Refusal | None:
    """Why the delivery is not sent again by hand."""
    return first(
        may_keep_endpoints(delivery.endpoint.realm_id, by),
        Refusal("superseded", say("A later message replaced this one."))
        if delivery.state == DeliveryState.SUPERSEDED
        else None,
        None
        if delivery.endpoint.enabled
        else Refusal("disabled", say("The endpoint is switched off; switch it on first.")),
    )


REPLAYED_AT_MOST: Final = 10_000


def may_replay(
    endpoint: Endpoint, since: dt.datetime, until: dt.datetime, by: Actor
) -> Refusal | None:
    """Why what was sent in a period is not sent again."""
    return first(
        may_keep_endpoints(endpoint.realm_id, by),
        None
        if endpoint.enabled
        else Refusal("disabled", say("The endpoint is switched off; switch it on first.")),
        None
        if since < until
        else Refusal("no_period", say("The period ends before it begins."), field="until"),
    )


def may_be_many(count: int) -> Refusal | None:
    """Why so many messages are not sent again at once."""
    if count <= REPLAYED_AT_MOST:
        return None
    said = say(
        "These are {count:,} messages; at most {REPLAYED_AT_MOST:,} go again at once.",
        count=count,
        REPLAYED_AT_MOST=REPLAYED_AT_MOST,
    )
    return Refusal("too_many", say("{said} Name a shorter period.", said=said), field="since")
