"""Who may reply to a decision, answer, ask for a review, name its reviewers, and review."""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import conflict_of, has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say, within
from fellowship.kernel.time import now
from governance import ballot_box, kinds, recourse
from governance.letters import instant
from governance.models import Decision, IndependentReview, Matter, Reply, ReviewSeat
from governance.models.visibility import NAMERS
from governance.policy.board import DUTIES, may_enter
from governance.policy.common import needs_role
from governance.review_states import REVIEW_MOVES, ReviewState
from governance.states import Outcome

SERVES = tuple(role for role in roles.STAFF if role not in (roles.AUDITOR, *NAMERS))
"""The roles whose holders may be named: those who audit or name reviewers are not among them."""


def may_reply(decision: Decision, by: User) -> Refusal | None:
    """Why `by` may not reply to the decision now. A party replies once, within the time."""
    return first(
        _party(decision.matter, by, say("reply to this decision")),
        Refusal("replied", say("You have replied to this decision; a reply is made once."))
        if Reply.objects.filter(decision=decision, author=by).exists()
        else None,
        _in_time_to_reply(decision),
    )


def _party(matter: Matter, by: User, to: str) -> Refusal | None:
    if ballot_box.is_party(matter, by):
        return None
    return Refusal("not_yours", say("Only somebody the decision is about may {to}.", to=to))


def _in_time_to_reply(decision: Decision) -> Refusal | None:
    clock = recourse.reply_clock(decision)
    if clock is None:
        return _no_reply(decision)
    if clock.due_at > now():
        return None
    return _over("reply", decision, say("The time to reply ended on"), clock.due_at)


def _no_reply(decision: Decision) -> Refusal:
    """To this outcome nobody replies; it says to which ones parties do."""
    answered = kinds.get(decision.matter.kind).replied_to
    if not answered:
        return Refusal("no_reply", say("There is no right of reply to this outcome."))
    said = say(
        "There is no right of reply to this outcome. Parties may reply to: {outcomes}.",
        outcomes=joined(", ", (within(Outcome(one).label) for one in answered)),
    )
    return Refusal("no_reply", said)


def _over(what: str, decision: Decision, text: str, due_at: object) -> Refusal:
    end = instant(due_at, decision.matter.program.calendar())  # type: ignore[arg-type]
    return Refusal(
        f"{what}_over",
        say("{text} {end}. The decision stands.", text=text, end=end),
        str(decision.reply_rule),
    )


def may_answer(reply: Reply, by: User) -> Refusal | None:
    """Why `by` may not answer the reply: the chair does, once, and has no conflict."""
    matter = reply.decision.matter
    return first(
        needs_role(by, matter.program_id, roles.CHAIR, to=say("answer a reply")),
        may_enter(matter, by),
        Refusal("answered", say("This reply has been answered.")) if reply.answered_at else None,
    )


def may_ask(decision: Decision, by: User) -> Refusal | None:
    """Why `by` may not ask for an independent review of the decision now."""
    matter = decision.matter
    return first(
        _party(matter, by, say("ask for a review of it")),
        Refusal("reviewed_once", say("A review was asked for already; there is one per decision."))
        if IndependentReview.objects.filter(decision=decision).exists()
        else None,
        _in_time_to_ask(decision),
        Refusal("decided_anew", say("The board has this before it again: that decision counts."))
        if recourse.superseded(decision)
        else None,
        None
        if recourse.changes_conditions(decision)
        else kinds.get(matter.kind).may_reopen(kinds.subject_of(matter)),
    )


def _in_time_to_ask(decision: Decision) -> Refusal | None:
    clock = recourse.request_clock(decision)
    if clock is None:
        return Refusal(
            "no_review", say("A decision of this kind with this outcome is not reviewed.")
        )
    if recourse.may_still_ask(decision, clock):
        return None
    return _over("request", decision, say("The time to ask for a review ended on"), clock.due_at)


def may_name(review: IndependentReview, by: User) -> Refusal | None:
    """Why `by` may not name the reviewers: the sponsor or an administrator does, uninvolved."""
    matter = review.decision.matter
    return first(
        needs_role(by, matter.program_id, *NAMERS, to=say("name the reviewers")),
        _uninvolved(matter, by, recourse.took_part(matter)),
        REVIEW_MOVES.refusal(review.state, "name"),
    )


def may_serve(
    review: IndependentReview, people: Sequence[User], by: User, needed: int
) -> Refusal | None:
    """Why these people may not carry out the review: each must have had no part in the case."""
    matter = review.decision.matter
    involved = recourse.took_part(matter)
    return first(
        Refusal("wrong_number", _needed(needed), field="reviewers")
        if len({p.pk for p in people}) != needed
        else None,
        *(
            first(
                Refusal(
                    "separation_namer",
                    say("Nobody names themself."),
                    rule=DUTIES,
                    field="reviewers",
                )
                if person.pk == by.pk
                else None,
                None
                if has_role(person, matter.program_id, *SERVES)
                else Refusal(
                    "not_eligible",
                    say("{person} holds no role that may review.", person=person),
                    field="reviewers",
                ),
                _uninvolved(matter, person, involved, named=True),
            )
            for person in people
        ),
    )


def _needed(number: int) -> str:
    people = say("{number} different people", number=number) if number > 1 else say("one person")
    return say("Name {people}: the policy asks for it.", people=people)


def _uninvolved(
    matter: Matter, user: User, involved: set[int], *, named: bool = False
) -> Refusal | None:
    who, field = (str(user), "reviewers") if named else (say("You"), "")
    checks = (
        ("separation_voted", user.pk in involved, say("took part in this case")),
        ("separation_party", ballot_box.is_party(matter, user), say("named in it as a party")),
        (
            "separation_recused",
            ballot_box.is_recused(matter, user),
            say("declared a conflict in it"),
        ),
    )
    for code, holds, what in checks:
        if holds:
            verb = "" if not what.startswith("named") else ("is " if named else "are ")
            return Refusal(code, f"{who} {verb}{what}.", rule=DUTIES, field=field)
    return None


def may_find(seat: ReviewSeat, by: User) -> Refusal | None:
    """Why `by` may not give a finding: conflicts before content, one's own seat, not ended."""
    review, matter = seat.review, seat.review.decision.matter
    said = conflict_of(by, kinds.subject_of(matter))
    return first(
        None
        if seat.reviewer_id == by.pk and seat.stood_down_at is None
        else Refusal("not_yours", say("A finding is given by who was named to review.")),
        Refusal("undeclared", say("Say first whether you have a conflict of interest."))
        if said is None
        else None,
        Refusal("separation_recused", say("You declared a conflict in it."), rule=DUTIES)
        if ballot_box.is_recused(matter, by)
        else None,
        None
        if review.state == ReviewState.UNDER_REVIEW
        else REVIEW_MOVES.refusal(review.state, "uphold"),
    )
