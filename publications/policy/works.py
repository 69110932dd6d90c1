"""Who may draft, submit and record, and why not."""

from __future__ import annotations

from collections.abc import Collection

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from findings.models import Finding
from publications import terms
from publications.models import Publication
from publications.policy.authorship import authors_agreed
from publications.policy.texts import has_files, stopped
from publications.states import (
    PUBLICATION_MOVES,
    PublicationState,
)
from scoping.models import Fellowship


def may_draft(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Publications are the fellow's."""
    if isinstance(by, System) or by == fellowship.fellow:
        return None
    return Refusal("not_yours", say("A publication is drafted by the fellow whose research it is."))


def may_declare(
    fellowship: Fellowship,
    *,
    work_class: str,
    datasets: Collection[Dataset],
    findings: Collection[Finding],
) -> Refusal | None:
    """Why a work may not name these sources, or not be of this class with them."""
    opened = set(
        Dataset.objects.open_to(fellowship)
        .filter(pk__in=[dataset.pk for dataset in datasets])
        .values_list("pk", flat=True)
    )
    closed = [dataset.name for dataset in datasets if dataset.pk not in opened]
    held = terms.closely_held(datasets, findings)
    names = joined(", ", (str(dataset) for dataset in held))
    return first(
        Refusal(
            "never_granted",
            say(
                "{closed} was never granted to {ref}. Take it off the list; if the work "
                "did use it, tell the programme manager before you go on.",
                closed=joined(", ", closed),
                ref=fellowship.ref,
            ),
            field="datasets",
        )
        if closed
        else None,
        Refusal(
            "class_of_work",
            say(
                "This work uses restricted-tier data ({names}): choose “It used "
                "restricted-tier data”, or “It describes a vulnerability” if it does.",
                names=names,
            ),
            rule=str(terms.policy_of(fellowship)),
            field="work_class",
        )
        if terms.class_with(work_class, held) != work_class
        else None,
    )


def may_edit(publication: Publication, by: Actor) -> Refusal | None:
    """Why `by` may not add a version: new versions come while drafting and while answering."""
    closed = publication.effective_state() in (
        PublicationState.RELEASED,
        PublicationState.WITHDRAWN,
    )
    return first(
        may_draft(publication.fellowship, by),
        Refusal("wrong_state", say("This work is no longer in review.")) if closed else None,
    )


def may_submit(publication: Publication, by: Actor) -> Refusal | None:
    """Why the work may not be submitted: it needs a text, its authors, and nothing not let out."""
    return first(
        may_draft(publication.fellowship, by),
        PUBLICATION_MOVES.refusal(publication.state, "submit"),
        None
        if publication.versions.exists()
        else Refusal("no_text", say("Add the text before you submit it."), field="text"),
        None
        if publication.authors.exists()
        else Refusal("no_authors", say("Name the authors before you submit."), field="authors"),
        has_files(publication),
        stopped(publication),
        authors_agreed(publication),
    )


def may_record_outcome(publication: Publication, by: Actor) -> Refusal | None:
    """Why DOI and venue may not be recorded yet."""
    return first(
        None
        if isinstance(by, System)
        or by == publication.fellowship.fellow
        or has_role(by, publication.program_id, roles.MANAGER)
        else Refusal("not_yours", say("The author or the manager records where it appeared.")),
        None
        if publication.effective_state() == PublicationState.RELEASED
        else Refusal("not_released", say("This work is not released yet.")),
    )
