"""The figures of governance health."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.saying import say


class HealthFigure(models.TextChoices):
    """One figure; its key is part of addresses."""

    HASTY = "hasty-votes", say("Votes cast within moments of opening the dossier")
    UNOPENED = "unopened-dossiers", say("Dossiers never opened")
    SILENT = "votes-without-reason", say("Votes without a reason")
    COPIED = "copied-reasons", say("Reasons copied from another vote")
    UNANIMOUS = "unanimous-streak", say("Unanimous decisions in a row")
    APPROVERS = "approvers", say("People who approve nearly everything")
    CONDITIONS = "conditions-overdue", say("Conditions overdue")
    RENEWED = "exceptions-renewed", say("Exceptions renewed again and again")
    LAPSED = "windows-lapsed", say("Review windows lapsed for lack of a reviewer")
    LATE = "late-acknowledgements", say("Escalations acknowledged late")
    UNOWNED = "findings-unowned", say("Findings without an owner")
    DAYS_US = "days-with-us", say("Working days with us")
    DAYS_FELLOW = "days-with-fellow", say("Working days with the fellow")
    PROMISES = "promises-missed", say("Promises missed")
