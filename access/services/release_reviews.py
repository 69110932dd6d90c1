"""Two reviews of what would leave, sealed until both are sent; then released, returned or refused.

What a review says lies in an untracked row until the second is sent. Until then record, history and
ledger hold its commitment alone, so that nobody, the second reviewer included, can read the first.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from access import criteria, release_policy
from access.models import Output, Release, ReleaseAnswer, ReleaseRequest, ReleaseReview
from access.models.release_reviews import SealedReview
from access.policy import reason_given
from access.release_states import RELEASE_MOVES, Answer, ReleaseState, ReleaseVerdict
from access.services.releases import locked, stop_review
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import recused
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify

DESK: Final = journal.System("release desk")
NOTE_MAX: Final = 2_000

Answers = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By the output's key, then by criterion: `{"answer": "yes", "note": ""}`."""


@journal.verb("access.send_release_review")
def send_release_review(
    *,
    request: ReleaseRequest,
    verdict: str,
    answers: Answers,
    by: User,
    comment: str = "",
) -> ReleaseReview:
    """Send one of the two reviews. One already sent in this round is returned as it is.

    The second opens both, and what they agree on happens. Raises Refused by field for an answer
    that is missing, a “no” without its reason, and a release in spite of a “no”.
    """
    request = locked(request)
    mine = request.reviews.filter(round=request.round, reviewer=by, ended_at=None).first()
    if mine:
        return unchanged(mine, release_policy.may_review(request, by))
    refuse(release_policy.may_review(request, by))
    there = _counted(request, by)
    refuse(release_policy.two_sent(there, by))
    found = _read(request, answers)
    if verdict not in ReleaseVerdict.values:
        refuse(Refusal("no_verdict", say("Say what you find of the whole."), field="verdict"))
    refuse(release_policy.may_find(verdict, [one["answer"] for one in found]))
    if verdict != ReleaseVerdict.RELEASE:
        refuse(reason_given(comment, say("Say what would have to be different.")))
    content = {"verdict": verdict, "comment": comment.strip(), "answers": found}
    nonce = secrets.token_hex(16)
    review = ReleaseReview.objects.create(
        request=request,
        round=request.round,
        place=1 if not any(one.place == 1 for one in there) else 2,
        reviewer=by,
        sent_at=now(),
        commitment=commitment(content, nonce),
    )
    SealedReview.objects.create(review=review, content=content, nonce=nonce)
    change = {"request": request.ref, "round": request.round, "commitment": review.commitment}
    journal.record(subject=review, change=change)
    if there:
        open_reviews(request=request, by=DESK)
    return ReleaseReview.objects.get(pk=review.pk)


def commitment(content: Mapping[str, Any], nonce: str) -> str:
    """The SHA-256 of a review's content with its nonce, in canonical JSON."""
    return digest({"content": content, "nonce": nonce})


def _counted(request: ReleaseRequest, by: User) -> list[ReleaseReview]:
    """The round's reviews that count. One whose author declared a conflict since is taken out."""
    found = []
    rows = request.reviews.filter(round=request.round).standing()
    for review in rows.select_related("reviewer"):
        case = request.fellowship
        if any(recused(review.reviewer, about) for about in (request, case, case.proposal)):
            review.ended_at = now()
            review.save()
            journal.record(subject=review, change={"ended": say("conflict declared since")})
            continue
        found.append(review)
    return found


def _read(request: ReleaseRequest, answers: Answers) -> list[dict[str, Any]]:
    """Every answer the limits ask for, in order. Raises Refused at the field of the first wrong."""
    asked = criteria.of_request(request).asked()
    found = []
    for output in request.outputs.filter(removed_at=None).order_by("id"):
        given = answers.get(str(output.pk), {})
        for criterion in asked:
            one = given.get(criterion, {})
            answer, note = one.get("answer", ""), str(one.get("note", "")).strip()
            if answer not in Answer.values:
                refuse(_at(output, criterion, "no_answer", say("Answer this for each file.")))
            if answer == Answer.NO and not note:
                refuse(_at(output, criterion, "no_note", say("Say what is wrong."), note=True))
            if len(note) > NOTE_MAX:
                long = say("Write at most {NOTE_MAX:,} characters.", NOTE_MAX=NOTE_MAX)
                refuse(_at(output, criterion, "too_long", long, note=True))
            found.append(
                {"output": output.pk, "criterion": criterion.value, "answer": answer, "note": note}
            )
    return found


def _at(output: Output, criterion: str, code: str, reason: str, *, note: bool = False) -> Refusal:
    return Refusal(code, reason, field=field_of(output.pk, criterion, note=note))


def field_of(output: int, criterion: str, *, note: bool = False) -> str:
    """The name of the field that answers a criterion for an output, or of its note."""
    return f"{'note' if note else 'answer'}-{output}-{criterion}"


