"""Where governance's own cases stand: matters, conditions, exceptions, escalations, reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Model, QuerySet

from fellowship.clocks.queries import current, history
from fellowship.kernel.prepared import read
from fellowship.kernel.time import now
from fellowship.web.standing import UNMOVED, Blocker, Plan, Standing, Step
from governance.models import (
    Condition,
    Escalation,
    ExceptionRecord,
    IndependentReview,
    Matter,
    Reply,
)
from governance.recourse import ANSWER_CLOCK
from governance.review_states import REVIEW_MOVES, ReviewGround, ReviewState
from governance.services.replies import UNANSWERED
from governance.services.reviews import SILENCE as REVIEW_SILENCE
from governance.services.telling import FOR_PARTIES
from governance.states import (
    CONDITION_MOVES,
    ESCALATION_MOVES,
    EXCEPTION_MOVES,
    MATTER_MOVES,
    REPORTED,
    ConditionState,
    EscalationState,
    ExceptionState,
    MatterState,
)

CLOSED = "Nobody: it is closed."
MAY_REPLY = "Whom it is about, who may reply"
ANSWERS = "The chair, who answers the reply"
BALLOT_RULES = "Ballot rules"
REASONS = "Reasons drawn from the dossier, given in its letter"
RULE_AS_WRITTEN = "The rule that applies, as written"

_RECORD = Step(
    "The board",
    "approves, approves with conditions, denies or defers",
    (REASONS, RULE_AS_WRITTEN),
    BALLOT_RULES,
    FOR_PARTIES,
)
_RETURN = Step(
    "The chair",
    "returns it undecided",
    ("The quorum was missed", "What it is about has changed since it was referred"),
    BALLOT_RULES,
)
MATTER = Plan(
    MATTER_MOVES,
    holders={
        MatterState.OPEN: "The programme manager, who opens the vote",
        MatterState.VOTING: "The board",
        MatterState.DECIDED: "Nobody: it is decided",
        MatterState.WITHDRAWN: CLOSED,
        MatterState.RETURNED: "The programme manager, who says what comes next",
    },
    silence={MatterState.OPEN: UNMOVED, MatterState.VOTING: FOR_PARTIES},
    steps={
        "open_ballot": Step("The board", "votes"),
        "record_decision": _RECORD,
        "withdraw": Step("Who referred it, or the manager,", "may take it back"),
        "return": _RETURN,
    },
)

CONDITION = Plan(
    CONDITION_MOVES,
    holders={
        ConditionState.OPEN: "Its owner",
        ConditionState.MET: "Its verifier",
        ConditionState.FAILED: "Its owner",
        ConditionState.VERIFIED: CLOSED,
        ConditionState.WAIVED: CLOSED,
    },
    silence={
        ConditionState.OPEN: "What was approved stays shut.",
        ConditionState.MET: "What was approved stays shut.",
        ConditionState.FAILED: "What was approved stays shut.",
    },
    steps={
        "meet": Step("Its owner", "reports it as met, with the evidence"),
        "verify": Step("Its verifier", "confirms it"),
        "fail": Step(
            "Its verifier",
            "finds it not met",
            ("The evidence does not show what it asks",),
            BALLOT_RULES,
        ),
        "waive": Step("The chair", "may give it up, with a reason"),
    },
)

EXCEPTION = Plan(
    EXCEPTION_MOVES,
    holders={
        ExceptionState.REQUESTED: "The board",
        ExceptionState.GRANTED: "Its owner, until it ends by itself",
        ExceptionState.REFUSED: CLOSED,
        ExceptionState.WITHDRAWN: CLOSED,
        ExceptionState.ENDED: CLOSED,
    },
    silence={
        ExceptionState.REQUESTED: "Nothing changes until the board has granted it.",
        ExceptionState.GRANTED: "It ends by itself at its term and the rule applies again.",
        ExceptionState.REFUSED: "The rule applies.",
    },
    steps={
        "grant": _RECORD,
        "refuse": _RECORD,
        "withdraw": Step("Who asked for it", "may take it back"),
        "reconsider": Step("An independent review", "may send it back to the board"),
        "end": Step(
            "Its owner, the chair, the programme manager or security on-call",
            "may end it early",
            ("What made it necessary is over", "What makes up for it does not hold"),
            "Exception rules",
            "It runs to its end.",
        ),
    },
)

_CONTAIN = Step(
    "Security on-call",
    "contains it, and may suspend what the fellow can reach",
    tuple(str(kind.label) for kind in REPORTED),
    "Severity clocks",
)
ESCALATION = Plan(
    ESCALATION_MOVES,
    holders={
        EscalationState.RAISED: "Security on-call",
        EscalationState.ACKNOWLEDGED: "Security on-call",
        EscalationState.CONTAINED: "Security on-call",
        EscalationState.VERIFIED: "Security on-call",
        EscalationState.PREVENTED: "Security on-call",
        EscalationState.CLOSED: CLOSED,
    },
    silence={
        EscalationState.RAISED: "The next in line is paged; then the chair, the programme manager "
        "and the sponsor are told.",
        EscalationState.ACKNOWLEDGED: "It stays open; the chair is told of a word not kept.",
        EscalationState.CONTAINED: "It stays contained and open.",
        EscalationState.VERIFIED: "It stays open until somebody says what prevents it.",
        EscalationState.PREVENTED: "It stays open until it is closed with a review.",
    },
    steps={
        "acknowledge": Step("Security on-call", "acknowledges it"),
        "contain": _CONTAIN,
        "verify": Step("Security on-call", "verifies that the containment holds"),
        "prevent": Step("Security on-call", "says what prevents it from now on"),
        "reopen": Step("Security on-call", "may take it up again"),
        "close": Step("Security on-call", "closes it with a review and its findings"),
    },
    more={
        EscalationState.CONTAINED: (_CONTAIN,),
        EscalationState.VERIFIED: (_CONTAIN,),
        EscalationState.PREVENTED: (_CONTAIN,),
    },
)

REVIEW = Plan(
    REVIEW_MOVES,
    holders={
        ReviewState.ASKED: "The sponsor, who names the reviewers",
        ReviewState.UNDER_REVIEW: "The reviewers",
        ReviewState.UPHELD: CLOSED,
        ReviewState.SENT_BACK: "The board",
    },
    silence={ReviewState.ASKED: REVIEW_SILENCE, ReviewState.UNDER_REVIEW: REVIEW_SILENCE},
    steps={
        "name": Step("The sponsor or an administrator", "names who reviews it, or others instead"),
        "uphold": Step(
            "The reviewers",
            "uphold the decision, or send it back to the board",
            tuple(ReviewGround.labels),
            "Fellowship policy",
            REVIEW_SILENCE,
        ),
        "send_back": Step(
            "The reviewers",
            "uphold the decision, or send it back to the board",
            tuple(ReviewGround.labels),
            "Fellowship policy",
            REVIEW_SILENCE,
        ),
    },
)


def matter_about(subject: Model, user: Any) -> Matter | None:
    """The latest matter about a record that the person may know of."""
    known = Matter.objects.visible_to(user)
    about = known.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)
    return about.order_by("-id").first()


def of_matter(matter: Matter) -> Standing:
    """A matter as its parties may know it."""
    voting = matter.state == MatterState.VOTING
    found = MATTER.at(
        matter.state,
        calendar=matter.program.calendar(),
        clocks=history(matter),
        due=matter.due_at if voting else None,
        silence=FOR_PARTIES if voting else "",
    )
    return found if found.over or found.due is None or voting else found.held_by(MAY_REPLY)


def after(
    found: Standing,
    *,
    reply: Reply | None = None,
    review: IndependentReview | None = None,
    open_to_party: Iterable[str] = (),
) -> Standing:
    """A decided case, with what still follows: a reply to be answered, a review under way.

    `reply` is one that waits for its answer; `open_to_party` says what the parties may still do.
    """
    coming = tuple(open_to_party) or found.next
    if review is not None and review.ended_at is None:
        named = review.seats.standing().select_related("reviewer")
        under = of_review(review, [seat.reviewer for seat in named])
        days = found.with_us + under.with_us
        return replace(under, where=found.where, with_us=days, with_you=found.with_you, next=coming)
    if reply is not None:
        clock = current(reply, ANSWER_CLOCK)
        due = clock.due_at if clock else None
        return replace(found, holder=ANSWERS, due=due, silence=UNANSWERED, next=coming, over=False)
    return replace(found, next=coming)


def of_condition(condition: Condition) -> Standing:
    """A condition; its owner and verifier are named to those who see it."""
    names = {"Its owner": str(condition.owner), "Its verifier": str(condition.verifier)}
    found = CONDITION.at(
        condition.state,
        calendar=condition.program.calendar(),
        clocks=history(condition),
        silence="" if condition.settled_at else condition.consequence,
        names=names,
    )
    who = names.get(found.holder)
    return found.held_by(f"{found.holder}, {who}") if who else found


def of_exception(exception: ExceptionRecord, matter: Matter | None) -> Standing:
    """An exception, from its request to its end."""
    requested = exception.state == ExceptionState.REQUESTED
    live = exception.state == ExceptionState.GRANTED
    end = exception.expires_at if live else matter.due_at if matter and requested else None
    return EXCEPTION.at(
        exception.state,
        calendar=exception.program.calendar(),
        spans=[("us", exception.requested_at, exception.approved_at or exception.ended_at)],
        due=end,
        names={"Its owner": str(exception.owner)},
    )


def of_escalation(escalation: Escalation) -> Standing:
    """An alarm, with the clock that runs: to acknowledge, then to the next word."""
    raised = escalation.state == EscalationState.RAISED
    closed = escalation.state == EscalationState.CLOSED
    return ESCALATION.at(
        escalation.state,
        calendar=escalation.program.calendar(),
        spans=[("us", escalation.raised_at, escalation.closed_at)],
        due=None if closed else escalation.acknowledge_by if raised else escalation.next_word_by,
    )


def of_review(review: IndependentReview, reviewers: Iterable[Any] = ()) -> Standing:
    """An independent review, with the people who carry it out."""
    return REVIEW.at(
        review.state,
        calendar=review.decision.matter.program.calendar(),
        spans=[("us", review.asked_at, review.ended_at)],
        due=None if review.ended_at else review.due_at,
        names={"The reviewers": ", ".join(str(one) for one in reviewers)},
    )


@read
def _unsettled(label: str, pk: int, at: dt.datetime) -> QuerySet[Condition]:
    rows = Condition.objects.filter(subject_type=label, subject_id=pk).unsettled(at)
    return rows.select_related("decision__matter", "owner", "verifier")


def conditions_of(subject: Model, conditions: Iterable[Condition] | None = None) -> list[Blocker]:
    """The unsettled conditions that hold the gate of a record shut, each with its people."""
    if conditions is None:
        conditions = _unsettled(subject._meta.label_lower, subject.pk, now())
    return [
        Blocker(
            who="The verifier of a condition",
            can="holds the gate shut until it is verified",
            grounds=(condition.text,),
            silence=condition.consequence,
            until=condition.due_at,
            rule=condition.ref,
            names=f"{condition.verifier}; {condition.owner} meets it",
        )
        for condition in conditions
    ]
