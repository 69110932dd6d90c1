"""What a party may do about a decision, and until when. Reads; the verbs are in `services`.

Why it is so: docs/adr/0012-one-review-that-sends-back.md.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.clocks import queries as clocks
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance import kinds, rules
from governance.letters import Recourse, Term, instant
from governance.models import Decision, IndependentReview, Matter, RulePin, RuleVersion, Vote
from governance.review_states import ReviewState
from governance.states import APPROVING, Outcome, RuleKind

REPLY_CLOCK = "governance.reply"
ANSWER_CLOCK = "governance.reply_answer"
REQUEST_CLOCK = "governance.review_request"
REVIEW_CLOCK = "governance.independent_review"
CONDITIONS_KIND = "governance.conditions"
"""The kind of matter in which conditions sent back by a review are decided anew."""


def rule_for(matter: Matter, outcome: str) -> RuleVersion | None:
    """The policy under which parties may reply to this outcome; None where there is nobody to.

    The version the case is held to, or the one in force for a case that is held to none.
    """
    if outcome not in kinds.get(matter.kind).replied_to or not matter.parties.exists():
        return None
    pin = RulePin.objects.filter(
        subject_type=matter.subject_type,
        subject_id=matter.subject_id,
        kind=RuleKind.FELLOWSHIP_POLICY,
    ).select_related("rule_version")
    held = pin.first()
    return (
        held.rule_version if held else rules.in_force(matter.program_id, RuleKind.FELLOWSHIP_POLICY)
    )


def reviewable(matter: Matter, outcome: str) -> bool:
    """Whether a decision of this outcome can be decided anew: its conditions, or the whole.

    There is one review: what the board decides after one is final.
    """
    handler = kinds.get(matter.kind)
    if matter.kind == CONDITIONS_KIND or hasattr(matter, "sent_back_by"):
        return False
    if outcome == Outcome.CONDITIONS:
        return outcome in handler.replied_to
    return outcome in handler.reopens


def of(decision: Decision) -> Recourse | None:
    """The ways out of a decision just made, as its letter states them."""
    rule = decision.reply_rule
    if rule is None:
        return None
    policy, calendar = rule.params, decision.matter.program.calendar()

    def ends(window: Any) -> Term:
        return Term(window, instant(window.due(decision.decided_at, calendar), calendar))

    review = reviewable(decision.matter, decision.outcome)
    return Recourse(
        reply=ends(policy.right_of_reply),
        answer=Term(policy.reply_answer),
        review=ends(policy.review_request) if review else None,
        reviewers=policy.independent_reviewers,
        carried_out=Term(policy.independent_review),
        policy=str(rule),
    )


def reply_clock(decision: Decision) -> Clock | None:
    """The time parties have to reply; None where they have no right of reply."""
    return clocks.latest(decision.matter, REPLY_CLOCK) if decision.reply_rule_id else None


def request_clock(decision: Decision) -> Clock | None:
    """The time parties have to ask for a review; None where none can be asked for."""
    return clocks.latest(decision.matter, REQUEST_CLOCK) if decision.reply_rule_id else None


def may_still_ask(decision: Decision, clock: Clock, at: dt.datetime | None = None) -> bool:
    """Whether the time to ask runs, or will begin anew with an answer that is still owed."""
    return clock.due_at > (at or now()) or decision.replies.filter(answered_at=None).exists()


def superseded(decision: Decision) -> bool:
    """Whether the same subject has gone before the board again since."""
    later = Matter.objects.filter(
        kind=decision.matter.kind,
        subject_id=decision.matter.subject_id,
        id__gt=decision.matter_id,
    )
    return later.exists()


def took_part(matter: Matter) -> set[int]:
    """Who voted, stood behind a vote that was cast, recorded, referred or advised."""
    votes = Vote.objects.filter(ballot_seat__ballot__matter=matter)
    people = {
        pk for row in votes.values_list("cast_by_id", "ballot_seat__user_id") for pk in row if pk
    }
    decision = getattr(matter, "decision", None)
    people |= {matter.referred_by_id or 0, decision.decided_by_id if decision else 0}
    people |= kinds.get(matter.kind).advised(kinds.subject_of(matter))
    return people - {0}


def with_review(kind: str, subject: Any, dossier: dict[str, Any]) -> dict[str, Any]:
    """The dossier, led by the reviews after which this subject goes before the board again."""
    rows = IndependentReview.objects.filter(
        decision__matter__kind=kind,
        decision__matter__subject_id=subject.pk,
        state=ReviewState.SENT_BACK,
    )
    found = [s for r in rows.select_related("decision__matter").order_by("id") for s in sections(r)]
    if not found:
        return dossier
    return {**dossier, "sections": [*found, *dossier.get("sections", ())]}


def sections(review: IndependentReview) -> list[dict[str, Any]]:
    """A review as the dossier of the matter that follows it shows it; reviewers are not named."""
    decision = review.decision
    found = [
        [seat.get_finding_display(), seat.reasons]
        for seat in review.seats.standing().exclude(finding="")
    ]
    asked = [
        [say("Ground"), review.get_ground_display()],
        [say("What the party says"), review.text],
    ]
    replies = [[say("Reply"), r.text] for r in decision.replies.all()]
    answers = [[say("Answer"), r.answer] for r in decision.replies.all() if r.answer]
    return [
        {"heading": say("Why {ref} is decided anew", ref=decision.matter.ref), "rows": asked},
        {"heading": say("What the independent review found"), "rows": found},
        *(
            [{"heading": say("Reply to that decision"), "rows": replies + answers}]
            if replies
            else ()
        ),
        {"heading": say("The letter on {ref}", ref=decision.matter.ref), "text": decision.letter},
    ]


def changes_conditions(decision: Decision) -> bool:
    """Whether it is the conditions that are decided anew, what was approved being in effect."""
    return decision.outcome in APPROVING
