"""The API of publications."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from fellowship.web.api import ReasonInput, VisibleViewSet, service_action
from publications import services
from publications.api import outcomes, reviews
from publications.api.outcomes import OutcomesMixin
from publications.api.passages import Passage
from publications.api.works import WorksMixin
from publications.models import Objection, Publication, Question
from publications.views.lists import PublicationFilter


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
        "object", reviews.object_to, subject="publication", input=reviews.ObjectInput
    )
    advise = service_action(
        "advise",
        services.give_scientific_review,
        subject="publication",
        input=reviews.AdviceInput,
    )
    clear = service_action("clear", services.clear_policy_review, subject="publication")
    extend = service_action(
        "extend", services.extend_window, subject="publication", input=reviews.ExtendInput
    )
    ask = service_action(
        "ask", services.ask_author, subject="publication", input=reviews.AuthorQuestionInput
    )
    shortcut = service_action("shortcut", services.release_by_exception, subject="publication")
    letter = reviews.letter


class ObjectionViewSet(VisibleViewSet):
    """Objections to passages, and each step of their ladder."""

    queryset: Any = Objection.objects.select_related("publication__fellowship")
    serializer_class = ObjectionSerializer
    lookup_field = "ref"
    ordering = "-id"

    accept = service_action("accept", services.accept_objection, subject="objection")
    reword = service_action(
        "reword", services.offer_wording, subject="objection", input=reviews.WordingInput
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
        outcomes.name_mediator,
        subject="objection",
        input=outcomes.MediatorInput,
    )
    propose = service_action(
        "propose", services.propose, subject="objection", input=reviews.ProposeInput
    )
    answer_proposal = service_action(
        "answer-proposal",
        services.answer_proposal,
        subject="objection",
        input=reviews.TakesInput,
    )
    withdraw = service_action("withdraw", services.withdraw_objection, subject="objection")


class QuestionViewSet(VisibleViewSet):
    """Questions of reviewers to the author."""

    queryset: Any = Question.objects.select_related("publication__fellowship")
    serializer_class = reviews.QuestionSerializer
    lookup_field = "ref"
    ordering = "-id"

    reply = service_action(
        "reply", services.answer_question, subject="question", input=reviews.AuthorAnswerInput
    )
