"""A request for access: what, for what, why less would not do, and how it was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models.datasets import Dataset
from access.states import OPEN_REQUEST, RequestState
from fellowship.accounts import roles
from fellowship.accounts.queries import conflicted_ids, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from governance.models import Decision, RuleVersion
from scoping.models import Fellowship

if TYPE_CHECKING:
    from access.models.grants import Grant

ACCESS_STAFF: Final = (roles.STEWARD, roles.ONCALL, roles.MANAGER, roles.AUDITOR)
"""Roles that read the access case of every fellowship of their programme."""


def fellowships_of(user: Any) -> models.QuerySet[Fellowship]:
    """Fellowships whose access cases the person may read: their own, mentored or watched over.

    Narrower than seeing the fellowship: a product owner or sponsor has no business in requests. The
    board reads its sealed dossier.
    """
    involved = (
        Q(fellow_id=user.pk)
        | Q(mentor_id=user.pk)
        | Q(program_id__in=realm_ids_where(user, *ACCESS_STAFF))
    )
    return Fellowship.objects.visible_to(user).filter(involved)


class AccessRequestQuerySet(TrackedQuerySet["AccessRequest"]):
    """Requests by who may see them and where they stand."""

    def visible_to(self, user: Any) -> Self:
        """Requests of access cases the person may read, save those they are recused from."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(
            Q(person_id=user.pk)
            | (
                Q(fellowship__in=fellowships_of(user).values("pk"))
                & ~Q(pk__in=conflicted_ids(user, AccessRequest))
            )
        )

    def open(self) -> Self:
        """Those not decided yet."""
        return self.filter(state__in=OPEN_REQUEST)


class AccessRequest(Tracked):
    """One named person asks for some operations on some fields of one dataset, for a time."""

    ref = models.CharField(max_length=30, unique=True)
    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="access_requests"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="requests")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="access_requests"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    operations = models.JSONField()
    fields = models.JSONField(default=list, blank=True, help_text="Named fields; empty means all.")
    row_filters = models.JSONField(
        default=list, blank=True, help_text="Keys of the row filters; empty means all rows."
    )
    purpose = models.TextField()
    why_less_would_not_do = models.TextField()
    lesser = models.JSONField(
        default=list, blank=True, help_text="Each lesser variant and why it does not serve."
    )
    renews = models.ForeignKey(
        "access.Grant",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="renewals",
        help_text="The grant this one would follow on.",
    )
    earlier = models.PositiveSmallIntegerField(
        say("earlier renewals"),
        default=0,
        editable=False,
        help_text="How often it was renewed before.",
    )
    why_unused_is_kept = models.TextField(
        blank=True, help_text="On renewal: why what was never used is asked for again."
    )
    excepted = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="What the rule refuses of it, and only a live exception opens: refusal codes.",
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last day of access.")
    handling = models.ForeignKey(
        RuleVersion,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The data handling standard this case is judged by.",
    )
    state = models.CharField(
        max_length=20,
        choices=RequestState.choices,
        default=RequestState.REQUESTED,
        editable=False,
    )
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    steward_check = models.TextField(blank=True, help_text="What the steward found.")
    checklist = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="Each question of the check: key, question, whether it holds, note.",
    )
    sent_back_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    sent_back_because = models.TextField(blank=True, help_text="What is to be changed.")
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who decided alone; empty where the board did.",
    )
    decision = models.ForeignKey(
        Decision,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The board's decision, where it decided.",
    )
    decided_because = models.TextField(blank=True)

    objects: ClassVar = AccessRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["fellowship", "state"]),
            models.Index(fields=["dataset", "state"]),
            models.Index(fields=["state", "id"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="access_request_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="access_request_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=(Q(checked_at=None) & Q(checked_by=None))
                | (Q(checked_at__isnull=False) & Q(checked_by__isnull=False)),
                name="access_request_checked_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=(Q(sent_back_at=None) & Q(sent_back_by=None))
                | (Q(sent_back_at__isnull=False) & Q(sent_back_by__isnull=False)),
                name="access_request_sent_back_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state=RequestState.CHANGES) | Q(sent_back_at__isnull=False),
                name="access_request_to_change_was_sent_back",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, decision=None)
                | Q(decided_at__isnull=False, decided_by__isnull=False, decision=None)
                | Q(decided_at__isnull=False, decided_by=None, decision__isnull=False),
                name="access_request_decided_by_one_person_or_the_board",
            ),
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("requested_by")),
                name="access_request_checked_by_another_person",
            ),
            models.UniqueConstraint(
                fields=["fellowship", "dataset", "person"],
                condition=Q(state__in=[*OPEN_REQUEST, RequestState.APPROVED]),
                name="access_request_open_once",
            ),
            models.UniqueConstraint(
                fields=["renews"],
                condition=Q(state__in=[*OPEN_REQUEST, RequestState.APPROVED, RequestState.GRANTED]),
                name="access_request_a_grant_is_renewed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.dataset}"

    def get_absolute_url(self) -> str:
        """The request's page."""
        return address("access:request", self.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    @property
    def grant(self) -> Grant:
        """The grant it became: the last, where it was narrowed. Raises Grant.DoesNotExist."""
        found: Grant = self.grants.latest("pk")
        return found
