"""What other standards would have done: to datasets classified, and to grants given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models

from access.models import Classification, Grant
from access.states import ClassificationState, Tier
from fellowship.accounts.roles import ROLES
from fellowship.kernel.saying import joined, say
from fellowship.programs.models import Program
from governance.rulekinds import DataHandling, TierHandling
from governance.rules import Difference, whatif
from governance.states import RuleKind

MOST = 200
NOT_ASKED = say("To be asked again: the questions differ")


@whatif(RuleKind.DATA_CLASSIFICATION, of=say("datasets classified"))
def tiers(program: Program, before: Any, after: Any) -> Iterator[Difference]:
    """Datasets whose settled answers would lead to another tier, or no longer answer all."""
    held = Classification.objects.filter(
        dataset__program=program, dataset__retired_at=None, state=ClassificationState.SETTLED
    )
    latest = held.filter(dataset__classification_id=models.F("pk"))
    for one in latest.select_related("dataset").order_by("dataset__name")[:MOST]:
        said = _tier(after, one.settled)
        if said != Tier(one.tier).label:
            yield Difference(
                case=f"{one.dataset.ref} {one.dataset}",
                url=one.dataset.get_absolute_url(),
                before=str(Tier(one.tier).label),
                after=said,
                record=one.dataset,
            )


@whatif(RuleKind.DATA_HANDLING, of=say("grants given"))
def grants(program: Program, before: DataHandling, after: DataHandling) -> Iterator[Difference]:
    """Grants that would have been shorter, or decided by somebody else."""
    calendar = program.calendar()
    rows = Grant.objects.filter(fellowship__program=program).select_related("dataset", "person")
    for grant in rows.order_by("-starts_at", "-pk")[:MOST]:
        old, new = (rule.tiers[grant.dataset.tier] for rule in (before, after))
        latest = new.longest_grant.due(grant.starts_at, calendar)
        was, would = _by(old), _by(new)
        shorter = grant.ends_at > latest and new.longest_grant != old.longest_grant
        if was == would and not shorter:
            continue
        until = (
            say("at most until {latest:%-d %B %Y}", latest=calendar.last_day(latest))
            if shorter
            else say("as long")
        )
        yield Difference(
            case=say(
                "{ref} {dataset} for {person}",
                ref=grant.ref,
                dataset=grant.dataset,
                person=grant.person,
            ),
            url=grant.get_absolute_url(),
            before=say(
                "{was}; until {ends_at:%-d %B %Y}",
                was=was,
                ends_at=calendar.last_day(grant.ends_at),
            ),
            after=f"{would}; {until}",
            record=grant,
        )


def _by(tier: TierHandling) -> str:
    """Who decides on a grant of the tier."""
    names = [ROLES[key].label.lower() for key in tier.approvers]
    return say(
        "Decided by {value}",
        value=joined(", ", [*names, *([say("the board")] if tier.board else [])]),
    )


def _tier(after: Any, answers: dict[str, int]) -> str:
    fits = all(
        answers.get(question.key) in [answer.score for answer in question.answers]
        for question in after.questions
    )
    return str(Tier(after.tier(after.scores(answers))).label) if fits else NOT_ASKED
