"""The verbs of the two reviews: advice on one track, objections to passages on the other."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from governance import services as governance
from publications import policy, terms
from publications.models import (
    Objection,
    Publication,
    ReviewerAssignment,
    ScientificReview,
    Version,
)
from publications.services import redactions
from publications.services.windows import release
from publications.services.works import locked, tell
from publications.states import (
    OBJECTION_MOVES,
    Ground,
    ObjectionState,
    PublicationState,
    ReleasedBy,
    ReviewTrack,
)

ANSWER_CLOCK = "publications.answer"


@journal.verb("publications.assign_reviewer")
def assign_reviewer(
    *, publication: Publication, track: str, reviewer: User, by: Actor
) -> ReviewerAssignment:
    """Put a person on one track. Someone already on it stays."""
    publication = locked(publication)
    there = publication.reviewers.filter(track=track, reviewer=reviewer).first()
    if there:
        return there
    refuse(policy.may_assign(publication, track, reviewer, by))
    assignment = ReviewerAssignment.objects.create(
        publication=publication, track=track, reviewer=reviewer
    )
    tell(
        publication,
        [reviewer],
        f"You review {publication.ref} ({ReviewTrack(track).label.lower()})",
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
) -> ScientificReview:
    """Advise the author on the newest version. It is sent as it is given and blocks nothing."""
    publication = locked(publication)
    refuse(policy.may_advise(publication, by))
    version = _newest(publication)
    there = ScientificReview.objects.filter(version=version, reviewer=by).first()
    if there:
        return there
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
    tell(publication, [publication.fellowship.fellow], f"Scientific advice on {publication.ref}")
    journal.record(
        subject=review,
        realm_id=publication.program_id,
        change={"publication": publication.ref, "version": version.number},
    )
    return review


@journal.verb("publications.object")
def object_to_passage(
    *,
    publication: Publication,
    version: Version,
    ground: str,
    start: int,
    end: int,
    harm: str,
    ask: str,
    public_summary: str,
    by: User,
    until: dt.datetime | None = None,
) -> Objection:
    """Object to `version.text[start:end]` on a listed ground. The author is told at once."""
    publication = locked(publication)
    refuse(policy.may_object(publication, by))
    if ground not in Ground.values:
        refuse(Refusal("no_ground", "Choose one of the listed grounds.", field="ground"))
    refuse(
        policy.may_mark(publication, version=version, start=start, end=end, ask=ask, until=until)
    )
    same = publication.objections.filter(
        version=version, passage_start=start, passage_end=end, ground=ground
    ).first()
    if same:
        return same
    objection = Objection.objects.create(
        publication=publication,
        program_id=publication.program_id,
        version=version,
        ref=next_reference("OBJ"),
        ground=ground,
        passage_start=start,
        passage_end=end,
        passage=version.text[start:end],
        harm=harm,
        ask=ask,
        until=until,
        public_summary=public_summary,
        raised_by=by,
        raised_at=now(),
    )
    clocks.start(
        kind=ANSWER_CLOCK,
        subject=objection,
        realm=publication.program.realm,
        window=terms.answer_window(publication.fellowship),
        by=by,
        holder="you",
        holder_user=publication.fellowship.fellow,
        silence="The passage is treated as the objection asks; the rest goes on.",
        rule=str(terms.policy_of(publication.fellowship)),
    )
    tell(
        publication,
        [publication.fellowship.fellow],
        f"{objection.ref}: an objection to one passage of {publication.ref}",
        body=f"{objection.get_ground_display()}. {harm}",
    )
    journal.record(
        subject=objection, change={"ground": ground, "ask": ask, "publication": publication.ref}
    )
    return objection


@journal.verb("publications.accept_objection")
def accept_objection(*, objection: Objection, by: Actor, reason: str = "") -> Objection:
    """The author accepts what is asked; so does the passing of the time to answer."""
    objection = _locked_objection(objection)
    if objection.state == ObjectionState.ACCEPTED:
        return objection
    if isinstance(by, User):
        refuse(policy.may_answer(objection, "accept", by))
    objection.answer = reason
    return _settle(objection, "accept", by)


@journal.verb("publications.offer_wording")
def offer_wording(*, objection: Objection, wording: str, by: User, reason: str = "") -> Objection:
    """The author offers other wording for the passage."""
    objection = _locked_objection(objection)
    if objection.state == ObjectionState.REWORDED and objection.wording == wording:
        return objection
    refuse(policy.may_answer(objection, "reword", by))
    if not wording.strip():
        refuse(Refusal("no_wording", "Write the other wording.", field="wording"))
    objection.state = OBJECTION_MOVES.target(objection.state, "reword")
    objection.wording, objection.answer = wording, reason
    objection.save()
    _stop_answer_clock(objection, by)
    tell(objection.publication, [objection.raised_by], f"{objection.ref}: other wording offered")
    journal.record(subject=objection, change={"state": objection.state})
    return objection


@journal.verb("publications.contest")
def contest_objection(*, objection: Objection, by: User, reason: str) -> Objection:
    """The author contests: the board decides on the passage, the rest goes on."""
    objection = _locked_objection(objection)
    if objection.state == ObjectionState.CONTESTED:
        return objection
    refuse(policy.may_answer(objection, "contest", by))
    refuse(policy.contest_said(reason))
    objection.state = OBJECTION_MOVES.target(objection.state, "contest")
    objection.answer = reason
    objection.save()
    _stop_answer_clock(objection, by)
    journal.record(subject=objection, change={"state": objection.state})
    governance.refer(
        kind="publications.dispute",
        subject=objection,
        program=objection.program,
        by=by,
        reason=reason,
    )
    return objection


@journal.verb("publications.agree_wording")
def agree_wording(*, objection: Objection, by: User, reason: str = "") -> Objection:
    """Whoever objected agrees to the other wording."""
    objection = _locked_objection(objection)
    if objection.state == ObjectionState.AGREED:
        return objection
    refuse(policy.may_settle(objection, "agree", by))
    return _settle(objection, "agree", by)


@journal.verb("publications.withdraw_objection")
def withdraw_objection(*, objection: Objection, by: User, reason: str = "") -> Objection:
    """Whoever objected takes it back."""
    objection = _locked_objection(objection)
    if objection.state == ObjectionState.WITHDRAWN:
        return objection
    refuse(policy.may_settle(objection, "withdraw", by))
    return _settle(objection, "withdraw", by)


@journal.verb("publications.decide_dispute")
def decide_dispute(*, objection: Objection, upheld: bool, by: Actor, reason: str) -> Objection:
    """The board's decision on a contested passage. Called by the board alone."""
    objection = _locked_objection(objection)
    done = ObjectionState.UPHELD if upheld else ObjectionState.OVERRULED
    if objection.state == done:
        return objection
    return _settle(objection, "uphold" if upheld else "overrule", by)


