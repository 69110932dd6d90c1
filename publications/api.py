"""The API of publications."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers

from fellowship.web.api import ReasonInput, Router, VisibleViewSet, service_action
from publications import outcome_api, review_api, services
from publications.agreement_api import AuthorshipAgreementViewSet
from publications.models import Objection, Publication, Question
from publications.outcome_api import OutcomesMixin, SavedWordingViewSet
from publications.passage_api import Passage
from publications.public_api import PolicyView, RegisterViewSet
from publications.views.lists import PublicationFilter
from publications.works_api import WorksMixin


class ObjectionSerializer(Passage, serializers.ModelSerializer[Objection]):
    """An objection to one passage. `state` counts silence, recorded or not."""

    state = serializers.SerializerMethodField()

    def get_state(self, objection: Objection) -> str:
        """The state at this instant."""
        return str(objection.effective_state())

    class Meta:
        model = Objection
        fields = (
            "ref",
            "ground",
            "passage",
            "passage_start",
            "passage_end",
            "harm",
            "ask",
            "until",
            "public_summary",
            "wording",
            "answer",
            "declined",
            "state",
            "step_due_at",
            "if_silent",
            "raised_at",
            "settled_at",
        )


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    """A work. `state` counts silence: it says released from the instant the window ended."""

    fellowship = serializers.CharField(source="fellowship.ref")
    state = serializers.SerializerMethodField()
    objections = ObjectionSerializer(many=True)

    class Meta:
        model = Publication
        fields = (
            "ref",
            "fellowship",
            "title",
            "abstract",
            "kind",
            "work_class",
            "event",
            "event_on",
            "link",
            "link_sha256",
            "licence",
            "state",
            "submitted_at",
            "window_ends_at",
            "silence_releases",
            "advice_due_at",
            "released_at",
            "release_kind",
            "doi",
            "venue",
            "objections",
        )

    def get_state(self, publication: Publication) -> str:
        """The state at this instant."""
        return str(publication.effective_state())


class PublicationViewSet(OutcomesMixin, WorksMixin):
    """Publications."""

    queryset: Any = Publication.objects.select_related("fellowship").prefetch_related("objections")
    serializer_class = PublicationSerializer
    filterset_class = PublicationFilter
    lookup_field = "ref"
    ordering = "-id"

    submit = service_action("submit", services.submit_publication, subject="publication")
    withdraw = service_action(
        "withdraw", services.withdraw_publication, subject="publication", input=ReasonInput
    )

    object = service_action(
        "object", review_api.object_to, subject="publication", input=review_api.ObjectInput
    )
    advise = service_action(
        "advise",
        services.give_scientific_review,
        subject="publication",
        input=review_api.AdviceInput,
    )
    clear = service_action("clear", services.clear_policy_review, subject="publication")
    extend = service_action(
        "extend", services.extend_window, subject="publication", input=review_api.ExtendInput
    )
    ask = service_action(
        "ask", services.ask_author, subject="publication", input=review_api.AuthorQuestionInput
    )
    letter = review_api.letter


class ObjectionViewSet(VisibleViewSet):
    """Objections to passages, and each step of their ladder."""

    queryset: Any = Objection.objects.select_related("publication__fellowship")
    serializer_class = ObjectionSerializer
    lookup_field = "ref"
    ordering = "-id"

    accept = service_action("accept", services.accept_objection, subject="objection")
    reword = service_action(
        "reword", services.offer_wording, subject="objection", input=review_api.WordingInput
    )
    agree = service_action("agree", services.agree_wording, subject="objection")
    decline = service_action(
        "decline", services.decline_wording, subject="objection", input=ReasonInput
    )
    contest = service_action(
        "contest", services.contest_objection, subject="objection", input=ReasonInput
    )
    name_mediator = service_action(
        "name-mediator",
        outcome_api.name_mediator,
        subject="objection",
        input=outcome_api.MediatorInput,
    )
    propose = service_action(
        "propose", services.propose, subject="objection", input=review_api.ProposeInput
    )
    answer_proposal = service_action(
        "answer-proposal",
        services.answer_proposal,
        subject="objection",
        input=review_api.TakesInput,
    )
    withdraw = service_action("withdraw", services.withdraw_objection, subject="objection")


class QuestionViewSet(VisibleViewSet):
    """Questions of reviewers to the author."""

    queryset: Any = Question.objects.select_related("publication__fellowship")
    serializer_class = review_api.QuestionSerializer
    lookup_field = "ref"
    ordering = "-id"

    reply = service_action(
        "reply", services.answer_question, subject="question", input=review_api.AuthorAnswerInput
    )


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
