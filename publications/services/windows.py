"""The window of a review: submission, and each way out of it: silence, review, board, author."""

from __future__ import annotations

import datetime as dt

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from governance import services as governance
from publications import policy, terms
from publications.models import Publication
from publications.services.works import locked, tell
from publications.states import PUBLICATION_MOVES, PublicationState, ReleasedBy
from scoping.services import enter_stage

WINDOW_CLOCK = "publications.window"


@journal.verb("publications.submit")
def submit_publication(*, publication: Publication, by: Actor, reason: str = "") -> Publication:
    """Submit for review: the window starts, and ends in release or at the board by itself.

    The class follows from the tiers that the sources have now, should one have risen since.
    """
    publication = locked(publication)
    if publication.state == PublicationState.IN_REVIEW:
        return publication
    refuse(policy.may_submit(publication, by))
    publication.state = PUBLICATION_MOVES.target(publication.state, "submit")
    publication.work_class = terms.class_with(publication.work_class, _closely_held(publication))
    publication.silence_releases = terms.silence_releases(
        publication.fellowship, publication.work_class
    )
    clock = _start_window(publication, by)
    publication.submitted_at, publication.window_ends_at = clock.starts_at, clock.due_at
    publication.save()
    tell(
        publication,
        holders(publication.program_id, roles.MANAGER),
        f"{publication.ref} submitted: assign both reviews",
    )
    journal.record(
        subject=publication,
        change={"window_ends_at": publication.window_ends_at, "class": publication.work_class},
    )
    enter_stage(
        fellowship=publication.fellowship,
        stage="publish",
        by=by,
        reason=f"{publication.ref} submitted",
    )
    return publication


@journal.verb("publications.withdraw")
def withdraw_publication(*, publication: Publication, by: Actor, reason: str = "") -> Publication:
    """Take the work back."""
    publication = locked(publication)
    if publication.state == PublicationState.WITHDRAWN:
        return publication
    refuse(policy.may_edit(publication, by))
    publication.state = PUBLICATION_MOVES.target(publication.state, "withdraw")
    publication.save()
    stop_window(publication, by)
    journal.record(subject=publication, change={"state": publication.state})
    return publication


@journal.verb("publications.release")
def release(
    *,
    publication: Publication,
    by: Actor,
    kind: str,
    at: dt.datetime | None = None,
    reason: str = "",
) -> Publication:
    """Record the release at `at`. Passages with a standing objection stay out until it ends.

    Called by the sweep, by the end of the review and by the board; there is no button.
    """
    publication = locked(publication)
    if publication.state == PublicationState.RELEASED:
        return publication
    publication.state = PUBLICATION_MOVES.target(publication.state, "release")
    publication.released_at, publication.release_kind = at or now(), kind
    publication.save()
    if kind != ReleasedBy.SILENCE:
        stop_window(publication, by)
    tell(
        publication,
        [publication.fellowship.fellow, *_reviewers(publication)],
        f"{publication.ref} is released",
        body="The release certificate is on its page.",
    )
    journal.record(
        subject=publication, change={"released_at": publication.released_at, "kind": kind}
    )
    return publication


@journal.verb("publications.escalate")
def escalate_silence(*, publication: Publication, by: Actor, reason: str = "") -> Publication:
    """Take a restricted or vulnerability work to the board when its window passed in silence."""
    publication = locked(publication)
    if publication.state != PublicationState.IN_REVIEW:
        return publication
    publication.state = PUBLICATION_MOVES.target(publication.state, "escalate")
    publication.save()
    journal.record(subject=publication, change={"state": publication.state})
    governance.refer(
        kind="publications.release",
        subject=publication,
        program=publication.program,
        by=by,
        reason="The review window passed; for this class of work the board decides.",
    )
    return publication


@journal.verb("publications.return_to_review")
def return_to_review(*, publication: Publication, by: Actor, reason: str) -> Publication:
    """After the board said not yet: one more window, at whose end it is released."""
    publication = locked(publication)
    if publication.state == PublicationState.IN_REVIEW:
        return publication
    publication.state = PUBLICATION_MOVES.target(publication.state, "return")
    publication.silence_releases = True
    publication.window_ends_at = _start_window(publication, by).due_at
    publication.save()
    tell(
        publication,
        [publication.fellowship.fellow],
        f"{publication.ref}: the board asked for one more window",
        body=reason,
    )
    journal.record(subject=publication, change={"window_ends_at": publication.window_ends_at})
    return publication


def stop_window(publication: Publication, by: Actor) -> None:
    """Stop the review window's clock, where it runs."""
    reason = f"{publication.ref} {publication.state}"
    clocks.stop_open(subject=publication, kinds=[WINDOW_CLOCK], by=by, reason=reason)


def _start_window(publication: Publication, by: Actor) -> Clock:
    return clocks.start(
        kind=WINDOW_CLOCK,
        subject=publication,
        realm=publication.program.realm,
        window=terms.window(publication.fellowship, publication.work_class),
        by=by,
        holder="us",
        silence="It is released." if publication.silence_releases else "It goes to the board.",
        rule=str(terms.policy_of(publication.fellowship)),
    )


def _closely_held(publication: Publication) -> list[Dataset]:
    sources = list(publication.sources.select_related("dataset", "finding"))
    return terms.closely_held(
        [s.dataset for s in sources if s.dataset], [s.finding for s in sources if s.finding]
    )


def _reviewers(publication: Publication) -> list[User]:
    return [r.reviewer for r in publication.reviewers.select_related("reviewer")]