@journal.verb("publications.clear")
def clear_policy_review(*, publication: Publication, by: User, reason: str = "") -> Publication:
    """End the policy review early: no further objections. With none open, it is released."""
    publication = locked(publication)
    if publication.policy_cleared_at:
        return publication
    refuse(policy.may_clear(publication, by))
    publication.policy_cleared_at, publication.policy_cleared_by = now(), by
    publication.save()
    journal.record(subject=publication, change={"policy": "cleared"})
    _release_when_settled(publication, by)
    return publication


def objection_url(objection: Objection) -> str:
    """The objection on its publication's page."""
    page = reverse("publications:detail", args=[objection.publication.ref])
    return f"{page}#{objection.ref}"


def _settle(objection: Objection, verb: str, by: Actor) -> Objection:
    objection.state = OBJECTION_MOVES.target(objection.state, verb)
    objection.settled_at = now()
    objection.save()
    _stop_answer_clock(objection, by)
    redactions.check_newest(objection)
    people = {objection.raised_by, objection.publication.fellowship.fellow} - {by}
    tell(
        objection.publication,
        list(people),
        f"{objection.ref}: {objection.get_state_display().lower()}",
    )
    journal.record(subject=objection, change={"state": objection.state})
    _release_when_settled(objection.publication, by)
    return objection


def _release_when_settled(publication: Publication, by: Actor) -> None:
    """With the policy review ended and nothing open, nothing is left to wait for."""
    publication = locked(publication)
    if (
        publication.state == PublicationState.IN_REVIEW
        and publication.policy_cleared_at
        and not publication.objections.unsettled().exists()
    ):
        release(publication=publication, by=by, kind=ReleasedBy.REVIEW)


def _stop_answer_clock(objection: Objection, by: Actor) -> None:
    reason = f"{objection.ref} {objection.state}"
    clocks.stop_open(subject=objection, kinds=[ANSWER_CLOCK], by=by, reason=reason)


def _newest(publication: Publication) -> Version:
    version = publication.latest
    if version is None:
        refuse(Refusal("no_text", "There is no text yet."))
        raise AssertionError
    return version


def _locked_objection(objection: Objection) -> Objection:
    rows = Objection.objects.locked().select_related(
        "publication__fellowship__fellow", "publication__program__realm", "raised_by", "program"
    )
    return rows.get(pk=objection.pk)
