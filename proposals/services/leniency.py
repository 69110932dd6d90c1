"""Keep the estimates of leniency up to date with the reviews they rest on."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Count, Max

from proposals import leniency
from proposals.models import Review, ReviewerEffect


def refresh_effects(at: dt.datetime) -> int:
    """Estimate anew for each call whose reviews changed; returns for how many.

    Derived figures, untracked, and no verb: nothing is decided by them.
    """
    scored = Review.objects.counted().filter(total__isnull=False)
    rows = scored.order_by().values_list("proposal__call_id").annotate(n=Count("pk"))
    there = dict(rows)
    known = dict(
        ReviewerEffect.objects.order_by().values_list("call_id").annotate(n=Max("of_reviews"))
    )
    changed = [call for call, count in there.items() if known.get(call) != count]
    for call in changed:
        _refresh(call, there[call], at)
    return len(changed)


@transaction.atomic
def _refresh(call: int, count: int, at: dt.datetime) -> None:
    rows = Review.objects.counted().filter(proposal__call=call, total__isnull=False).order_by()
    totals = rows.values_list("proposal_id", "reviewer_id", "total")
    found = leniency.effects((p, r, float(total or 0)) for p, r, total in totals)
    ReviewerEffect.objects.filter(call=call).delete()
    ReviewerEffect.objects.bulk_create(
        ReviewerEffect(
            call_id=call,
            reviewer_id=effect.reviewer,
            reviews=effect.reviews,
            comparable=effect.comparable,
            effect=effect.effect,
            as_of=at,
            of_reviews=count,
        )
        for effect in found.values()
    )
