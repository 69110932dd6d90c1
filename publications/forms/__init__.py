"""Forms of publications. Rules live in the services; these place errors at their cause."""

from __future__ import annotations

from publications.forms.checks import OWN, CompareForm, ExtendForm, HitForm, StepForm
from publications.forms.drafts import DraftForm, KindForm, SourcesForm, TextForm
from publications.forms.ladder import (
    ExtensionForm,
    MediatorForm,
    ProposalForm,
    QuestionForm,
    ReplyForm,
    SavedWordingForm,
)
from publications.forms.reviews import SCORES, AdviceForm, AssignForm, ObjectionForm, WordingForm
from publications.forms.works import AuthorsForm, OutcomeForm

__all__ = [
    "OWN",
    "SCORES",
    "AdviceForm",
    "AssignForm",
    "AuthorsForm",
    "CompareForm",
    "DraftForm",
    "ExtendForm",
    "ExtensionForm",
    "HitForm",
    "KindForm",
    "MediatorForm",
    "ObjectionForm",
    "OutcomeForm",
    "ProposalForm",
    "QuestionForm",
    "ReplyForm",
    "SavedWordingForm",
    "SourcesForm",
    "StepForm",
    "TextForm",
    "WordingForm",
]