@journal.verb("access.open_release_reviews")
def open_reviews(*, request: ReleaseRequest, by: Actor) -> ReleaseRequest:
    """Both reviews are sent: what they say goes on record, and what they agree on happens."""
    request = locked(request)
    reviews = list(request.reviews.filter(round=request.round).standing().order_by("place"))
    if len(reviews) != 2 or any(review.opened_at for review in reviews):
        return request
    for review in reviews:
        _unseal(review)
    first, second = (review.verdict for review in reviews)
    if first == second:
        journal.record(subject=request, change={"round": request.round, "agreed": first})
        return conclude(request=request, verdict=first, by=by)
    request.state = RELEASE_MOVES.target(request.state, "disagree")
    request.save()
    journal.record(subject=request, change={"state": request.state, "round": request.round})
    notify(
        kind="access.release_disagreed",
        to=release_policy.reviewers_of(request),
        subject_obj=request,
        title=say("{ref}: the two reviewers do not agree", ref=request.ref),
        body=say("Each may revise with a reason. Else a third person settles it."),
        url=request.get_absolute_url(),
    )
    return request


def _unseal(review: ReleaseReview) -> None:
    sealed = SealedReview.objects.get(review=review)
    content = sealed.content
    review.opened_at, review.nonce = now(), sealed.nonce
    review.verdict, review.comment = content["verdict"], content["comment"]
    review.save()
    for one in content["answers"]:
        ReleaseAnswer.objects.create(
            review=review,
            output_id=one["output"],
            criterion=one["criterion"],
            answer=one["answer"],
            note=one["note"],
        )
    sealed.delete()


@journal.verb("access.revise_release_review")
def revise_release_review(
    *, review: ReleaseReview, verdict: str, by: User, reason: str
) -> ReleaseReview:
    """Revise one's verdict after reading the other's. Where both agree then, that happens.

    What was first found stands beside it. The same revision sent twice is one.
    """
    request = locked(review.request)
    review = ReleaseReview.objects.locked().get(pk=review.pk)
    review.request = request
    if review.revised_to == verdict and by == review.reviewer:
        return review
    refuse(release_policy.may_revise(review, by))
    if verdict not in ReleaseVerdict.values or verdict == review.stands_for:
        refuse(Refusal("no_verdict", say("Choose what you find now."), field="verdict"))
    refuse(reason_given(reason, say("Say what changed your mind.")))
    review.revised_at, review.revised_to, review.revised_because = now(), verdict, reason.strip()
    review.save()
    journal.record(subject=review, change={"request": request.ref, "verdict": verdict})
    standing = request.reviews.filter(round=request.round).standing()
    if all(other.stands_for == verdict for other in standing):
        conclude(request=request, verdict=verdict, by=by)
    return review


@journal.verb("access.settle_release")
def settle_release(
    *, request: ReleaseRequest, verdict: str, by: User, reason: str
) -> ReleaseRequest:
    """A third person decides where the two do not agree. One already settled so stays so."""
    request = locked(request)
    if request.settled_by == by and request.state != ReleaseState.DISAGREED:
        return request
    reviews = list(request.reviews.filter(round=request.round).standing())
    refuse(release_policy.may_settle(request, reviews, by))
    if verdict not in ReleaseVerdict.values:
        refuse(Refusal("no_verdict", say("Choose one."), field="verdict"))
    refuse(reason_given(reason, say("Say why you decide so.")))
    request.settled_by, request.decided_because = by, reason.strip()
    return conclude(request=request, verdict=verdict, by=by)


@journal.verb("access.conclude_release")
def conclude(*, request: ReleaseRequest, verdict: str, by: Actor) -> ReleaseRequest:
    """What was agreed or settled happens; only within the verb that found it.

    On a release each file is bound to its bytes: no others are ever handed out.
    """
    at = now()
    request.state = RELEASE_MOVES.target(request.state, verdict)
    if verdict != ReleaseVerdict.RETURN:
        request.decided_at = at
    request.save()
    released: list[Release] = []
    if verdict == ReleaseVerdict.RELEASE:
        released = [
            Release.objects.create(
                request=request, output=output, sha256=output.sha256, released_at=at
            )
            for output in request.outputs.filter(removed_at=None).order_by("id")
        ]
    change = {
        "state": request.state,
        "released": joined(", ", (release.sha256 for release in released)),
    }
    journal.record(subject=request, change={k: v for k, v in change.items() if v})
    stop_review(
        request, by, say("The desk decided: {state}.", state=request.get_state_display().lower())
    )
    notify(
        kind="access.release_decided",
        to={request.requester, request.fellowship.fellow},
        subject_obj=request,
        title=say(
            "{ref}, {subject}: {state}",
            ref=request.ref,
            subject=request.title,
            state=request.get_state_display().lower(),
        ),
        body=_told(request, released),
        url=request.get_absolute_url(),
    )
    return request


def _told(request: ReleaseRequest, released: Sequence[Release]) -> str:
    if released:
        files = say("1 file") if len(released) == 1 else say("{n} files", n=len(released))
        return say("{files} may leave, each with its SHA-256 on record.", files=files)
    return request.decided_because or say("What the reviewers found stands on its page.")
