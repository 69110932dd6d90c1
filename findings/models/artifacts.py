"""Results of the research, known by their hashes."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from access.models import Dataset
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from scoping.models import Fellowship

PERSON = settings.AUTH_USER_MODEL

sha256 = RegexValidator(r"^[0-9a-f]{64}$", say("A SHA-256 has 64 hexadecimal digits."))


class ArtifactQuerySet(TrackedQuerySet["Artifact"]):
    """Artifacts of fellowships a person may see."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible fellowships."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))


class Artifact(Tracked):
    """A result of the research, known by its hash: code, table, harness, log, note."""

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="artifacts")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, default="table")
    sha256 = models.CharField(max_length=64, validators=[sha256])
    size = models.PositiveBigIntegerField(default=0, help_text="bytes")
    location = models.CharField(max_length=500, blank=True)

    objects: ClassVar = ArtifactQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fellowship", "sha256"], name="artifact_hash_once")
        ]

    def __str__(self) -> str:
        return self.name


class ArtifactSource(Tracked):
    """An artifact was made from a dataset."""

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="sources")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="artifact_sources")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["artifact", "dataset"], name="artifact_source_once")
        ]

    def __str__(self) -> str:
        return say("{artifact} from {dataset}", artifact=self.artifact, dataset=self.dataset)
