"""What another rubric would have done to past proposals: whose mean and place would change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance.rulekinds import ReviewRubric
from governance.rules import Difference, whatif
from governance.states import RuleKind
from proposals.models import Proposal, Review
from proposals.reviewing import total

LOOKED_AT = 500
"""The latest submitted; older ones say little about the next call."""
TWO = Decimal("0.01")


@whatif(RuleKind.REVIEW_RUBRIC, of=say("proposals scored"))
def other_weights(
    program: Program, before: ReviewRubric, after: ReviewRubric
) -> Iterator[Difference]:
    """Proposals that would have stood in another place among those of their call.

    The scores stay as they were given; a criterion that was not scored counts in neither.
    """
    if before.criteria == after.criteria:
        return
    rows = Proposal.objects.filter(call__program=program, reviews__isnull=False).distinct()
    found = list(rows.order_by("-pk")[:LOOKED_AT])
    given = _scores([proposal.pk for proposal in found])
    old, new = (
        {pk: _mean(rubric, reviews) for pk, reviews in given.items()} for rubric in (before, after)
    )
    calls: dict[int, list[int]] = defaultdict(list)
    for proposal in found:
        calls[proposal.call_id].append(proposal.pk)
    for proposal in found:
        rivals, pk = calls[proposal.call_id], proposal.pk
        was, would = (_place(means, rivals, pk) for means in (old, new))
        if was != would:
            yield Difference(
                f"{proposal.ref} {proposal.title}",
                proposal.get_absolute_url(),
                say("Place {was} of {n}, mean {said}", was=was, n=len(rivals), said=_said(old[pk])),
                say(
                    "Place {would} of {n}, mean {said}",
                    would=would,
                    n=len(rivals),
                    said=_said(new[pk]),
                ),
                record=proposal,
            )


def _scores(keys: list[int]) -> dict[int, list[dict[str, int | None]]]:
    """The scores of each review of each proposal, by criterion."""
    found: dict[int, list[dict[str, int | None]]] = defaultdict(list)
    for review in Review.objects.filter(proposal_id__in=keys).prefetch_related("scores"):
        found[review.proposal_id].append({s.criterion: s.value for s in review.scores.all()})
    return found


def _mean(rubric: ReviewRubric, reviews: list[dict[str, int | None]]) -> Decimal | None:
    totals = [t for scores in reviews if (t := total(scores, rubric)) is not None]
    return (sum(totals, Decimal()) / len(totals)).quantize(TWO) if totals else None


def _place(means: dict[int, Decimal | None], rivals: list[int], pk: int) -> int:
    own = means[pk] or Decimal()
    return 1 + sum((means[other] or Decimal()) > own for other in rivals)


def _said(mean: Decimal | None) -> str:
    return "–" if mean is None else str(mean)
