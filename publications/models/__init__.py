"""Publications, their versions and authors, the two reviews, and objections to passages."""

from __future__ import annotations

from publications.models.authorship import (
    AuthorshipAgreement,
    AuthorshipAgreementQuerySet,
    AuthorshipParty,
)
from publications.models.disclosure import DisclosureStep, DisclosureStepQuerySet
from publications.models.ladder import (
    Mediation,
    Question,
    ReleaseLetter,
    SavedWording,
    WindowExtension,
)
from publications.models.outcomes import Outcome
from publications.models.prechecks import Hit, HitQuerySet, PreCheck, RedactionCheck
from publications.models.reviews import (
    Objection,
    ObjectionQuerySet,
    ScientificReview,
)
from publications.models.versions import Version
from publications.models.works import (
    Author,
    Publication,
    PublicationQuerySet,
    ReviewerAssignment,
    Source,
)

__all__ = [
    "Author",
    "AuthorshipAgreement",
    "AuthorshipAgreementQuerySet",
    "AuthorshipParty",
    "DisclosureStep",
    "DisclosureStepQuerySet",
    "Hit",
    "HitQuerySet",
    "Mediation",
    "Objection",
    "ObjectionQuerySet",
    "Outcome",
    "PreCheck",
    "Publication",
    "PublicationQuerySet",
    "Question",
    "RedactionCheck",
    "ReleaseLetter",
    "ReviewerAssignment",
    "SavedWording",
    "ScientificReview",
    "Source",
    "Version",
    "WindowExtension",
]
