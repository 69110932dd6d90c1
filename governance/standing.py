"""Where governance's own cases stand: matters, conditions, exceptions, escalations, reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Model, OuterRef, QuerySet, Subquery

from fellowship.accounts.models import User
from fellowship.clocks.queries import current, history
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
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

CLOSED = say("Nobody: it is closed.")
MAY_REPLY = say("Whom it is about, who may reply")
ANSWERS = say("The chair, who answers the reply")
BALLOT_RULES = say("Ballot rules")
REASONS = say("Reasons drawn from the dossier, given in its letter")
RULE_AS_WRITTEN = say("The rule that applies, as written")

_RECORD = Step(
    say("The board"),
    say("approves, approves with conditions, denies or defers"),
    (REASONS, RULE_AS_WRITTEN),
    BALLOT_RULES,
    FOR_PARTIES,
)
_RETURN = Step(
    say("The chair"),
    say("returns it undecided"),
    (say("The quorum was missed"), say("What it is about has changed since it was referred")),
    BALLOT_RULES,
)
MATTER = Plan(
    MATTER_MOVES,
    holders={
        MatterState.OPEN: say("The programme manager, who opens the vote"),
        MatterState.VOTING: say("The board"),
        MatterState.DECIDED: say("Nobody: it is decided"),
        MatterState.WITHDRAWN: CLOSED,
        MatterState.RETURNED: say("The programme manager, who says what comes next"),
    },
    silence={MatterState.OPEN: UNMOVED, MatterState.VOTING: FOR_PARTIES},
    steps={
        "open_ballot": Step(say("The board"), "votes"),
        "record_decision": _RECORD,
        "withdraw": Step(say("Who referred it, or the manager,"), say("may take it back")),
        "return": _RETURN,
    },
)

CONDITION = Plan(
    CONDITION_MOVES,
    holders={
        ConditionState.OPEN: say("Its owner"),
        ConditionState.MET: say("Its verifier"),
        ConditionState.FAILED: say("Its owner"),
        ConditionState.VERIFIED: CLOSED,
        ConditionState.WAIVED: CLOSED,
    },
    silence={
        ConditionState.OPEN: say("What was approved stays shut."),
        ConditionState.MET: say("What was approved stays shut."),
        ConditionState.FAILED: say("What was approved stays shut."),
    },
    steps={
        "meet": Step(say("Its owner"), say("reports it as met, with the evidence")),
        "verify": Step(say("Its verifier"), say("confirms it")),
        "fail": Step(
            say("Its verifier"),
            say("finds it not met"),
            (say("The evidence does not show what it asks"),),
            BALLOT_RULES,
        ),
        "waive": Step(say("The chair"), say("may give it up, with a reason")),
    },
)

EXCEPTION = Plan(
    EXCEPTION_MOVES,
    holders={
        ExceptionState.REQUESTED: say("The board"),
        ExceptionState.GRANTED: say("Its owner"),
        ExceptionState.REFUSED: CLOSED,
        ExceptionState.WITHDRAWN: CLOSED,
        ExceptionState.ENDED: CLOSED,
    },
    silence={
        ExceptionState.REQUESTED: say("Nothing changes until the board has granted it."),
        ExceptionState.GRANTED: say("It ends by itself at its term and the rule applies again."),
        ExceptionState.REFUSED: say("The rule applies."),
    },
    steps={
        "grant": _RECORD,
        "refuse": _RECORD,
        "withdraw": Step(say("Who asked for it"), say("may take it back")),
        "reconsider": Step(say("An independent review"), say("may send it back to the board")),
        "end": Step(
            say("Its owner, the chair, the programme manager or security on-call"),
            say("may end it early"),
            (say("What made it necessary is over"), say("What makes up for it does not hold")),
            say("Exception rules"),
            say("It runs to its end."),
        ),
    },
)

_CONTAIN = Step(
    say("Security on-call"),
    say("contains it, and may suspend what the fellow can reach"),
    tuple(kind.label for kind in REPORTED),
    say("Severity clocks"),
)
ESCALATION = Plan(
    ESCALATION_MOVES,
    holders={
        EscalationState.RAISED: say("Security on-call"),
        EscalationState.ACKNOWLEDGED: say("Security on-call"),
        EscalationState.CONTAINED: say("Security on-call"),
        EscalationState.VERIFIED: say("Security on-call"),
        EscalationState.PREVENTED: say("Security on-call"),
        EscalationState.CLOSED: CLOSED,
    },
    silence={
        EscalationState.RAISED: say(
            "The next in line is paged; then the chair, the programme manager "
            "and the sponsor are told."
        ),
        EscalationState.ACKNOWLEDGED: say("It stays open; the chair is told of a word not kept."),
        EscalationState.CONTAINED: say("It stays contained and open."),
        EscalationState.VERIFIED: say("It stays open until somebody says what prevents it."),
        EscalationState.PREVENTED: say("It stays open until it is closed with a review."),
    },
    steps={
        "acknowledge": Step(say("Security on-call"), say("acknowledges it")),
        "contain": _CONTAIN,
        "verify": Step(say("Security on-call"), say("verifies that the containment holds")),
        "prevent": Step(say("Security on-call"), say("says what prevents it from now on")),
        "reopen": Step(say("Security on-call"), say("may take it up again")),
        "close": Step(say("Security on-call"), say("closes it with a review and its findings")),
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
        ReviewState.ASKED: say("The sponsor, who names the reviewers"),
        ReviewState.UNDER_REVIEW: say("The reviewers"),
        ReviewState.UPHELD: CLOSED,
        ReviewState.SENT_BACK: say("The board"),
    },
    silence={ReviewState.ASKED: REVIEW_SILENCE, ReviewState.UNDER_REVIEW: REVIEW_SILENCE},
    steps={
        "name": Step(
            say("The sponsor or an administrator"), say("names who reviews it, or others instead")
        ),
        "uphold": Step(
            say("The reviewers"),
            say("uphold the decision, or send it back to the board"),
            tuple(ReviewGround.labels),
            say("Fellowship policy"),
            REVIEW_SILENCE,
        ),
        "send_back": Step(
            say("The reviewers"),
            say("uphold the decision, or send it back to the board"),
            tuple(ReviewGround.labels),
            say("Fellowship policy"),
            REVIEW_SILENCE,
        ),
    },
)


def matter_about(subject: Model, user: Any) -> Matter | None:
    """The latest matter about a record that the person may know of."""
    return matters_about([subject], user).get(subject.pk)


def matters_about(subjects: Sequence[Model], user: Any) -> dict[int, Matter]:
    """The same for records of one kind, by their key: one query, none where there are none."""
    keys = [subject.pk for subject in subjects]
    if not keys:
        return {}
    label = subjects[0]._meta.label_lower
    known = Matter.objects.visible_to(user).filter(subject_type=label, subject_id__in=keys)
    return {matter.subject_id: matter for matter in known.order_by("id")}


def board_due(subject: Model) -> dt.datetime | None:
    """When the vote on a record ends. The date alone, so it is told to everybody who waits."""
    return _votes(subject, subject.pk).values_list("due_at", flat=True).first()


def vote_ends(model: type[Model]) -> Subquery:
    """The same for each row of a model, to be read with it."""
    return Subquery(_votes(model, OuterRef("pk")).values("due_at")[:1])


def _votes(model: Model | type[Model], key: Any) -> QuerySet[Matter]:
    about = Matter.objects.live().filter(subject_type=model._meta.label_lower, subject_id=key)
    return about.order_by("-id")


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
    found = EXCEPTION.at(
        exception.state,
        calendar=exception.program.calendar(),
        spans=[("us", exception.requested_at, exception.approved_at or exception.ended_at)],
        due=end,
        names={"Its owner": str(exception.owner)},
    )
    if live and exception.expires_at <= now():
        return replace(
            found,
            where=say("Over"),
            holder=CLOSED,
            due=None,
            next=(CLOSED,),
            silence=say("The rule applies."),
            blockers=(),
            over=True,
        )
    return found.held_by(say("Its owner, {owner}", owner=exception.owner)) if live else found


def of_escalation(escalation: Escalation) -> Standing:
    """An alarm, with the clock that runs: to acknowledge, then to the next word."""
    raised = escalation.state == EscalationState.RAISED
    closed = escalation.state == EscalationState.CLOSED
    late = raised and escalation.late(now())
    return ESCALATION.at(
        escalation.state,
        calendar=escalation.program.calendar(),
        spans=[("us", escalation.raised_at, escalation.closed_at)],
        due=None if closed else escalation.acknowledge_by if raised else escalation.next_word_by,
        silence=say("The chair, the programme manager and the sponsor were told.") if late else "",
    )


def of_review(review: IndependentReview, reviewers: Iterable[Any] = ()) -> Standing:
    """An independent review, with the people who carry it out."""
    return REVIEW.at(
        review.state,
        calendar=review.decision.matter.program.calendar(),
        spans=[("us", review.asked_at, review.ended_at)],
        due=None if review.ended_at else review.due_at,
        names={"The reviewers": joined(", ", (str(one) for one in reviewers))},
    )


@read
def _unsettled(label: str, pk: int, at: dt.datetime) -> QuerySet[Condition]:
    rows = Condition.objects.filter(subject_type=label, subject_id=pk).unsettled(at)
    return rows.select_related("decision__matter", "owner", "verifier", "program")


def open_conditions(subject: Model) -> list[Condition]:
    """The unsettled conditions that hold the gate of a record shut, the first due first."""
    return list(_unsettled(subject._meta.label_lower, subject.pk, now()))


def acts_on(condition: Condition) -> User:
    """Who is to act on an unsettled condition now: who meets it, or once met who verifies it."""
    return condition.verifier if condition.state == ConditionState.MET else condition.owner


def told(condition: Condition) -> str:
    """An unsettled condition in words: what it asks, until when, who meets it, who verifies it."""
    return say(
        "Condition {ref}: “{text}”. {owner} meets it by {due:%-d %B %Y}; {verifier} verifies it.",
        ref=condition.ref,
        text=condition.text.rstrip("."),
        due=condition.program.last_day(condition.due_at),
        owner=condition.owner,
        verifier=condition.verifier,
    )


def under_conditions(found: Standing, subject: Model) -> Standing:
    """A decided case, `subject`: held by who acts on the first due condition that is unsettled."""
    conditions = open_conditions(subject)
    if not conditions:
        return found
    first = conditions[0]
    met = first.state == ConditionState.MET
    steps = CONDITION.steps
    names = {"Its owner": first.owner, "Its verifier": first.verifier}
    return replace(
        found,
        holder=str(acts_on(first)),
        due=first.due_at,
        next=tuple(
            f"{names[step.who]} {step.does}."
            for step in (() if met else (steps["meet"],)) + (steps["verify"],)
        ),
        silence=first.consequence,
        blockers=(*blocking(conditions), *found.blockers),
        over=False,
    )


def conditions_of(subject: Model) -> list[Blocker]:
    """The unsettled conditions that hold the gate of a record shut, each with its people."""
    return blocking(open_conditions(subject))


def blocking(conditions: Iterable[Condition]) -> list[Blocker]:
    """How unsettled conditions can hold a case up, each with its people."""
    return [
        Blocker(
            who=say("The verifier of a condition"),
            can=say("holds the gate shut until it is verified"),
            grounds=(condition.text,),
            silence=condition.consequence,
            until=condition.due_at,
            rule=condition.ref,
            names=say(
                "{verifier}; {owner} meets it", verifier=condition.verifier, owner=condition.owner
            ),
        )
        for condition in conditions
    ]
