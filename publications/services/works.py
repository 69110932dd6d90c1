"""The verbs of a draft: its text, authors and sources. Submission and release are in `windows`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from access.models import Dataset
from fellowship.accounts.models import Actor, User
from fellowship.accounts.orcid import normalise_orcid
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from findings.models import Finding
from publications import policy
from publications.models import Author, Publication, Source, Version
from scoping.models import Fellowship


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


def locked(publication: Publication) -> Publication:
    """The publication with its people and programme, its row locked until the transaction ends."""
    rows = Publication.objects.locked().select_related("fellowship__fellow", "program__realm")
    return rows.get(pk=publication.pk)


def _orcid(text: str) -> str:
    if not text:
        return ""
    try:
        return normalise_orcid(text)
    except ValueError as error:
        refuse(Refusal("orcid", str(error), field="orcid"))
        raise AssertionError from error
