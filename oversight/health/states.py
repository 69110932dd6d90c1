"""The figures of governance health."""

from __future__ import annotations

from django.db import models


class HealthFigure(models.TextChoices):
    """One figure; its key is part of addresses."""

    HASTY = "hasty-votes", "Votes cast within moments of opening the dossier"
    UNOPENED = "unopened-dossiers", "Dossiers never opened"
    SILENT = "votes-without-reason", "Votes without a reason"
    COPIED = "copied-reasons", "Reasons copied from another vote"
    UNANIMOUS = "unanimous-streak", "Unanimous decisions in a row"
    APPROVERS = "approvers", "People who approve nearly everything"
    CONDITIONS = "conditions-overdue", "Conditions overdue"
    RENEWED = "exceptions-renewed", "Exceptions renewed again and again"
    LAPSED = "windows-lapsed", "Review windows lapsed for lack of a reviewer"
    LATE = "late-acknowledgements", "Escalations acknowledged late"
    UNOWNED = "findings-unowned", "Findings without an owner"
    DAYS_US = "days-with-us", "Working days with us"
    DAYS_FELLOW = "days-with-fellow", "Working days with the fellow"
    PROMISES = "promises-missed", "Promises missed"
