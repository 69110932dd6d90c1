"""What a programme made of the translation matrix, and what product teams contest in it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.change_states import ANSWERED, ContestState
from findings.models.artifacts import PERSON
from findings.states import ControlType, Family, FindingClass
from scoping.models import Fellowship


class MatrixChange(Tracked):
    """From this version of a programme's matrix on, a cell is suggested, or no longer.

    The matrix every programme starts with stands in code as version 1; changes are laid over it,
    the latest of a cell counts. Rows are never edited, so the matrix of any day can be told.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="matrix_changes")
    version = models.PositiveIntegerField()
    finding_class = models.CharField(max_length=30, choices=FindingClass.choices)
    family = models.CharField(max_length=20, choices=Family.choices)
    control_type = models.CharField(max_length=30, choices=ControlType.choices)
    suggested = models.BooleanField()
    why = models.TextField()
    decided_at = models.DateTimeField(default=now)
    decided_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    contest = models.ForeignKey(
        "findings.Contest", null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )

    class Meta:
        ordering = ("version", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "version", "finding_class", "family", "control_type"],
                name="matrix_change_cell_once_a_version",
            ),
            models.CheckConstraint(condition=Q(version__gte=2), name="matrix_change_after_first"),
            models.CheckConstraint(condition=~Q(why=""), name="matrix_change_says_why"),
        ]

    def __str__(self) -> str:
        kind = self.get_control_type_display().lower()
        return f"v{self.version} {self.get_finding_class_display()}: {kind}"


class ContestQuerySet(TrackedQuerySet["Contest"]):
    """Contested suggestions by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Those of one's programmes; about a finding, of findings one may see."""
        realms = realm_ids_where(user, *roles.STAFF)
        seen = Fellowship.objects.visible_to(user)
        return self.filter(Q(finding=None, program_id__in=realms) | Q(finding__fellowship__in=seen))

    def open(self) -> Self:
        """Those that wait for an answer."""
        return self.filter(state=ContestState.OPEN)


class Contest(Tracked):
    """A product team says that a suggestion is wrong, and somebody else answers by name.

    With a finding it is about what is suggested for that finding; without one it is about the
    matrix itself, and its outcome is the matrix's next version.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="contests")
    ref = models.CharField(max_length=30, unique=True)
    finding = models.ForeignKey(
        "findings.Finding",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="contests",
    )
    finding_class = models.CharField(max_length=30, choices=FindingClass.choices)
    family = models.CharField(max_length=20, choices=Family.choices)
    control_type = models.CharField(max_length=30, choices=ControlType.choices)
    reason = models.TextField()
    raised_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=12, choices=ContestState.choices, default=ContestState.OPEN, editable=False
    )
    answer = models.TextField(blank=True)
    instead_family = models.CharField(max_length=20, choices=Family.choices, blank=True)
    instead_type = models.CharField(max_length=30, choices=ControlType.choices, blank=True)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = ContestQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["program", "state", "-id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=ContestState.values), name="contest_state_is_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="contest_says_why"),
            models.CheckConstraint(
                condition=Q(state=ContestState.OPEN, ended_at=None, ended_by=None)
                | (~Q(state=ContestState.OPEN) & Q(ended_at__isnull=False, ended_by__isnull=False)),
                name="contest_ended_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ANSWERED) | (~Q(answer="") & ~Q(ended_by=F("raised_by"))),
                name="contest_is_answered_by_another",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=ContestState.REPLACED) & ~Q(instead_family="") & ~Q(instead_type="")
                )
                | (~Q(state=ContestState.REPLACED) & Q(instead_family="", instead_type="")),
                name="contest_replaced_names_what_instead",
            ),
            models.UniqueConstraint(
                fields=["finding", "family", "control_type"],
                condition=Q(state=ContestState.OPEN, finding__isnull=False),
                name="contest_open_once_for_a_finding",
            ),
            models.UniqueConstraint(
                fields=["program", "finding_class", "family", "control_type"],
                condition=Q(state=ContestState.OPEN, finding=None),
                name="contest_open_once_for_a_cell",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.get_family_display()}: {self.get_control_type_display()}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("findings:contest", self.ref)
