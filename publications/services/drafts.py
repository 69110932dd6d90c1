"""The verbs of a draft: what the work is, and what it declares it uses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import models

from access.models import Dataset, Release
from fellowship.accounts.models import Actor
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from findings.models import Artifact, Finding
from publications import policy
from publications.models import Publication, Source
from publications.models.works import SOURCES
from publications.services.prechecks import check_again
from publications.services.works import locked
from scoping.models import Fellowship


@dataclass(frozen=True)
class Uses:
    """What a work declares it uses."""

    datasets: Sequence[Dataset] = ()
    findings: Sequence[Finding] = ()
    artifacts: Sequence[Artifact] = ()
    releases: Sequence[Release] = ()
    named: dict[str, Sequence[models.Model]] = field(init=False)

    def __post_init__(self) -> None:
        given = (self.datasets, self.findings, self.artifacts, self.releases)
        object.__setattr__(self, "named", dict(zip(SOURCES, given, strict=True)))


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
    event: str = "",
    event_on: dt.date | None = None,
    link: str = "",
    link_sha256: str = "",
    licence: str = "",
    datasets: Iterable[Dataset] = (),
    findings: Iterable[Finding] = (),
    artifacts: Iterable[Artifact] = (),
    releases: Iterable[Release] = (),
) -> Publication:
    """Begin a publication and declare what it uses: data once granted, of a class that fits it.

    A talk names its event and day; code, data, benchmarks and models their licence and, where they
    are not handed in as a file, an address with the hash of what is there.
    """
    uses = Uses(list(datasets), list(findings), list(artifacts), list(releases))
    refuse(policy.may_draft(fellowship, by))
    refuse(policy.may_be(kind, event=event, event_on=event_on, licence=licence))
    refuse(policy.may_link(link, link_sha256))
    refuse(_may_use(fellowship, work_class, uses))
    publication = Publication.objects.create(
        fellowship=fellowship,
        program_id=fellowship.program_id,
        ref=next_reference("PUB"),
        title=title,
        kind=kind,
        work_class=work_class,
        abstract=abstract,
        acknowledgement=acknowledgement,
        event=event,
        event_on=event_on,
        link=link,
        link_sha256=link_sha256.lower(),
        licence=licence,
    )
    for name, given in uses.named.items():
        for one in given:
            Source.objects.create(publication=publication, **{name: one})
    journal.record(subject=publication, change={"kind": kind, "class": work_class})
    return publication


@journal.verb("publications.declare_sources")
def declare_sources(
    *,
    publication: Publication,
    by: Actor,
    datasets: Iterable[Dataset] = (),
    findings: Iterable[Finding] = (),
    artifacts: Iterable[Artifact] = (),
    releases: Iterable[Release] = (),
) -> Publication:
    """Say what the work uses, all of it: what is not named is no longer a source.

    What the newest version is checked against changes with it, so it is checked anew.
    """
    uses = Uses(list(datasets), list(findings), list(artifacts), list(releases))
    publication = locked(publication)
    refuse(policy.may_edit(publication, by))
    refuse(_may_use(publication.fellowship, publication.work_class, uses))
    there = list(publication.sources.all())
    wanted = {(name, one.pk) for name, given in uses.named.items() for one in given}
    kept = {key for one in there if (key := one.key) in wanted}
    if len(kept) == len(wanted) == len(there):
        return publication
    for one in there:
        if one.key not in wanted:
            one.delete()
    for name, key in sorted(wanted - kept):
        Source.objects.create(publication=publication, **{f"{name}_id": key})
    check_again(publication)
    counts = {name: len(given) for name, given in uses.named.items() if given}
    journal.record(subject=publication, change={"sources": counts})
    return publication


def _may_use(fellowship: Fellowship, work_class: str, uses: Uses) -> Refusal | None:
    return policy.may_declare(
        fellowship, work_class=work_class, datasets=uses.datasets, findings=uses.findings
    ) or policy.may_build_on(fellowship, artifacts=uses.artifacts, releases=uses.releases)
