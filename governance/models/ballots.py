"""Ballots, their seats, and the votes cast."""

from __future__ import annotations

import datetime as dt
import functools
import json
import secrets
from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance import typed
from governance.ballots import BallotRule
from governance.models import visibility
from governance.models.board import Matter
from governance.models.rules import RuleVersion
from governance.states import (
    NEEDS_RATIONALE,
    Position,
    Standing,
)


class Ballot(Tracked):
    """The vote on a matter, under the rule as it stood when the ballot opened.

    `dossier_number` is the version of the dossier that is voted on now.
    """

    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="ballot")
    rule = models.JSONField()
    rule_version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="ballots")
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, editable=False)
    dossier_number = models.PositiveSmallIntegerField(default=1, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opened_at")), name="ballot_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="ballot_closed_after_it_opened",
            ),
        ]

    def __str__(self) -> str:
        return say("Ballot on {ref}", ref=self.matter.ref)

    @cached_property
    def params(self) -> BallotRule:
        """The frozen rule, typed."""
        return _rule(json.dumps(self.rule, sort_keys=True))

    @property
    def votes_visible(self) -> bool:
        """Whether positions may be seen by others than their voters: only once closed."""
        return self.closed_at is not None

    def over(self, at: dt.datetime | None = None) -> bool:
        """Whether the window to vote has ended at `at`."""
        return self.closed_at is not None or (at or now()) >= self.closes_at


@functools.lru_cache(maxsize=256)
def _rule(text: str) -> BallotRule:
    """The rule written as `text`: most ballots of a docket were opened under the same."""
    return typed.read(BallotRule, json.loads(text))


class BallotSeat(Tracked):
    """One seat of a ballot: who held it when the ballot opened, and whether it may vote.

    A conflict declared later takes the vote away too: `governance.ballot_box.lines` derives it.
    """

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="seats")
    seat = models.CharField(max_length=20, choices=roles.Seat.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    standing = models.CharField(
        max_length=10, choices=Standing.choices, default=Standing.ELIGIBLE, editable=False
    )

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ballot", "seat"], name="ballot_seat_once"),
            models.UniqueConstraint(fields=["ballot", "user"], name="ballot_person_once"),
            models.CheckConstraint(
                condition=Q(user=None, standing=Standing.VACANT)
                | (Q(user__isnull=False) & ~Q(standing=Standing.VACANT)),
                name="ballot_seat_vacant_or_held",
            ),
        ]

    def __str__(self) -> str:
        return say("{seat} seat", seat=self.get_seat_display())


class VoteQuerySet(TrackedQuerySet["Vote"]):
    """Votes, sealed until the ballot closes."""

    def visible_to(self, user: Any) -> Self:
        """One's own votes always; others' once closed, where the dossier is open to one."""
        return self.filter(visibility.votes_visible_to(user))


class Vote(Tracked):
    """The position cast for one seat. It may be changed until the ballot closes; history keeps all.

    One cast on an earlier version of the dossier (`dossier_number`) is stale: it counts again once
    its voter has reaffirmed it. Version 0 marks one whose deputy was recused after casting it.

    `salt` makes the row's hash in the ledger tell nothing about the position while it is sealed.
    """

    ballot_seat = models.OneToOneField(BallotSeat, on_delete=models.PROTECT, related_name="vote")
    cast_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    position = models.CharField(max_length=30, choices=Position.choices)
    rationale = models.TextField(blank=True)
    conditions = models.JSONField(default=list, blank=True)
    cast_at = models.DateTimeField()
    opened_dossier_at = models.DateTimeField()
    dossier_number = models.PositiveSmallIntegerField(default=1)
    subject_revision = models.CharField(max_length=64)
    salt = models.CharField(max_length=64, default=secrets.token_hex, editable=False)

    objects: ClassVar = VoteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(position__in=Position.values), name="vote_position_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(position__in=NEEDS_RATIONALE) | ~Q(rationale=""),
                name="vote_gives_its_rationale",
            ),
            models.CheckConstraint(
                condition=Q(cast_at__gte=F("opened_dossier_at")),
                name="vote_cast_after_the_dossier_was_opened",
            ),
        ]

    def __str__(self) -> str:
        return say("Vote of the {seat} seat", seat=self.ballot_seat.get_seat_display().lower())
