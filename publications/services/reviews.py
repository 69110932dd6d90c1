"""The verbs of the two reviews: staffing, advice on one track, the end of the other."""

from __future__ import annotations

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import policy
from publications.models import Publication, ReviewerAssignment, ScientificReview, Version
from publications.services.windows import release_when_settled, stop_advice, with_window
from publications.services.works import locked, tell
from publications.states import ReviewTrack


@journal.verb("publications.assign_reviewer")
def assign_reviewer(
    *, publication: Publication, track: str, reviewer: User, by: Actor
) -> ReviewerAssignment:
    """Put a person on one track. Someone already on it stays."""
    publication = locked(publication)
    there = publication.reviewers.filter(track=track, reviewer=reviewer).first()
    if there:
        return unchanged(there, policy.may_assign(publication, track, reviewer, by))
    refuse(policy.may_assign(publication, track, reviewer, by))
    assignment = ReviewerAssignment.objects.create(
        publication=publication, track=track, reviewer=reviewer
    )
    tell(
        publication,
        [reviewer],
        say(
            "You review {ref} ({label})",
            ref=publication.ref,
            label=ReviewTrack(track).label.lower(),
        ),
    )
    journal.record(subject=publication, change={"track": track, "reviewer": reviewer.pk})
    return assignment


@journal.verb("publications.advise")
def give_scientific_review(
    *,
    publication: Publication,
    soundness: int,
    reproducibility: int,
    support: int,
    advice: str,
    by: User,
    read: int | None = None,
) -> ScientificReview:
    """Advise the author on the newest version. It is sent as it is given and blocks nothing.

    `read` is the number of the version that was read, where an earlier one may have been. The same
    words on a version again are no second advice.
    """
    publication = locked(publication)
    refuse(policy.may_advise(publication, by))
    version = _newest(publication)
    mine = publication.scientific_reviews.filter(reviewer=by)
    there = mine.filter(version__number=read or version.number, advice=advice).first()
    if there:
        return there
    refuse(policy.reads_newest(version, read))
    there = mine.filter(version=version).first()
    refuse(policy.advice_said(there) if there else None)
    review = ScientificReview.objects.create(
        publication=publication,
        version=version,
        reviewer=by,
        soundness=soundness,
        reproducibility=reproducibility,
        support=support,
        advice=advice,
        given_at=now(),
    )
    if _all_advised(publication):
        stop_advice(publication, by)
    late = say(", late") if review.late else ""
    tell(
        publication,
        [publication.fellowship.fellow],
        say("Scientific advice on {ref}{late}", ref=publication.ref, late=late),
    )
    journal.record(
        subject=review,
        realm_id=publication.program_id,
        change={"publication": publication.ref, "version": version.number},
    )
    return review


@journal.verb("publications.clear")
def clear_policy_review(*, publication: Publication, by: User, reason: str = "") -> Publication:
    """End the policy review early: no further objections. With none open, it is released."""
    publication = with_window(publication)
    if publication.policy_cleared_at:
        return unchanged(publication, policy.may_clear(publication, by))
    refuse(policy.may_clear(publication, by))
    publication.policy_cleared_at, publication.policy_cleared_by = now(), by
    publication.save()
    journal.record(subject=publication, change={"policy": "cleared"})
    release_when_settled(publication, by)
    return publication


def _all_advised(publication: Publication) -> bool:
    """Whether everyone on the scientific track has advised on the newest version."""
    asked = publication.reviewers.filter(track=ReviewTrack.SCIENTIFIC).values("reviewer_id")
    given = publication.scientific_reviews.filter(version=publication.latest)
    return not asked.exclude(reviewer_id__in=given.values("reviewer_id")).exists()


def _newest(publication: Publication) -> Version:
    version = publication.latest
    if version is None:
        refuse(Refusal("no_text", say("There is no text yet.")))
        raise AssertionError
    return version
