"""Access reviews, their items, and the answer to one."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.stepup import unconfirmed
from fellowship.kernel.refusals import refuse
from fellowship.programs.models import Program
from fellowship.web.api import Input, Named, VisibleViewSet, service_create
from governance.models import AccessReview, AccessReviewItem
from governance.services import access_reviews as services


class AccessReviewSerializer(serializers.ModelSerializer[AccessReview]):
    """A review; its items are an address of their own."""

    program = serializers.CharField(source="program.realm.slug")

    class Meta:
        model = AccessReview
        fields = ("ref", "program", "opened_at", "due_at", "escalated_at", "closed_at", "rule")


class AccessReviewItemSerializer(serializers.ModelSerializer[AccessReviewItem]):
    """One role or grant, and what its owner said; `ended_at` proves a removal."""

    review = serializers.CharField(source="review.ref")
    person = serializers.CharField(source="person.username")
    owner = serializers.CharField(source="owner.username", default=None)
    decided_by = serializers.CharField(source="decided_by.username", default=None)

    class Meta:
        model = AccessReviewItem
        fields = (
            "id", "review", "kind", "subject_type", "subject_id", "title", "person", "owner",
            "decision", "reason", "decided_by", "decided_at", "ended_at",
        )  # fmt: skip


class AttestInput(Input):
    """Keep it, or take it away with a reason."""

    decision = serializers.ChoiceField(choices=AccessReviewItem.Decision.choices)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2_000)


class OpenReviewInput(Input):
    """Whose access is reviewed, and why now."""

    program = Named(Program)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2_000)


class AccessReviewViewSet(VisibleViewSet):
    """Access reviews, the latest first."""

    queryset = AccessReview.objects.select_related("program__realm")
    serializer_class = AccessReviewSerializer
    lookup_field = "ref"
    create = service_create(services.open_access_review, input=OpenReviewInput)


class AccessReviewItemViewSet(VisibleViewSet):
    """Their items."""

    queryset = AccessReviewItem.objects.select_related("review", "person", "owner", "decided_by")
    serializer_class = AccessReviewItemSerializer
    filterset_fields = ("review__ref", "kind", "decision")
    lookup_value_regex = "[0-9]+"

    @extend_schema(request=AttestInput, responses={200: AccessReviewItemSerializer})
    @action(detail=True, methods=["post"])
    def attest(self, request: Request, pk: str = "") -> Response:
        """Keep or take away; a token needs the scope `decide`."""
        item: Any = self.get_object()
        refuse(unconfirmed(request))
        by: Any = request.user
        services.attest_access(item=item, by=by, **self.validated(AttestInput))
        return self.shown(item)
