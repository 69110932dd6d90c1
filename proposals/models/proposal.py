"""A proposal, its immutable versions, and the draft answers a version is made from."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import conflicted_ids, label_of, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.words import WordIndex
from fellowship.programs.models import Call, Program
from governance.models import MatterParty
from proposals.states import DECIDED, ProposalState


def cleared_ids(user: Any) -> models.QuerySet[Conflict, int]:
    """Keys of the proposals the person declared about and is not, or no more, recused from."""
    said = Conflict.objects.filter(user_id=user.pk, subject_type=label_of(Proposal))
    cleared: models.QuerySet[Conflict, int] = said.cleared().values_list("subject_id", flat=True)
    return cleared


class ProposalQuerySet(TrackedQuerySet["Proposal"]):
    """Proposals by who may read them and where they stand."""

    def visible_to(self, user: Any) -> Self:
        """Those whose content the person may read.

        Applicants read their own. Managers and auditors read what was submitted. Reviewers read
        what is assigned to them, but nothing in a blind call, whose redacted copy stands with the
        assignment; board members what is before them: both only after declaring that there is no
        conflict. What was decided, the board may look up. Whoever declared a conflict reads nothing
        of it, whatever the role.
        """
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        runs = realm_ids_where(user, roles.MANAGER, roles.AUDITOR)
        panel = realm_ids_where(user, roles.REVIEWER)
        board = realm_ids_where(user, roles.BOARD_MEMBER, roles.CHAIR)
        readable = Q(applicant_id=user.pk)
        if runs:
            readable |= Q(program_id__in=runs, submitted_at__isnull=False) & _unconflicted(user)
        if panel:
            assigned = _assigned_ids(user)
            readable |= Q(program_id__in=panel, pk__in=assigned) & Q(pk__in=cleared_ids(user))
        if board:
            before = Q(state=ProposalState.WITH_BOARD) & Q(pk__in=cleared_ids(user))
            before |= Q(state__in=DECIDED) & _unconflicted(user)
            readable |= before & Q(program_id__in=board) & ~Q(pk__in=_party_ids(user))
        return self.filter(readable)

    def undecided(self) -> Self:
        """Those that were submitted and wait for a decision."""
        waiting = (ProposalState.SUBMITTED, ProposalState.IN_REVIEW, ProposalState.WITH_BOARD)
        return self.filter(state__in=waiting)


def _unconflicted(user: Any) -> Q:
    return ~Q(pk__in=conflicted_ids(user, Proposal))


def _party_ids(user: Any) -> models.QuerySet[Any, int]:
    rows = MatterParty.objects.filter(user_id=user.pk, matter__subject_type="proposals.proposal")
    return rows.values_list("matter__subject_id", flat=True)


def _assigned_ids(user: Any) -> models.QuerySet[Any, int]:
    """What the person reviews in calls read openly; of a blind one they read the copy alone."""
    rows = Proposal.objects.filter(
        assignments__reviewer_id=user.pk, assignments__ended_at=None, call__blind=False
    )
    return rows.values_list("pk", flat=True)


class Proposal(Tracked):
    """A proposal for one call. Its words are in its draft until submitted, then in its versions."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="proposals")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="proposals")
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals"
    )
    ref = models.CharField("reference", max_length=30, unique=True)
    title = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        max_length=20, choices=ProposalState.choices, default=ProposalState.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(default=0, help_text="The latest version's number.")
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    revision_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the board deferred and asked for a revision."
    )

    objects: ClassVar = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["program", "state", "-submitted_at"]),
            models.Index(fields=["program", "-submitted_at"]),
            # The longest waiting, of all one's programmes at once.
            models.Index(fields=["state", "submitted_at", "id"], name="proposal_by_waiting"),
            models.Index(fields=["submitted_at", "id"], name="proposal_by_submission"),
            # Counted beside their reviews, which stand in the same order.
            models.Index(
                fields=["program", "id"],
                condition=Q(submitted_at__isnull=False),
                name="proposal_submitted",
            ),
            models.Index(fields=["call", "state"]),
            models.Index(fields=["applicant", "-id"]),
            WordIndex(fields=["title", "ref"], name="proposal_words"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=ProposalState.values), name="proposal_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None, version=0)
                | (Q(submitted_at__isnull=False, version__gte=1) & ~Q(title="")),
                name="proposal_submitted_with_a_version_and_title",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=False, state__in=DECIDED)
                | (Q(decided_at=None) & ~Q(state__in=DECIDED)),
                name="proposal_decided_at_and_its_state",
            ),
        ]

    def __str__(self) -> str:
        return self.title or say("Untitled proposal")

    def get_absolute_url(self) -> str:
        """The page of the case."""
        return address("proposals:detail", self.ref)

    def current(self) -> ProposalVersion | None:
        """The latest submitted version; None while it is a first draft."""
        found: ProposalVersion | None = next(iter(_version(self.pk, self.version)), None)
        if found is not None:
            found.proposal = self
        return found

    def answers(self) -> dict[str, Any]:
        """The latest submitted answers, by field; empty while it is a first draft."""
        version = self.current()
        return dict(version.answers) if version else {}


class ProposalVersion(Tracked):
    """What was submitted, word for word. Never changed: a revision is a new version."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    answers = models.JSONField()
    attachments = models.JSONField(
        default=list, help_text="Name, kind, size in bytes and SHA-256 of each file."
    )
    remarks = models.JSONField(
        default=list,
        help_text="What the written justification answers: remarks with their sentences.",
    )
    terms = models.JSONField(
        default=dict, help_text="The version of each term it chose, by the question."
    )
    text_hash = models.CharField(max_length=64)
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("proposal_id", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["proposal", "number"], name="proposal_version_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.proposal.ref} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save once; a submitted version does not change."""
        if self.pk is not None:
            raise ValueError("a submitted version is never changed")
        super().save(*args, **kwargs)


@read
def _version(proposal: int, number: int) -> models.QuerySet[ProposalVersion]:
    return ProposalVersion.objects.filter(proposal_id=proposal, number=number).order_by()


class Draft(Untracked):
    """The answers of one section while they are being written.

    Untracked since autosave would fill history with keystrokes; `version` grows with each save and
    is compared, so that two open tabs never overwrite each other unseen.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="drafts")
    section = models.CharField(max_length=30)
    answers = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("proposal_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "section"], name="draft_section_once")
        ]

    def __str__(self) -> str:
        return say(
            "{section} of proposal {proposal_id}",
            section=self.section,
            proposal_id=self.proposal_id,
        )
