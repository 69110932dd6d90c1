"""The records behind the pages, for those who may see them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.web.items import Link
from fellowship.web.shortcuts import visible_or_404
from publications.models import AuthorshipAgreement, Objection, Publication, Question
from scoping.models import Fellowship


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


def case_of(user: Any, ref: str) -> Fellowship:
    """The case, for those who see it or are named in one of its agreements on authorship."""
    rows = Fellowship.objects.select_related("program", "fellow", "mentor")
    case = None if "\x00" in ref else rows.filter(ref=ref).first()
    if case is None:
        raise Http404
    if sees_case(case, user):
        return case
    if AuthorshipAgreement.objects.visible_to(user).filter(fellowship=case).exists():
        return case
    raise Http404


def sees_case(case: Fellowship, user: Any) -> bool:
    """Whether the person sees the case itself."""
    return bool(Fellowship.objects.visible_to(user).filter(pk=case.pk).exists())


def question_of(request: HttpRequest, ref: str) -> Question:
    """The question, for those who may see its publication."""
    rows = Question.objects.select_related(
        "publication__fellowship__fellow", "publication__program", "asked_by"
    )
    return visible_or_404(rows, request.user, ref=ref)


def pages_of(publication: Publication) -> list[Link]:
    """The pages of one work, the same on each of them."""
    named = {
        "detail": say("The work"),
        "read": say("Text"),
        "compare": say("Versions compared"),
        "check": say("Check and redactions"),
        "disclosure": say("Disclosure plan"),
    }
    return [
        Link(label, reverse(f"publications:{name}", args=[publication.ref]))
        for name, label in named.items()
    ]
