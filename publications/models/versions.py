"""The versions of a work: the text that is read and marked, and the file it came with."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.history.models import Tracked
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications.models.works import Publication
from publications.text_states import Reading

PERSON = settings.AUTH_USER_MODEL


class Version(Tracked):
    """A text as submitted, never changed: known by its hash. Its file, where it has one, as well.

    `text` is what people read and mark: lines end in LF, characters are composed (NFC), offsets
    count code points. `beneath` is what stands in the file though no page shows it: tracked
    deletions, comments, notes to a page. Checks look there too; nobody is shown it.
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    reading = models.CharField(max_length=10, choices=Reading.choices, default=Reading.TYPED)
    beneath = models.TextField(blank=True, editable=False)
    file_name = models.CharField(max_length=120, blank=True)
    file_mime = models.CharField(max_length=100, blank=True)
    file_size = models.PositiveBigIntegerField(null=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    unread_because = models.CharField(max_length=300, blank=True)
    added_at = models.DateTimeField(default=now)
    added_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["publication", "number"], name="version_number_once"),
            models.CheckConstraint(condition=~Q(text=""), name="version_has_text"),
            models.CheckConstraint(
                condition=Q(added_at__isnull=False) & Q(added_by__isnull=False),
                name="version_added_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(
                    reading=Reading.TYPED,
                    file_sha256="",
                    file_name="",
                    file_mime="",
                    file_size=None,
                    beneath="",
                    unread_because="",
                )
                | Q(
                    reading__in=[Reading.READ, Reading.KEPT],
                    file_sha256__regex=r"^[0-9a-f]{64}$",
                    file_size__gt=0,
                )
                & ~Q(file_name="")
                & ~Q(file_mime=""),
                name="version_has_its_file_whole_or_none",
            ),
            models.CheckConstraint(
                condition=Q(reading=Reading.KEPT) | Q(unread_because=""),
                name="version_unread_is_one_whose_file_is_kept",
            ),
        ]

    def __str__(self) -> str:
        return say("version {number}", number=self.number)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.publication.program_id)
