"""The closed lists of a work's text: how it came in, what a check may find, what an author says."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.saying import say
from publications.states import Kind

ARTEFACTS: Final = (Kind.CODE, Kind.DATASET, Kind.BENCHMARK, Kind.MODEL)
"""Kinds that are more than their text: an archive, or an address with the hash of what is there."""


class Reading(models.TextChoices):
    """How a version's text came to be."""

    TYPED = "typed", say("Typed")
    READ = "read", say("Read from the file")
    KEPT = "kept", say("Typed, beside a file that is kept as it is")


class HitKind(models.TextChoices):
    """What the check before submission may find."""

    OUTPUT = "unreleased_output", say("Output that was not released")
    EMBARGO = "embargoed_finding", say("Finding under embargo")
    DATA = "restricted_data", say("Restricted-tier data")
    UNDECLARED = "undeclared_source", say("Source that is not declared")
    PERSONAL = "personal_data", say("May be personal data")
    SECRET = "secret", say("May be a secret")


MASKED: Final = (HitKind.SECRET, HitKind.PERSONAL)
"""What is shown in part alone, wherever it is shown."""


class HitAnswer(models.TextChoices):
    """What an author says of a hit. “Mended” is told by the next version alone, which lacks it."""

    FALSE = "false_positive", say("It is not what it looks like")
    WANTED = "wanted", say("It is known and wanted")


class Redacted(models.TextChoices):
    """Whether a passage that was to go has gone from a version."""

    GONE = "gone", say("Gone")
    SAME = "same", say("Still there, word for word")
    NEARLY = "nearly", say("Still there, written a little differently")
    BENEATH = "beneath", say("Gone from the page, still in the file beneath it")
