"""Files attached to a draft. Those of a submitted version stand in the version itself."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from fellowship.history.models import Untracked
from fellowship.kernel.filekinds import KINDS, NAME_MAX
from fellowship.kernel.time import now
from proposals.models.proposal import Proposal


class DraftFile(Untracked):
    """One file of a draft: what it is called, and by which hash its content is kept.

    Untracked, as drafts are: what was submitted stands in its version.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="draft_files")
    name = models.CharField(max_length=NAME_MAX)
    mime = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("proposal_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "name"], name="draft_file_name_once"),
            models.UniqueConstraint(fields=["proposal", "sha256"], name="draft_file_content_once"),
            models.CheckConstraint(
                condition=Q(mime__in=[kind.mime for kind in KINDS]), name="draft_file_kind_is_taken"
            ),
            models.CheckConstraint(condition=Q(size__gte=1), name="draft_file_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name

    def entry(self) -> dict[str, Any]:
        """As it stands in a submitted version."""
        return {"name": self.name, "mime": self.mime, "size": self.size, "sha256": self.sha256}
