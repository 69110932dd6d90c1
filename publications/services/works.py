"""The verbs of a draft: its text, authors and sources. Submission and release are in `windows`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.accounts.models import Actor
from fellowship.accounts.orcid import normalise_orcid
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.notices.services import notify
from publications import policy
from publications.models import Author, Publication


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


def tell(publication: Publication, to: Any, title: str, *, body: str = "", url: str = "") -> None:
    """Notify people about the publication, at its page unless `url` leads elsewhere."""
    notify(
        kind="publications.progress",
        to=to,
        subject_obj=publication,
        realm=publication.program.realm,
        title=title,
        body=body,
        url=url or publication.get_absolute_url(),
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
