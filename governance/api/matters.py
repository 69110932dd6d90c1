"""Matters before the board: declare, vote, record."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import conflict_of
from fellowship.accounts.stepup import unconfirmed
from fellowship.kernel.refusals import Refusal, Refused, refuse
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from governance import ballot_box, docket, dossiers, kinds, services
from governance.api.decisions import ConditionSerializer
from governance.api.reviews import AskInput, ReplyInput, ReplySerializer, ReviewSerializer
from governance.models import (
    Decision,
    Matter,
    Vote,
)
from governance.policy import board as policy
from governance.states import (
    MatterState,
    Position,
)


class MatterSerializer(serializers.ModelSerializer[Matter]):
    """The public face: the question, where it stands, and what came of it."""

    outcome = serializers.CharField(source="decision.outcome", default=None)

    class Meta:
        model = Matter
        fields = (
            "ref", "kind", "title", "question", "state", "referred_at", "due_at", "ended_at",
            "outcome",
        )  # fmt: skip


class VoteSerializer(serializers.ModelSerializer[Vote]):
    """One vote, where the person may see it."""

    seat = serializers.CharField(source="ballot_seat.seat")

    class Meta:
        model = Vote
        fields = ("seat", "position", "rationale", "conditions", "cast_at")


class VoteInput(Input):
    """A vote."""

    position = serializers.ChoiceField(choices=Position.choices)
    rationale = serializers.CharField(required=False, allow_blank=True, default="")
    conditions = serializers.ListField(
        child=serializers.DictField(), required=False, default=list, max_length=3
    )


class RecuseInput(Input):
    """A declaration; `none` says that there is no conflict."""

    kind = serializers.ChoiceField(choices=Conflict.Kind.choices)
    statement = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=2_000
    )


class NoteInput(Input):
    """The chair's sentence in the letter."""

    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000)


class DossierSerializer(serializers.Serializer[Any]):
    """A sealed version of a dossier."""

    number = serializers.IntegerField()
    sha256 = serializers.CharField()
    sealed_at = serializers.DateTimeField()
    why = serializers.CharField(allow_blank=True)
    body = serializers.DictField()


