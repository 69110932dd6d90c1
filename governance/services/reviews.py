"""The independent review of a decision: asked for, given to people, found, ended."""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import dated, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import kinds, recourse
from governance.models import Decision, IndependentReview, Matter, ReviewSeat
from governance.models.visibility import NAMERS
from governance.policy import replies as policy
from governance.policy.common import text_given
from governance.recourse import REQUEST_CLOCK, REVIEW_CLOCK
from governance.review_states import REVIEW_MOVES, Finding, ReviewGround, ReviewState
from governance.services.board import recuse, refer
from governance.services.telling import room

REVIEW = journal.System("independent review")
SILENCE = say(
    "The sponsor and the party are told, and it stays open: silence confirms no decision."
)


@journal.verb("governance.ask_review")
def ask_review(*, decision: Decision, by: User, ground: str, text: str) -> IndependentReview:
    """Ask for the independent review of a decision. There is one; asked again it is returned."""
    matter = Matter.objects.locked().get(pk=decision.matter_id)
    decision = Decision.objects.select_related("matter__program", "reply_rule").get(pk=decision.pk)
    asked = IndependentReview.objects.filter(decision=decision, asked_by=by).first()
    if asked:
        return unchanged(asked, policy.may_ask(decision, by))
    refuse(policy.may_ask(decision, by))
    refuse(
        None
        if ground in ReviewGround.values
        else Refusal("unknown_ground", say("Choose one of the grounds."), field="ground")
    )
    refuse(text_given(text, "text", say("Say what is wrong, and where it can be seen.")))
    rule = decision.reply_rule
    assert rule is not None  # noqa: S101 - refused above
    window, at = rule.params.independent_review, now()
    review = IndependentReview.objects.create(
        decision=decision,
        asked_at=at,
        asked_by=by,
        ground=ground,
        text=text.strip(),
        due_at=window.due(at, matter.program.calendar()),
    )
    journal.record(subject=matter, change={"ground": ground, "text": digest(review.text)})
    clocks.stop_open(subject=matter, kinds=[REQUEST_CLOCK], by=by)
    clocks.start(
        kind=REVIEW_CLOCK,
        subject=review,
        realm=matter.program_id,
        window=window,
        by=by,
        holder="us",
        silence=SILENCE,
        rule=str(rule),
        at=at,
    )
    _tell(
        review,
        [*namers(review), *room(matter, roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER)],
        say("An independent review is asked for: {title}", title=matter.title),
        say("The sponsor or an administrator names who carries it out; nobody who took part may."),
    )
    return review


def namers(review: IndependentReview) -> list[User]:
    """The sponsor and the administrators who may name the reviewers."""
    people = holders(review.decision.matter.program_id, *NAMERS)
    return [user for user in people if policy.may_name(review, user) is None]


@journal.verb("governance.name_reviewers")
def name_reviewers(
    *, review: IndependentReview, by: User, reviewers: Sequence[User]
) -> IndependentReview:
    """Give the review to people who took no part; those named before without a finding stand down.

    The same people named again change nothing.
    """
    review = _locked(review)
    standing = {seat.reviewer_id: seat for seat in review.seats.standing()}
    wanted = {person.pk: person for person in reviewers}
    if standing and set(standing) == set(wanted):
        return unchanged(review, policy.may_name(review, by))
    refuse(policy.may_name(review, by))
    rule = review.decision.reply_rule
    needed = rule.params.independent_reviewers if rule else 1
    refuse(policy.may_serve(review, list(wanted.values()), by, needed))
    refuse(_found_stay(standing, wanted))
    for pk in set(standing) - set(wanted):
        standing[pk].stood_down_at = now()
        standing[pk].save()
    for pk in sorted(set(wanted) - set(standing)):
        ReviewSeat.objects.create(review=review, reviewer=wanted[pk], named_at=now(), named_by=by)
    review.state = REVIEW_MOVES.target(review.state, "name")
    review.save()
    matter = review.decision.matter
    journal.record(subject=matter, change={"reviewers": sorted(wanted)})
    until = dated(matter.program.last_day(review.due_at))
    _tell(
        review,
        [wanted[pk] for pk in sorted(set(wanted) - set(standing))],
        say("You are asked to review a decision: {title}", title=matter.title),
        say(
            "Say first whether you have a conflict of interest. Your finding is due by {until}.",
            until=until,
        ),
    )
    _tell(
        review,
        [review.asked_by],
        say("Reviewers are named: {title}", title=matter.title),
        say("Due by {until}.", until=until),
    )
    return review


def _found_stay(standing: dict[int, ReviewSeat], wanted: dict[int, User]) -> Refusal | None:
    gone = [s for pk, s in standing.items() if s.finding and pk not in wanted]
    if not gone:
        return None
    text = say("{reviewer} has given a finding, and stays.", reviewer=gone[0].reviewer)
    return Refusal("found", text, field="reviewers")


