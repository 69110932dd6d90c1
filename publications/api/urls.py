"""The routes of publications in the API."""

from __future__ import annotations

from django.urls import path

from fellowship.web.api import Router
from publications.api.agreements import AuthorshipAgreementViewSet
from publications.api.outcomes import SavedWordingViewSet
from publications.api.public import PolicyView, RegisterViewSet
from publications.api.publications import ObjectionViewSet, PublicationViewSet, QuestionViewSet

router = Router()
router.register("publications", PublicationViewSet, basename="publications")
router.register("objections", ObjectionViewSet, basename="objections")
router.register("questions", QuestionViewSet, basename="questions")
router.register(
    "authorship-agreements", AuthorshipAgreementViewSet, basename="authorship-agreements"
)
router.register("saved-wordings", SavedWordingViewSet, basename="saved-wordings")
router.register("register", RegisterViewSet, basename="register")
urlpatterns = [
    *router.urls,
    path("publication-policy/", PolicyView.as_view(), name="publication-policy"),
]
