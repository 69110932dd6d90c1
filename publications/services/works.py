"""The verbs of publications, up to submission and the ways out; reviews are in `reviews`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.orcid import normalise_orcid
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from findings.models import Finding
from governance import services as governance
from publications import policy, terms
from publications.models import Author, Publication, Source, Version
from publications.states import PUBLICATION_MOVES, PublicationState, ReleasedBy
from scoping.models import Fellowship
from scoping.services import enter_stage

WINDOW_CLOCK = "publications.window"


@journal.verb("publications.draft")
def draft_publication(
    *,
    fellowship: Fellowship,
    title: str,
    kind: str,
    work_class: str,
    by: Actor,
    abstract: str = "",
    acknowledgement: str = "",
    datasets: Iterable[Dataset] = (),
    findings: Iterable[Finding] = (),
) -> Publication:
    """Begin a publication and declare what it uses: data once granted, of a class that fits it."""
    refuse(policy.may_draft(fellowship, by))
    datasets, findings = list(datasets), list(findings)
    refuse(
        policy.may_declare(fellowship, work_class=work_class, datasets=datasets, findings=findings)
    )
    publication = Publication.objects.create(
        fellowship=fellowship,
        program_id=fellowship.program_id,
        ref=next_reference("PUB"),
        title=title,
        kind=kind,
        work_class=work_class,
        abstract=abstract,
        acknowledgement=acknowledgement,
    )
    for dataset in datasets:
        Source.objects.create(publication=publication, dataset=dataset)
    for finding in findings:
        Source.objects.create(publication=publication, finding=finding)
    journal.record(subject=publication, change={"kind": kind, "class": work_class})
    return publication


@journal.verb("publications.set_authors")
def set_authors(
    *, publication: Publication, authors: Sequence[Mapping[str, Any]], by: Actor
) -> list[Author]:
    """Name the authors in order: each with `name`, and optionally `user`, `orcid`, `credit`."""
    publication = locked(publication)
    refuse(policy.may_edit(publication, by))
    for old in publication.authors.all():
        old.delete()
    made = []
    for position, author in enumerate(authors, start=1):
        made.append(
            Author.objects.create(
                publication=publication,
                position=position,
                name=author["name"],
                user=author.get("user"),
                orcid=_orcid(author.get("orcid", "")),
                credit=list(author.get("credit", ())),
            )
        )
    journal.record(subject=publication, change={"authors": len(made)})
    return made


@journal.verb("publications.add_version")
def add_version(*, publication: Publication, text: str, by: User) -> Version:
    """Add a text. The same text as the newest version is that version."""
    publication = locked(publication)
    refuse(policy.may_edit(publication, by))
    if not text.strip():
        refuse(Refusal("no_text", "The text is empty.", field="text"))
    newest = publication.latest
    hashed = digest(text)
    if newest and newest.text_hash == hashed:
        return newest
    version = Version.objects.create(
        publication=publication,
        number=newest.number + 1 if newest else 1,
        text=text,
        text_hash=hashed,
        added_at=now(),
        added_by=by,
    )
    journal.record(
        subject=version,
        realm_id=publication.program_id,
        change={"publication": publication.ref, "number": version.number, "hash": hashed},
    )
    return version


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


@journal.verb("publications.record_outcome")
def record_outcome(*, publication: Publication, by: Actor, doi: str, venue: str) -> Publication:
    """Record where the released work appeared."""
    publication = locked(publication)
    refuse(policy.may_record_outcome(publication, by))
    if (publication.doi, publication.venue) == (doi, venue):
        return publication
    publication.doi, publication.venue = doi, venue
    publication.save()
    journal.record(subject=publication, change={"doi": doi, "venue": venue})
    return publication


def stop_window(publication: Publication, by: Actor) -> None:
    """Stop the review window's clock, where it runs."""
    reason = f"{publication.ref} {publication.state}"
    clocks.stop_open(subject=publication, kinds=[WINDOW_CLOCK], by=by, reason=reason)


def tell(publication: Publication, to: Any, title: str, *, body: str = "") -> None:
    """Notify people about the publication."""
    notify(
        kind="publications.progress",
        to=to,
        subject_obj=publication,
        realm=publication.program.realm,
        title=title,
        body=body,
        url=publication.get_absolute_url(),
    )


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


def locked(publication: Publication) -> Publication:
    """The publication with its people and programme, its row locked until the transaction ends."""
    rows = Publication.objects.locked().select_related("fellowship__fellow", "program__realm")
    return rows.get(pk=publication.pk)


def _closely_held(publication: Publication) -> list[Dataset]:
    sources = list(publication.sources.select_related("dataset", "finding"))
    return terms.closely_held(
        [s.dataset for s in sources if s.dataset], [s.finding for s in sources if s.finding]
    )


def _reviewers(publication: Publication) -> list[User]:
    return [r.reviewer for r in publication.reviewers.select_related("reviewer")]


def _orcid(text: str) -> str:
    if not text:
        return ""
    try:
        return normalise_orcid(text)
    except ValueError as error:
        refuse(Refusal("orcid", str(error), field="orcid"))
        raise AssertionError from error
