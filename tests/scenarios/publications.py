"""Publications and their reviews, made as people make them: through services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publications import services
from publications.models import (
    AuthorshipAgreement,
    Objection,
    Publication,
    Question,
    SavedWording,
)
from scoping.models import Fellowship
from tests.scenarios.scoping import signed_fellowship

if TYPE_CHECKING:
    from fellowship.accounts.models import User
    from tests.scenarios.world import World

PASSAGE = "the filter is bypassed when the third tool call returns an empty body"
TEXT = (
    "We asked whether refusals hold under pressure. " * 60
    + f"In the second study {PASSAGE}, which we observed in 41 of 60 trials. "
    + "Nothing else was dropped. " * 60
)


def drafted(world: World, fellowship: Fellowship | None = None, **values: Any) -> Publication:
    """A manuscript with its text and author."""
    fellowship = fellowship or signed_fellowship(world)
    publication = services.draft_publication(
        **{
            "fellowship": fellowship,
            "title": "Refusal drift under long multi-turn pressure",
            "kind": "manuscript",
            "work_class": "methods",
            "by": fellowship.fellow,
            **values,
        }
    )
    services.add_version(publication=publication, text=TEXT, by=fellowship.fellow)
    services.set_authors(
        publication=publication,
        authors=[{"name": fellowship.fellow.name, "user": fellowship.fellow}],
        by=fellowship.fellow,
    )
    return publication


def submitted(world: World, fellowship: Fellowship | None = None, **values: Any) -> Publication:
    """In review, with a person on each track."""
    publication = drafted(world, fellowship, **values)
    services.submit_publication(publication=publication, by=publication.fellowship.fellow)
    services.assign_reviewer(
        publication=publication, track="scientific", reviewer=world.reviewer, by=world.manager
    )
    services.assign_reviewer(
        publication=publication, track="policy", reviewer=world.policy_reviewer, by=world.manager
    )
    return Publication.objects.get(pk=publication.pk)


def objected(world: World, publication: Publication | None = None, **values: Any) -> Objection:
    """An objection to one passage of a work in review."""
    publication = publication or submitted(world)
    version = publication.latest
    assert version is not None
    start = version.text.index(PASSAGE)
    return services.object_to_passage(
        **{
            "publication": publication,
            "version": version,
            "ground": "sensitive_security_detail",
            "start": start,
            "end": start + len(PASSAGE),
            "harm": "A reproducible bypass of a live control before its fix.",
            "ask": "redact",
            "public_summary": "One sentence on a bypass is withheld until the fix.",
            "by": world.policy_reviewer,
            **values,
        }
    )


def contested(world: World, publication: Publication | None = None, **values: Any) -> Objection:
    """A contested objection, with somebody who has no part in the case as mediator."""
    objection = objected(world, publication, **values)
    fellow = objection.publication.fellowship.fellow
    services.contest_objection(objection=objection, by=fellow, reason="It is public already.")
    return services.name_mediator(
        objection=objection, mediator=world.reviewer_two, by=world.manager
    )


def proposed(world: World, publication: Publication | None = None, **values: Any) -> Objection:
    """The mediator has proposed to publish the passage as it stands, or what `values` say."""
    objection = contested(world, publication)
    given = {"proposal": "keep", "reasons": "The documentation says as much.", **values}
    return services.propose(objection=objection, by=world.reviewer_two, **given)


def asked(world: World, publication: Publication, **values: Any) -> Question:
    """The policy reviewer asks the author; the window rests until the answer."""
    given = {"track": "policy", "question": "Is the tool named in the appendix?", **values}
    return services.ask_author(publication=publication, by=world.policy_reviewer, **given)


def saved(world: World, **values: Any) -> SavedWording:
    """Wording that reviewers of the programme use again."""
    given = {
        "use": "harm",
        "title": "Bypass before its fix",
        "text": "A reproducible bypass of a live control before its fix.",
        **values,
    }
    return services.save_wording(program=world.program, by=world.policy_reviewer, **given)


def agreed(
    world: World, fellowship: Fellowship | None = None, *others: User, consented: bool = True
) -> AuthorshipAgreement:
    """An agreement on authorship of the fellow and others, in force once all have consented."""
    fellowship = fellowship or signed_fellowship(world)
    agreement = services.propose_agreement(
        fellowship=fellowship,
        people=[
            {"person": fellowship.fellow, "credit": ["conceptualization"], "alone": True},
            *({"person": other, "credit": ["software", "validation"]} for other in others),
        ],
        company_criteria="Who contributed to the work itself.",
        acknowledgement="Done in a fellowship of the programme.",
        dispute="The mediator advises, then the board decides.",
        because="Agreed before the work begins.",
        mediator=world.board_research,
        by=fellowship.fellow,
    )
    if consented:
        for other in others:
            services.consent_to_agreement(agreement=agreement, by=other)
    return AuthorshipAgreement.objects.get(pk=agreement.pk)


def released(world: World, publication: Publication | None = None) -> Publication:
    """Released because the policy review has ended."""
    publication = publication or submitted(world)
    services.clear_policy_review(publication=publication, by=world.policy_reviewer)
    return Publication.objects.get(pk=publication.pk)