class MatterViewSet(VisibleViewSet):
    """Matters. Whom a matter is about sees its public face; the room sees seats and dossier too."""

    queryset = Matter.objects.select_related("program", "ballot", "decision", "referred_by")
    serializer_class = MatterSerializer
    lookup_field = "ref"
    ordering = "-id"

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The matter; with its dossier where the person may read it and has declared."""
        matter = self.get_object()
        body = dict(self.get_serializer(matter).data)
        decision = getattr(matter, "decision", None)
        if decision is not None:
            conditions = decision.conditions.select_related("owner", "verifier", "decision__matter")
            body["letter"] = decision.letter
            body["conditions"] = ConditionSerializer(conditions, many=True).data
            replies = decision.replies.select_related("author", "decision__matter")
            body["replies"] = ReplySerializer(replies, many=True).data
        if self._inside(matter):
            body |= self._room(matter)
        return Response(body)

    def _inside(self, matter: Matter) -> bool:
        return Matter.objects.opened_to(self.request.user).filter(pk=matter.pk).exists()

    def _room(self, matter: Matter) -> dict[str, Any]:
        """Seats without positions; the dossier once declared; votes once closed, and one's own."""
        user: Any = self.request.user
        row = docket.row(matter, user)
        votes = Vote.objects.visible_to(user).filter(ballot_seat__ballot__matter=matter)
        body: dict[str, Any] = {
            "seats": [{"seat": mark.label, "state": mark.state} for mark in row.seats],
            "quorum_needed": row.needed,
            "taking_part": row.voted,
            "mine": row.mine.key,
            "dossier_hash": matter.dossier_hash,
            "dossiers": [
                {"number": d.number, "sha256": d.sha256, "sealed_at": d.sealed_at, "why": d.why}
                for d in matter.dossiers.defer("body")
            ],
            "votes": VoteSerializer(votes.select_related("ballot_seat"), many=True).data,
            "dossier": None,
        }
        ballot = getattr(matter, "ballot", None)
        seat = ballot_box.seat_for(ballot, user) if ballot else None
        if policy.must_declare(matter, user, seat, conflict_of(user, kinds.subject_of(matter))):
            return body
        if matter.state == MatterState.VOTING and row.mine.key in ("unread", "stale"):
            services.open_dossier(matter=matter, by=user)
        return body | {"dossier": dossiers.read_by(user, matter)(matter.dossier.body)}

    @extend_schema(responses=DossierSerializer)
    @action(detail=True, methods=["get"], url_path=r"dossiers/(?P<number>\d{1,4})")
    def dossier(self, request: Request, ref: str, number: str) -> Response:
        """One version of the dossier as it was sealed, to who has declared."""
        matter, user = self._opened(), self._person
        ballot = getattr(matter, "ballot", None)
        seat = ballot_box.seat_for(ballot, user) if ballot else None
        found = matter.dossiers.filter(number=int(number)).first()
        subject = kinds.subject_of(matter)
        if found is None or policy.must_declare(matter, user, seat, conflict_of(user, subject)):
            raise Http404
        body = dossiers.read_by(user, matter)(found.body)
        told = {"number": found.number, "sha256": found.sha256, "why": found.why, "body": body}
        return Response(DossierSerializer({**told, "sealed_at": found.sealed_at}).data)

    @extend_schema(request=VoteInput, responses={200: MatterSerializer})
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, ref: str = "") -> Response:
        """Cast or change the vote of one's seat."""
        matter = self._opened()
        refuse(unconfirmed(request))
        services.cast_vote(matter=matter, by=self._person, **self.validated(VoteInput))
        return self.retrieve(request)

    @extend_schema(request=None, responses={200: MatterSerializer})
    @action(detail=True, methods=["post"])
    def reaffirm(self, request: Request, ref: str = "") -> Response:
        """Say that one's vote on an earlier text holds for the dossier as it stands now."""
        refuse(unconfirmed(request))
        services.reaffirm_vote(matter=self._opened(), by=self._person)
        return self.retrieve(request)

    @extend_schema(request=RecuseInput, responses={200: MatterSerializer, 204: None})
    @action(detail=True, methods=["post"])
    def declare(self, request: Request, ref: str = "") -> Response:
        """Declare a conflict, or that there is none."""
        matter = self._opened()
        services.recuse(matter=matter, by=self._person, **self.validated(RecuseInput))
        return self.shown(matter)

    @extend_schema(request=NoteInput, responses={200: MatterSerializer})
    @action(detail=True, methods=["post"])
    def record(self, request: Request, ref: str = "") -> Response:
        """Close the ballot, record the decision and perform it."""
        matter = self._opened()
        refuse(unconfirmed(request))
        services.record_decision(matter=matter, by=self._person, **self.validated(NoteInput))
        return self.shown(matter)

    @extend_schema(request=ReplyInput, responses={201: ReplySerializer})
    @action(detail=True, methods=["post"])
    def reply(self, request: Request, ref: str = "") -> Response:
        """Reply to the decision, as a party, once."""
        made = services.reply_to_decision(
            decision=self._decision(), by=self._person, **self.validated(ReplyInput)
        )
        return Response(ReplySerializer(made).data, status=201)

    @extend_schema(request=AskInput, responses={201: ReviewSerializer})
    @action(detail=True, methods=["post"], url_path="ask-review")
    def ask_review(self, request: Request, ref: str = "") -> Response:
        """Ask for the independent review of the decision, as a party, once."""
        made = services.ask_review(
            decision=self._decision(), by=self._person, **self.validated(AskInput)
        )
        return Response(ReviewSerializer(made).data, status=201)

    def _decision(self) -> Decision:
        found: Decision | None = getattr(self.get_object(), "decision", None)
        if found is None:
            raise Refused(Refusal("wrong_state", "The board has not decided this yet."))
        return found

    give_back = service_action(
        "give-back", services.return_matter, subject="matter", input=ReasonInput
    )
    reseal = service_action("reseal", services.reseal_dossier, subject="matter", input=ReasonInput)
    withdraw = service_action(
        "withdraw", services.withdraw_matter, subject="matter", input=ReasonInput
    )

    @property
    def _person(self) -> Any:
        return self.request.user

    def _opened(self) -> Matter:
        """A matter the person may act on in the room; undeclared, nothing but the declaration."""
        matter: Matter = self.get_object()
        if not self._inside(matter):
            raise Http404
        if (
            self.action in ("vote", "reaffirm")
            and conflict_of(self._person, kinds.subject_of(matter)) is None
        ):
            text = "Declare first whether you have a conflict of interest."
            raise Refused(Refusal("undeclared", text))
        return matter
