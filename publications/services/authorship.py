"""Whom a work names, and what became of it after its release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.accounts.orcid import normalise_orcid
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, first, refuse, said_by
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import credit, policy
from publications.doi import normalise_doi
from publications.models import Author, AuthorshipParty, Outcome, Publication
from publications.policy import authorship
from publications.services.works import locked
from publications.states import OutcomeStage, PublicationState


@journal.verb("publications.set_authors")
def set_authors(
    *, publication: Publication, authors: Sequence[Mapping[str, Any]], by: Actor
) -> list[Author]:
    """Name the authors in order: each with `name`, and optionally `user`, `orcid`, `credit`.

    An author the agreement on authorship names is known by name: account and ORCID iD follow from
    it. A draft may name anybody; what is submitted may not.
    """
    publication = locked(publication)
    refuse(policy.may_edit(publication, by))
    known = _known(publication)
    made = [
        _author(publication, position, author, known)
        for position, author in enumerate(authors, start=1)
    ]
    if publication.state != PublicationState.DRAFT:
        refuse(authorship.authors_within(publication.fellowship, made))
    for old in publication.authors.all():
        old.delete()
    for author in made:
        author.save()
    journal.record(subject=publication, change={"authors": len(made)})
    return made


@journal.verb("publications.record_outcome")
def record_outcome(
    *,
    publication: Publication,
    by: User,
    doi: str = "",
    venue: str = "",
    stage: str = OutcomeStage.PUBLISHED,
    on: dt.date | None = None,
    link: str = "",
) -> Publication:
    """Record what became of a released work. For the same step and venue it is a correction.

    `on` is today by default. DOI and venue of the furthest step stand on the work itself.
    """
    publication = locked(publication)
    refuse(policy.may_record_outcome(publication, by))
    on, venue, doi = on or publication.program.today(), venue.strip(), _doi(doi)
    refuse(_outcome_sound(publication, stage, on=on, venue=venue, doi=doi, link=link))
    row = publication.outcomes.filter(stage=stage, venue=venue).first()
    said = {"on": on, "doi": doi, "link": link.strip()}
    if row and all(getattr(row, name) == value for name, value in said.items()):
        return publication
    row = row or Outcome(publication=publication, stage=stage, venue=venue)
    for name, value in said.items():
        setattr(row, name, value)
    row.recorded_at, row.recorded_by = now(), by
    row.save()
    furthest = _furthest(publication)
    publication.doi, publication.venue = furthest.doi, furthest.venue
    publication.save()
    journal.record(
        subject=publication, change={"outcome": stage, "on": on, "doi": doi, "venue": venue}
    )
    return publication


def _furthest(publication: Publication) -> Outcome:
    """The step a reader is led to: published, else accepted, else preprint; the latest of each."""
    order = [
        OutcomeStage.PUBLISHED,
        OutcomeStage.ACCEPTED,
        OutcomeStage.PREPRINT,
        OutcomeStage.SUBMITTED,
        OutcomeStage.DECLINED,
    ]
    rows = list(publication.outcomes.all())
    return min(rows, key=lambda row: (order.index(OutcomeStage(row.stage)), -row.on.toordinal()))


def _outcome_sound(
    publication: Publication, stage: str, *, on: dt.date, venue: str, doi: str, link: str
) -> Refusal | None:
    at_venue = stage not in (OutcomeStage.PREPRINT, OutcomeStage.PUBLISHED)
    return first(
        None
        if stage in OutcomeStage.values
        else Refusal("unknown_stage", say("Choose one of the steps."), field="stage"),
        Refusal("future", say("Record it once it has happened."), field="on")
        if on > publication.program.today()
        else None,
        Refusal("no_venue", say("Name the venue."), field="venue")
        if at_venue and not venue
        else None,
        Refusal("nowhere", say("Give a DOI, an address or a venue."), field="doi")
        if not (doi or venue or link.strip())
        else None,
        None
        if not link or link.startswith(("https://", "http://"))
        else Refusal("bad_link", "Write the whole address, with https://.", field="link"),
    )


def _doi(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return normalise_doi(text)
    except ValueError as error:
        refuse(Refusal("doi", said_by(error), field="doi"))
        raise AssertionError from error


def _known(publication: Publication) -> dict[str, AuthorshipParty]:
    agreement = authorship.agreement_of(publication.fellowship)
    rows = agreement.parties.all() if agreement else ()
    return {_plain(party.name): party for party in rows if not party.leaves}


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _author(
    publication: Publication,
    position: int,
    author: Mapping[str, Any],
    known: Mapping[str, AuthorshipParty],
) -> Author:
    try:
        orcid = normalise_orcid(author["orcid"]) if author.get("orcid") else ""
        roles = credit.read(author.get("credit", ()))
    except credit.UnknownRole as error:
        refuse(Refusal("credit", said_by(error), field="authors"))
        raise AssertionError from error
    except ValueError as error:
        refuse(Refusal("orcid", said_by(error), field="orcid"))
        raise AssertionError from error
    party = known.get(_plain(author["name"]))
    return Author(
        publication=publication,
        position=position,
        name=author["name"],
        user=author.get("user") or (party.person if party else None),
        orcid=orcid or (party.orcid if party else ""),
        credit=roles or (list(party.credit) if party else []),
    )
