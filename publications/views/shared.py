"""The records behind the pages, for those who may see them."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from fellowship.web.items import Link
from fellowship.web.shortcuts import visible_or_404
from publications.models import Objection, Publication, Question


def publication_of(request: HttpRequest, ref: str) -> Publication:
    """The publication, for those who may see it."""
    rows = Publication.objects.select_related(
        "fellowship__fellow",
        "fellowship__mentor",
        "program",
        "policy_cleared_by",
        "extension__owner",
    )
    return visible_or_404(rows, request.user, ref=ref)


def objection_of(request: HttpRequest, ref: str) -> Objection:
    """The objection, for those who may see its publication."""
    rows = Objection.objects.select_related(
        "publication__fellowship__fellow",
        "publication__program",
        "raised_by",
        "owner",
        "version",
        "mediation__mediator",
    )
    return visible_or_404(rows, request.user, ref=ref)


def question_of(request: HttpRequest, ref: str) -> Question:
    """The question, for those who may see its publication."""
    rows = Question.objects.select_related(
        "publication__fellowship__fellow", "publication__program", "asked_by"
    )
    return visible_or_404(rows, request.user, ref=ref)


def pages_of(publication: Publication) -> list[Link]:
    """The pages of one work, the same on each of them."""
    named = {
        "detail": "The work",
        "read": "Text",
        "compare": "Versions compared",
        "check": "Check and redactions",
        "disclosure": "Disclosure plan",
    }
    return [
        Link(label, reverse(f"publications:{name}", args=[publication.ref]))
        for name, label in named.items()
    ]
