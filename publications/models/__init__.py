"""Publications, their versions and authors, the two reviews, and objections to passages."""

from __future__ import annotations

from publications.models.reviews import (
    CONTEXT,
    Objection,
    ObjectionQuerySet,
    ScientificReview,
)
from publications.models.works import (
    Author,
    Publication,
    PublicationQuerySet,
    ReviewerAssignment,
    Source,
    Version,
)

__all__ = [
    "CONTEXT",
    "Author",
    "Objection",
    "ObjectionQuerySet",
    "Publication",
    "PublicationQuerySet",
    "ReviewerAssignment",
    "ScientificReview",
    "Source",
    "Version",
]
