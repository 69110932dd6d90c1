"""The API of agreements on authorship: proposed, answered, brought to the mediator, read."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.web import filters
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from publications import services
from publications.authorship_states import AgreementState
from publications.models import AuthorshipAgreement, AuthorshipParty
from publications.policy.authorship import agreement_of, mediators, nameable
from publications.views.shared import case_of
from scoping.states import Credit


class AuthorshipFilter(filters.FilterSet):
    """Versions by case and recorded state."""

    fellowship = filters.CharFilter(field_name="fellowship__ref", label="Case")
    state = filters.ChoiceFilter(choices=AgreementState.choices, label="State")

    class Meta:
        model = AuthorshipAgreement
        fields: list[str] = []


class AuthorshipPartySerializer(serializers.ModelSerializer[AuthorshipParty]):
    """One person of a version, in the agreed order, and what they said to it."""

    person = serializers.CharField(source="person.username")

    class Meta:
        model = AuthorshipParty
        fields = (
            *("position", "person", "name", "orcid", "credit", "side", "alone", "leaves"),
            *("answer", "answered_at", "reason"),
        )


class AuthorshipAgreementSerializer(serializers.ModelSerializer[AuthorshipAgreement]):
    """A version. `state` counts silence: it says lapsed from the instant the time was over."""

    fellowship = serializers.CharField(source="fellowship.ref")
    mediator = serializers.CharField(source="mediator.username")
    proposed_by = serializers.CharField(source="proposed_by.username")
    state = serializers.SerializerMethodField()
    people = AuthorshipPartySerializer(source="parties", many=True)

    class Meta:
        model = AuthorshipAgreement
        fields = (
            *("id", "fellowship", "number", "state", "people", "company_criteria"),
            *("acknowledgement", "dispute", "mediator", "because", "text_hash"),
            *("proposed_at", "proposed_by", "answer_by", "in_force_at", "ended_at", "advice"),
        )

    @extend_schema_field(serializers.ChoiceField(choices=AgreementState.choices))
    def get_state(self, agreement: AuthorshipAgreement) -> str:
        """The state at this instant."""
        return str(agreement.effective_state())


class NamedInput(Input):
    """One person: by short name, with the CRediT roles by key, label or address."""

    person = serializers.CharField(max_length=150)
    credit = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=2 * len(Credit)
    )
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    orcid = serializers.CharField(max_length=60, required=False, allow_blank=True)
    alone = serializers.BooleanField(required=False)


class ProposeAgreementInput(Input):
    """A version: `people` in their order, and what they agree on."""

    fellowship = serializers.CharField(max_length=30)
    people = NamedInput(many=True)
    company_criteria = serializers.CharField(max_length=3_000)
    acknowledgement = serializers.CharField(max_length=3_000)
    dispute = serializers.CharField(max_length=3_000)
    because = serializers.CharField(max_length=2_000)
    mediator = serializers.CharField(max_length=150, help_text="By short name; not one of them.")


class AgreementReasonInput(Input):
    """A verb for which a reason may be given."""

    reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class AdviceOfMediatorInput(Input):
    """What the mediator found: `back` to those named, who are asked anew, or on to the board."""

    back = serializers.BooleanField()
    advice = serializers.CharField(max_length=5_000)


class AuthorshipAgreementViewSet(VisibleViewSet):
    """Agreements on authorship, each version by its key."""

    queryset: Any = AuthorshipAgreement.objects.select_related(
        "fellowship", "mediator", "proposed_by"
    ).prefetch_related("parties__person")
    serializer_class = AuthorshipAgreementSerializer
    filterset_class = AuthorshipFilter
    ordering = "-id"

    @extend_schema(request=ProposeAgreementInput, responses={201: AuthorshipAgreementSerializer})
    def create(self, request: Request) -> Response:
        """Propose a version; everybody named is asked."""
        person: Any = request.user
        said = self.validated(ProposeAgreementInput)
        case = case_of(person, said.pop("fellowship"))
        among = nameable(case, agreement_of(case))
        people = [
            {**one, "person": one_of(among, one["person"], "people")} for one in said.pop("people")
        ]
        mediator = one_of(mediators(case), said.pop("mediator"), "mediator")
        made = services.propose_agreement(
            fellowship=case, people=people, mediator=mediator, by=person, **said
        )
        return self.created(made)

    consent = service_action(
        "consent", services.consent_to_agreement, subject="agreement", input=AgreementReasonInput
    )
    refuse = service_action(
        "refuse", services.refuse_agreement, subject="agreement", input=ReasonInput
    )
    withdraw = service_action(
        "withdraw", services.withdraw_agreement, subject="agreement", input=AgreementReasonInput
    )
    ask_mediator = service_action(
        "ask-mediator", services.ask_mediator, subject="agreement", input=ReasonInput
    )
    mediate = service_action(
        "mediate", services.mediate, subject="agreement", input=AdviceOfMediatorInput
    )


def one_of(among: QuerySet[User], name: str, field: str) -> User:
    """The person of that short name or e-mail address. Raises ValidationError for anybody else."""
    found = among.filter(username=name).first() or among.filter(email__iexact=name).first()
    if found is None:
        raise serializers.ValidationError({field: [f"{name}: nobody of this name may be named."]})
    return found
