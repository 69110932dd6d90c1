"""What several parts of one page ask of a case, each read once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from fellowship.clocks.models import Clock
from fellowship.clocks.queries import history, running
from fellowship.clocks.states import ALIVE
from fellowship.kernel.prepared import any_of, prepared
from fellowship.kernel.time import now
from governance.models import Condition
from governance.standing import open_conditions
from scoping.models import (
    CheckIn,
    Fellowship,
    Mentorship,
    Milestone,
    ScopeOfWork,
    Signature,
    Suspension,
    Training,
)
from scoping.queries import latest_training, live_suspension
from scoping.services.common import COUNTERSIGNATURE, SIGNATURE
from scoping.stages import Stretch
from scoping.states import PENDING, FellowshipState, MilestoneState, ScopeState, Side

T = TypeVar("T")


@prepared
def _suspended(key: int, at: dt.datetime) -> QuerySet[Suspension]:
    return Suspension.objects.live(at).filter(fellowship_id=key).order_by()


@prepared
def _blocked(key: int) -> QuerySet[CheckIn]:
    return (
        CheckIn.objects.filter(fellowship_id=key, cleared_at=None).exclude(blockers="").order_by()
    )


class CaseFile:
    """A case and its papers at one instant. Each property is one query, made when first asked."""

    def __init__(self, fellowship: Fellowship, at: dt.datetime | None = None) -> None:
        self.fellowship = fellowship
        self.at = at or now()
        self._asked: dict[str, Any] = {}

    @cached_property
    def scopes(self) -> list[ScopeOfWork]:
        """Every version, the latest first."""
        found = ScopeOfWork.objects.filter(fellowship=self.fellowship).order_by("-number")
        scopes = list(found)
        by_key = {scope.pk: scope for scope in scopes}
        for scope in scopes:
            scope.fellowship = self.fellowship
            scope.amends = by_key.get(scope.amends_id) if scope.amends_id else None
        return scopes

    def sign(self, *scopes: ScopeOfWork) -> None:
        """Read the signatures under the versions, with who gave them, in one query."""
        given = Prefetch("signatures", Signature.objects.select_related("person"))
        prefetch_related_objects(scopes, given)

    @cached_property
    def pending(self) -> ScopeOfWork | None:
        """The version on its way."""
        return next((scope for scope in self.scopes if scope.state in PENDING), None)

    @cached_property
    def signed(self) -> ScopeOfWork | None:
        """The version in force."""
        return next((scope for scope in self.scopes if scope.state == ScopeState.SIGNED), None)

    @cached_property
    def conditions(self) -> list[Condition]:
        """What the board's decision rests on and is open still: it holds the first signature."""
        waits = self.fellowship.state == FellowshipState.SCOPE and not self.fellowship.ended_at
        return open_conditions(self.fellowship.proposal) if waits else []

    @cached_property
    def stretch(self) -> Stretch | None:
        """What the version in force allows today, in the programme's zone: in its stage, if any."""
        today = self.fellowship.program.day(self.at)
        return self.signed.terms_on(today) if self.signed else None

    @cached_property
    def milestones(self) -> list[Milestone]:
        """Every milestone by its day."""
        found = list(
            Milestone.objects.filter(fellowship=self.fellowship).select_related(
                "delivered_by", "judged_by", "reviewer"
            )
        )
        for milestone in found:
            milestone.fellowship = self.fellowship
        return found

    @property
    def next_milestone(self) -> Milestone | None:
        """The planned milestone that is due first."""
        return next((m for m in self.milestones if m.state == MilestoneState.PLANNED), None)

    @cached_property
    def check_ins(self) -> list[CheckIn]:
        """The last check-ins, newest month first, with who wrote them."""
        found = list(
            CheckIn.objects.filter(fellowship=self.fellowship).select_related(
                "by", "cleared_by", "owner"
            )[:24]
        )
        for row in found:
            row.fellowship = self.fellowship
        return found

    @cached_property
    def mentorships(self) -> list[Mentorship]:
        """Who mentored, on which promise, the latest first."""
        rows = Mentorship.objects.filter(fellowship=self.fellowship).select_related("mentor")
        return list(rows.order_by("-starts_at", "-id"))

    @cached_property
    def _stopped(self) -> tuple[bool, bool]:
        """Whether a suspension is in force, whether a blocker stands: rare, so asked together."""
        key = self.fellowship.pk
        suspended, blocked = any_of([_suspended(key, self.at), _blocked(key)])
        return suspended, blocked

    @property
    def blockers(self) -> list[CheckIn]:
        """The check-ins whose blocker stands."""
        _, blocked = self._stopped
        return [row for row in self.check_ins if row.is_blocking] if blocked else []

    @cached_property
    def suspension(self) -> Suspension | None:
        """The suspension in force."""
        suspended, _ = self._stopped
        found = live_suspension(self.fellowship, self.at) if suspended else None
        if found is not None:
            found.fellowship = self.fellowship
        return found

    @cached_property
    def training(self) -> Training | None:
        """The fellow's security training that expires last."""
        return latest_training(self.fellowship.fellow_id, self.fellowship.program_id)

    @property
    def trained(self) -> bool:
        """Whether that training holds now."""
        training = self.training
        return bool(training and training.completed_at <= self.at and training.expires_at > self.at)

    @cached_property
    def all_clocks(self) -> list[Clock]:
        """Every clock the case ever had, with its pauses."""
        return history(self.fellowship)

    @cached_property
    def clocks(self) -> dict[str, Clock]:
        """The clocks running on the case, by kind."""
        if "all_clocks" in self.__dict__:
            return {clock.kind: clock for clock in self.all_clocks if clock.state in ALIVE}
        return {clock.kind: clock for clock in running(self.fellowship)}

    def signature_clock(self) -> Clock | None:
        """The clock of the signature that is waited for: the fellow's first."""
        return self.clocks.get(SIGNATURE) or self.clocks.get(COUNTERSIGNATURE)

    @cached_property
    def sides_signed(self) -> set[str]:
        """The sides that have signed the pending version."""
        given: Any = self.pending.signatures.all() if self.pending else ()
        return {signature.side for signature in given}

    def signed_by(self, side: str) -> bool:
        """Whether that side has signed the pending version."""
        return side in self.sides_signed

    @property
    def waits_for_fellow(self) -> bool:
        """Whether the offer waits for the fellow's signature."""
        offered = self.pending is not None and self.pending.state == ScopeState.OFFERED
        return offered and not self.signed_by(Side.FELLOW)

    def once(self, key: str, ask: Callable[[], T]) -> T:
        """What `ask` answers, asked once of this case, be it by several parts of a page."""
        if key not in self._asked:
            self._asked[key] = ask()
        answer: T = self._asked[key]
        return answer


def of(fellowship: Fellowship) -> CaseFile:
    """The one file of this fellowship object."""
    found = fellowship.__dict__.get("_file")
    if not isinstance(found, CaseFile):
        found = fellowship.__dict__["_file"] = CaseFile(fellowship)
    return found
