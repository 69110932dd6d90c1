"""Forms of publications. Rules live in the services; these place errors at their cause."""

from __future__ import annotations

from publications.forms.reviews import SCORES, AdviceForm, AssignForm, ObjectionForm, WordingForm
from publications.forms.works import TEXT_MAX, AuthorsForm, DraftForm, OutcomeForm, TextForm

__all__ = [
    "SCORES",
    "TEXT_MAX",
    "AdviceForm",
    "AssignForm",
    "AuthorsForm",
    "DraftForm",
    "ObjectionForm",
    "OutcomeForm",
    "TextForm",
    "WordingForm",
]
