"""Forms of publications. Rules live in the services; these place errors at their cause."""

from __future__ import annotations

from publications.forms.ladder import (
    ExtensionForm,
    MediatorForm,
    ProposalForm,
    QuestionForm,
    ReplyForm,
    SavedWordingForm,
)
from publications.forms.reviews import SCORES, AdviceForm, AssignForm, ObjectionForm, WordingForm
from publications.forms.works import TEXT_MAX, AuthorsForm, DraftForm, OutcomeForm, TextForm

__all__ = [
    "SCORES",
    "TEXT_MAX",
    "AdviceForm",
    "AssignForm",
    "AuthorsForm",
    "DraftForm",
    "ExtensionForm",
    "MediatorForm",
    "ObjectionForm",
    "OutcomeForm",
    "ProposalForm",
    "QuestionForm",
    "ReplyForm",
    "SavedWordingForm",
    "TextForm",
    "WordingForm",
]
