"""What the API of the two reviews takes and gives beyond the work itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Missing, Refusal, Refused
from fellowship.web.api import Input
from publications import services
from publications.models import Objection, Publication, Question
from publications.states import Ask, Ground, Proposal, ReviewTrack

PASSAGE_MAX = 2_000_000


class ObjectInput(Input):
    """An objection to characters `start` to `end` of a version; the newest where none is named."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000)
    start = serializers.IntegerField(min_value=0, max_value=PASSAGE_MAX)
    end = serializers.IntegerField(min_value=1, max_value=PASSAGE_MAX)
    ground = serializers.ChoiceField(choices=Ground.choices)
    harm = serializers.CharField(max_length=5_000)
    ask = serializers.ChoiceField(choices=Ask.choices)
    until = serializers.DateTimeField(required=False, allow_null=True)
    public_summary = serializers.CharField(max_length=500)


class AdviceInput(Input):
    """Scientific advice; scores from 1 to 5.

    Where `version` names the one that was read, advice on an earlier one than the newest is
    refused.
    """

    version = serializers.IntegerField(
        source="read", required=False, min_value=1, max_value=1_000_000
    )
    soundness = serializers.IntegerField(min_value=1, max_value=5)
    reproducibility = serializers.IntegerField(min_value=1, max_value=5)
    support = serializers.IntegerField(min_value=1, max_value=5)
    advice = serializers.CharField(max_length=50_000)


class ExtendInput(Input):
    """The one extension of a window."""

    ground = serializers.ChoiceField(choices=Ground.choices)
    reason = serializers.CharField(max_length=2_000)
    new_due = serializers.DateTimeField()


class AuthorQuestionInput(Input):
    """A question to the author, on the track the person reviews on."""

    track = serializers.ChoiceField(choices=ReviewTrack.choices)
    question = serializers.CharField(max_length=5_000)


class AuthorAnswerInput(Input):
    """The author's answer."""

    answer = serializers.CharField(max_length=20_000)


class WordingInput(Input):
    """Other wording for a passage."""

    wording = serializers.CharField(max_length=20_000)
    reason = serializers.CharField(max_length=5_000, required=False, allow_blank=True)


class ProposeInput(Input):
    """A mediator's proposal."""

    proposal = serializers.ChoiceField(choices=Proposal.choices)
    reasons = serializers.CharField(max_length=5_000)
    wording = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    until = serializers.DateTimeField(required=False, allow_null=True)


class TakesInput(Input):
    """Whether one side takes the proposal; a reason where it does not."""

    takes = serializers.BooleanField()
    reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A question and its answer."""

    publication = serializers.CharField(source="publication.ref")

    class Meta:
        model = Question
        fields = (
            "ref",
            "publication",
            "track",
            "question",
            "asked_at",
            "due_at",
            "pauses",
            "answer",
            "ended_at",
        )


class LetterSerializer(serializers.Serializer[Any]):
    """The letter of release; `recorded_at` is empty until the record has caught up."""

    released_at = serializers.DateTimeField()
    kind = serializers.CharField()
    version = serializers.IntegerField(source="version.number")
    text = serializers.CharField()
    text_hash = serializers.CharField()
    withheld = serializers.ListField(child=serializers.DictField())
    recorded_at = serializers.DateTimeField(allow_null=True)


def object_to(
    *, publication: Publication, by: User, version: int | None = None, **said: Any
) -> Objection:
    """Object to one passage."""
    rows = publication.versions.all()
    found = rows.filter(number=version).first() if version else rows.first()
    if found is None:
        raise Refused(Refusal("no_text", "There is no such version.", field="version"))
    until: dt.datetime | None = said.pop("until", None)
    return services.object_to_passage(
        publication=publication, version=found, by=by, until=until, **said
    )


@extend_schema(responses=LetterSerializer)
@action(detail=True, methods=["get"], url_path="letter", url_name="letter")
def letter(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
    """The letter of release, recorded or not."""
    found = services.letter_of(self.get_object())
    if found is None:
        raise Missing
    return Response(LetterSerializer(found).data)
