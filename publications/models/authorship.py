"""The agreement on authorship of a fellowship: versions to which everybody named consents."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts.models import validate_orcid
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.canonical import digest
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from publications.authorship_states import OPEN, AgreementState, Answer, Side
from publications.credit import Credited
from scoping.models import Fellowship

PERSON = settings.AUTH_USER_MODEL


class AuthorshipAgreementQuerySet(TrackedQuerySet["AuthorshipAgreement"]):
    """Agreements by who may see them and how they stand."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible fellowships, those the person is named in, and those they mediate."""
        of_cases = Q(fellowship__in=Fellowship.objects.visible_to(user))
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        named = AuthorshipParty.objects.filter(person_id=user.pk).values("agreement_id")
        return self.filter(of_cases | Q(pk__in=named) | Q(mediator_id=user.pk))

    def in_force(self) -> Self:
        """The one that holds, of each fellowship that has one."""
        return self.filter(state=AgreementState.IN_FORCE)

    def open(self) -> Self:
        """Those on their way, whether or not their time is over."""
        return self.filter(state__in=OPEN)

    def awaiting(self, at: dt.datetime | None = None) -> Self:
        """Proposals that can still be answered at `at`: a predicate on the clock."""
        return self.filter(state=AgreementState.PROPOSED, answer_by__gt=at or now())


class AuthorshipAgreement(Tracked):
    """One version of who is named for what, in which order, and what happens where they disagree.

    Its text never changes. It holds once everybody named in it, or named in the version before it,
    has consented; the version before holds until then.
    """

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="authorship_agreements"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    company_criteria = models.TextField(help_text="When company staff are authors.")
    acknowledgement = models.TextField(help_text="How the programme is acknowledged.")
    dispute = models.TextField(help_text="What happens where people disagree.")
    mediator = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, related_name="+", help_text="Nobody named mediates."
    )
    because = models.TextField(help_text="Why this version.")
    text_hash = models.CharField(max_length=64, editable=False)
    state = models.CharField(
        max_length=20,
        choices=AgreementState.choices,
        default=AgreementState.PROPOSED,
        editable=False,
    )
    proposed_at = models.DateTimeField(default=now, editable=False)
    proposed_by = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, related_name="+", editable=False
    )
    answer_by = models.DateTimeField(editable=False)
    in_force_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    advice = models.TextField(blank=True, help_text="What the mediator wrote.")

    objects: ClassVar = AuthorshipAgreementQuerySet.as_manager()

    class Meta:
        ordering = ("fellowship", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fellowship", "number"], name="agreement_number_once"),
            models.UniqueConstraint(
                fields=["fellowship"],
                condition=Q(state=AgreementState.IN_FORCE),
                name="agreement_one_in_force",
            ),
            models.UniqueConstraint(
                fields=["fellowship"], condition=Q(state__in=OPEN), name="agreement_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=AgreementState.values), name="agreement_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[AgreementState.IN_FORCE, AgreementState.SUPERSEDED])
                | Q(in_force_at__isnull=False),
                name="agreement_in_force_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(proposed_at__isnull=False) & Q(proposed_by__isnull=False),
                name="agreement_proposed_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return say("Agreement on authorship, version {number}", number=self.number)

    def get_absolute_url(self) -> str:
        """The page of this version."""
        return address("publications:agreement", self.fellowship.ref, self.number)

    def effective_state(self, at: dt.datetime | None = None) -> str:
        """The state at `at`: a proposal whose time is over has lapsed."""
        if self.state == AgreementState.PROPOSED and self.answer_by <= (at or now()):
            return AgreementState.LAPSED
        return self.state

    @property
    def said_state(self) -> str:
        """The label of the state now."""
        return str(AgreementState(self.effective_state()).label)

    def body(self, parties: list[AuthorshipParty] | None = None) -> dict[str, Any]:
        """All that is consented to, as JSON; its hash is `text_hash`."""
        rows = self.parties.all() if parties is None else parties
        return {
            "fellowship": self.fellowship_id,
            "number": self.number,
            "company_criteria": self.company_criteria,
            "acknowledgement": self.acknowledgement,
            "dispute": self.dispute,
            "mediator": self.mediator_id,
            "people": [party.body() for party in sorted(rows, key=lambda p: p.position)],
        }

    def content_hash(self, parties: list[AuthorshipParty] | None = None) -> str:
        """SHA-256 of the body in canonical JSON."""
        return digest(self.body(parties))


class AuthorshipParty(Credited, Tracked):
    """One person of a version, in the agreed order: named in it, or leaving with it."""

    agreement = models.ForeignKey(
        AuthorshipAgreement, on_delete=models.PROTECT, related_name="parties"
    )
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, help_text="As it stands on the work.")
    orcid = models.CharField(max_length=19, blank=True, validators=[validate_orcid])
    credit = models.JSONField(default=list, help_text="CRediT roles, by key.")
    side = models.CharField(max_length=20, choices=Side.choices)
    alone = models.BooleanField(help_text="May publish their own part independently.")
    leaves = models.BooleanField(
        default=False, help_text="Named in the version before, not in this one."
    )
    position = models.PositiveSmallIntegerField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    reason = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ("position",)
        indexes: ClassVar = [models.Index(fields=["person", "answer"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "person"], name="party_named_once"),
            models.UniqueConstraint(fields=["agreement", "position"], name="party_order_once"),
            models.CheckConstraint(
                condition=(Q(answer="") & Q(answered_at=None))
                | (Q(answer__in=Answer.values) & Q(answered_at__isnull=False)),
                name="party_answer_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(answer=Answer.REFUSED) | ~Q(reason=""),
                name="party_refuses_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(side=Side.FELLOW) | Q(alone=True, leaves=False),
                name="party_fellow_may_publish_alone",
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="party_side_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.agreement.program_id)

    def body(self) -> dict[str, Any]:
        """What of the version concerns this person."""
        return {
            "person": self.person_id,
            "name": self.name,
            "orcid": self.orcid,
            "credit": sorted(self.credit),
            "side": self.side,
            "alone": self.alone,
            "leaves": self.leaves,
        }
