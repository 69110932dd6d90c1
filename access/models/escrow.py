"""Research escrow: methods and notes are preserved, raw data stays where it is."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models.requests import fellowships_of
from access.release_states import DepositKind, Keeper
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from scoping.models import Fellowship


class EscrowQuerySet(TrackedQuerySet[Any]):
    """Deposits, openings, waivers and adjustments by the access case they belong to."""

    def visible_to(self, user: Any) -> Self:
        """Those of access cases the person may read: that they exist, not what is in them."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(fellowship__in=fellowships_of(user).values("pk"))


class EscrowDeposit(Tracked):
    """A file deposited so that the work can be replicated: by whom, and when it may be opened."""

    ref = models.CharField(max_length=30, unique=True)
    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="escrow_deposits"
    )
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=DepositKind.choices)
    description = models.TextField()
    name = models.CharField(max_length=120)
    mime = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    checks = models.JSONField(default=list, blank=True, editable=False)
    holds_no_raw_data = models.BooleanField()
    depositor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    opens_for = models.TextField(help_text="Who may open it, and on what ground.")
    review_on = models.DateField(help_text="When somebody looks whether it is still needed.")

    objects: ClassVar = EscrowQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(holds_no_raw_data=True), name="escrow_holds_no_raw_data"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DepositKind.values), name="escrow_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="escrow_hash_is_sha256"
            ),
            models.UniqueConstraint(
                fields=["fellowship", "sha256"], name="escrow_deposit_once_in_a_case"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """The deposit's page."""
        return address("access:escrow", self.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)


class EscrowOpening(Tracked):
    """Somebody asks to open a deposit on a ground; a second person agrees, or does not."""

    deposit = models.ForeignKey(EscrowDeposit, on_delete=models.PROTECT, related_name="openings")
    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField()
    ground = models.TextField()
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    agreed = models.BooleanField(null=True, editable=False)
    decided_because = models.TextField(blank=True)

    objects: ClassVar = EscrowQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, agreed=None)
                | Q(decided_at__isnull=False, decided_by__isnull=False, agreed__isnull=False),
                name="escrow_opening_decided_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="escrow_opened_with_a_second_person",
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="escrow_opening_has_a_ground"),
            models.UniqueConstraint(
                fields=["deposit", "requested_by"],
                condition=Q(decided_at=None),
                name="escrow_opening_asked_once",
            ),
        ]

    def __str__(self) -> str:
        return say("opening of {deposit}", deposit=self.deposit)

    def get_absolute_url(self) -> str:
        """The deposit's page."""
        return self.deposit.get_absolute_url()

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)


class EscrowWaiver(Tracked):
    """A case closes without a deposit: who decided so, and why."""

    fellowship = models.OneToOneField(
        Fellowship, on_delete=models.PROTECT, related_name="escrow_waiver"
    )
    reason = models.TextField()
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    waived_at = models.DateTimeField()

    objects: ClassVar = EscrowQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="escrow_waiver_has_a_reason")
        ]

    def __str__(self) -> str:
        return say("no escrow for {ref}", ref=self.fellowship.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)


class EndingTerm(Tracked):
    """A recorded decision that something ends otherwise than the scope and the tiers say.

    The latest for a `thing` counts. Data has none: it is kept longer by an exception alone.
    """

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="ending_terms"
    )
    thing = models.CharField(max_length=60)
    keeper = models.CharField(max_length=10, choices=Keeper.choices)
    until = models.DateField(null=True, blank=True, help_text="Empty: for good.")
    reason = models.TextField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField()

    objects: ClassVar = EscrowQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["fellowship", "thing"])]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="ending_term_has_a_reason"),
            models.CheckConstraint(
                condition=Q(keeper__in=Keeper.values), name="ending_term_keeper_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fellowship.ref}: {self.thing}, {self.get_keeper_display()}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)
