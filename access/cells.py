"""How datasets, grants and reported acts look in lists and on their pages."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.utils.safestring import SafeString

from access.models import AccessEvent, Dataset, Grant
from access.states import EventKind, Operation, Tier, Variant, Verdict
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web.markup import markup

_TIERS: Final = {Tier.PUBLIC: "good", Tier.INTERNAL: "accent", Tier.RESTRICTED: "warn"}
LIVE: Final = (say("Live"), "good")
SHUT: Final = (say("Shut until its conditions are verified"), "warn")
_VERDICTS: Final = {Verdict.WITHIN: "good", Verdict.OUT_OF_SCOPE: "bad"}


def tier(dataset: Dataset) -> SafeString:
    """The tier in a pill."""
    words = Tier(dataset.tier)
    return cells.tag(words.label, _TIERS.get(words, "bad"))


def variant(dataset: Dataset) -> str:
    """How much of the original it shows, in words."""
    return str(Variant(dataset.variant).label)


def of_dataset(record: Any, *meta: object) -> SafeString:
    """A request, grant or certificate by its dataset's name, its reference below."""
    url = route_to(_ROUTES[record._meta.model_name], record.ref)
    return cells.link(url, record.dataset, record.ref, *meta)


_ROUTES: Final = {
    "accessrequest": "access:request",
    "grant": "access:grant",
    "deletioncertificate": "access:deletion",
}


def standing(grant: Grant, at: dt.datetime) -> tuple[str, str]:
    """How the grant itself stands at `at`, in words and tone; the decision asks for more."""
    if grant.revoked_at and grant.revoked_at <= at:
        return (say("Revoked"), "bad")
    if at >= grant.ends_at:
        return (say("Ended"), "plain")
    if grant.agreement.accepted_at is None:
        return (say("To be accepted"), "warn")
    return (say("Not begun"), "plain") if at < grant.starts_at else LIVE


def act(event: AccessEvent) -> SafeString:
    """A reported act: its kind, and below it the operation, where that is another, and the case."""
    case = event.fellowship.ref if event.fellowship else ""
    words, operation = EventKind(event.kind).label, Operation(event.operation).label
    below = operation if operation != words else ""
    return cells.link(route_to("access:event", event.pk), words, below, case)


def when(event: AccessEvent) -> SafeString:
    """When it happened, and whether it came late."""
    at = cells.unbroken(cells.when(event.at))
    return markup("{} {}", at, cells.tag(say("Late"), "warn")) if event.late else at


def verdict(event: AccessEvent) -> SafeString:
    """What the record says about an act, in a pill."""
    words = Verdict(event.verdict)
    said = say("Within") if words == Verdict.WITHIN else words.label
    return cells.tag(said, _VERDICTS.get(words, "warn"))
