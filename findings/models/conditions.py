"""The columns that say under what something is counted."""

from __future__ import annotations

from django.db import models

from findings.statistics import Conditions

LENGTH = 200


class Conditioned(models.Model):
    """Conditions by name; empty where they were not stated. Alike ones alone are compared."""

    model = models.CharField(max_length=LENGTH, blank=True)
    attack = models.CharField(max_length=LENGTH, blank=True)
    harness = models.CharField(max_length=LENGTH, blank=True)
    harness_version = models.CharField(max_length=LENGTH, blank=True)
    context = models.CharField(max_length=LENGTH, blank=True)

    class Meta:
        abstract = True

    @property
    def under(self) -> Conditions:
        """The conditions as a value."""
        return Conditions.of(self)