@journal.verb("governance.declare_for_review")
def declare_for_review(
    *, review: IndependentReview, by: User, kind: str, statement: str = ""
) -> Conflict:
    """Say whether one has a conflict, before any content; with one, one's seat stands down."""
    review = _locked(review)
    matter = review.decision.matter
    seat = review.seats.standing().filter(reviewer=by).first()
    refuse(
        None if seat else Refusal("not_yours", say("Only who was named to review declares here."))
    )
    conflict = recuse(matter=matter, by=by, kind=kind, statement=statement)
    if seat and conflict.kind != Conflict.Kind.NONE:
        seat.stood_down_at = now()
        seat.save()
        journal.record(subject=matter, change={"reviewer": by.pk})
        _tell(
            review,
            namers(review),
            say("A reviewer stood down: {title}", title=matter.title),
            say("Name somebody else in their place."),
        )
    return conflict


@journal.verb("governance.give_finding")
def give_finding(
    *, review: IndependentReview, by: User, finding: str, reasons: str
) -> IndependentReview:
    """Give one's finding with its reasons. With the last one the review ends.

    The decision is sent back where at least half of the findings say so; else it is upheld. The
    same finding sent twice is given once.
    """
    review = _locked(review)
    seat = review.seats.standing().filter(reviewer=by).first()
    if seat is None:
        refuse(Refusal("not_yours", say("A finding is given by who was named to review.")))
        raise AssertionError
    if seat.finding and (seat.finding, seat.reasons) == (finding, reasons.strip()):
        return unchanged(review, policy.may_find(seat, by))
    refuse(policy.may_find(seat, by))
    refuse(
        None
        if finding in Finding.values
        else Refusal("unknown_finding", say("Choose what you find."), field="finding")
    )
    refuse(text_given(reasons, "reasons", say("Give your reasons.")))
    seat.finding, seat.reasons, seat.found_at = finding, reasons.strip(), now()
    seat.save()
    findings = list(review.seats.standing().values_list("finding", flat=True))
    needed = review.decision.reply_rule.params.independent_reviewers  # type: ignore[union-attr]
    ends = len(findings) >= needed and all(findings)
    if ends:
        back = findings.count(Finding.SEND_BACK) * 2 >= len(findings)
        _end(review, "send_back" if back else "uphold", by)
    journal.record(
        subject=review.decision.matter, change={"text": digest(seat.reasons), "state": review.state}
    )
    if ends:
        _tell_end(review)
    return review


def _end(review: IndependentReview, verb: str, by: User) -> None:
    review.state, review.ended_at = REVIEW_MOVES.target(review.state, verb), now()
    review.save()
    clocks.stop_open(subject=review, kinds=[REVIEW_CLOCK], by=by)
    if review.state == ReviewState.SENT_BACK:
        review.successor = _before_the_board_again(review)
        review.save()


def _before_the_board_again(review: IndependentReview) -> Matter | None:
    """The new matter: the conditions alone, or the subject, with the review in its dossier.

    None where the subject is before the board again already, or cannot be as it stands: then
    whoever asked may put it before the board anew.
    """
    decision = review.decision
    matter = decision.matter
    if recourse.changes_conditions(decision):
        return refer(
            kind=recourse.CONDITIONS_KIND, subject=review, program=matter.program, by=REVIEW
        )
    handler, subject = kinds.get(matter.kind), kinds.subject_of(matter)
    if recourse.superseded(decision) or handler.may_reopen(subject) is not None:
        return None
    handler.reopen(subject=subject, by=REVIEW)
    return refer(kind=matter.kind, subject=subject, program=matter.program, by=REVIEW)


def _tell_end(review: IndependentReview) -> None:
    matter = review.decision.matter
    words = {
        ReviewState.UPHELD: say("The decision stands. The findings are given with their reasons."),
        ReviewState.SENT_BACK: say("The board decides anew, with the findings before it."),
    }
    parties = [party.user for party in matter.parties.select_related("user")]
    _tell(
        review,
        [*parties, *namers(review), *room(matter, roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER)],
        say("The review has ended: {title}", title=matter.title),
        words[ReviewState(review.state)],
    )


def _locked(review: IndependentReview) -> IndependentReview:
    Matter.objects.locked().get(pk=review.decision.matter_id)
    related = ("decision__matter__program", "decision__reply_rule", "asked_by")
    return IndependentReview.objects.locked().select_related(*related).get(pk=review.pk)


def _tell(review: IndependentReview, to: Sequence[User], title: str, body: str) -> None:
    notify(
        kind="governance.review",
        to=to,
        subject_obj=review,
        realm=review.decision.matter.program_id,
        title=title,
        body=body,
        url=review.get_absolute_url(),
    )


__all__ = [
    "ask_review",
    "declare_for_review",
    "give_finding",
    "name_reviewers",
    "namers",
]
