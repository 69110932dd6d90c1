"""Expiry honoured: what has an end has no effect after it."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from access.models import AccessEvent, Grant
from access.states import Verdict
from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment
from fellowship.kernel.saying import say
from findings.models import Finding
from findings.states import FindingState
from governance.models import ExceptionRecord
from oversight.audit.controls.shape import Ask, Failure, Outcome, Test, at, outcome, votes_cast


def _ended(ask: Ask) -> QuerySet[Any]:
    """The grants that ended in the period, by their own end or before it."""
    rows = Grant.objects.filter(fellowship__program_id=ask.program_id)
    ended = rows.annotate(ended=Coalesce("revoked_at", "ends_at"))
    return ask.within(ended, "ended").select_related("person", "dataset")


def unused_after_end(ask: Ask) -> Outcome:
    """No act is taken for allowed by a grant after that grant's end."""
    grants = _ended(ask)
    after = AccessEvent.objects.filter(
        fellowship=OuterRef("fellowship"),
        grant=OuterRef("pk"),
        verdict=Verdict.WITHIN,
        at__gte=OuterRef("ended"),
    )
    return outcome(
        say("Was no act taken for allowed under a grant after its end?"),
        grants,
        grants.filter(Exists(after)),
        lambda g: Failure(
            f"{g.ref}: {g.person}, {g.dataset}",
            say("Ended {at}; there are acts under it after that.", at=at(g.ended)),
            g.get_absolute_url(),
        ),
    )


def no_attempt_after_end(ask: Ask) -> Outcome:
    """Where somebody went on after the end of their last grant, it was found out of scope."""
    grants = _ended(ask)
    tried = AccessEvent.objects.filter(
        person=OuterRef("person"), dataset=OuterRef("dataset"), at__gte=OuterRef("ended")
    ).exclude(verdict=Verdict.WITHIN)
    return outcome(
        say("Did nobody go on reaching for the data once the grant had ended?"),
        grants,
        grants.filter(Exists(tried)),
        lambda g: Failure(
            f"{g.ref}: {g.person}, {g.dataset}",
            say("Ended {at}; reported after that, and found out of scope.", at=at(g.ended)),
            g.get_absolute_url(),
        ),
    )


def rearmed(ask: Ask) -> Outcome:
    """A finding closed on an exception is open again once no exception is live for it."""
    ended = ask.within(
        ExceptionRecord.objects.filter(program_id=ask.program_id, approved_at__isnull=False)
        .annotate(ended=Coalesce("ended_at", "expires_at"))
        .filter(subject_type="findings.finding"),
        "ended",
    ).select_related("owner")
    live = ExceptionRecord.objects.live(ask.to_at).filter(
        subject_type="findings.finding", subject_id=OuterRef("subject_id"), kind=OuterRef("kind")
    )
    settled = Finding.objects.filter(
        pk=OuterRef("subject_id"), state=FindingState.CLOSED, exception__isnull=False
    )
    return outcome(
        say("Is every finding that an exception kept closed open again, now that it has ended?"),
        ended,
        ended.filter(Exists(settled), ~Exists(live)),
        lambda e: Failure(
            f"{e.ref}: {e.subject_label}",
            say(
                "The exception ended {at} with no other in its place; the finding is "
                "recorded as closed still.",
                at=at(e.ended),
            ),
            e.get_absolute_url(),
        ),
    )


def bounded(ask: Ask) -> Outcome:
    """Each extension of an exception is an exception of its own with a decision of its own."""
    granted = ask.within(
        ExceptionRecord.objects.filter(program_id=ask.program_id, approved_at__isnull=False),
        "approved_at",
    ).select_related("extends", "decision")
    again = granted.filter(extends__isnull=False).filter(
        Q(decision=F("extends__decision")) | Q(approved_at__lt=F("extends__approved_at"))
    )
    return outcome(
        say("Does each exception granted have an end, and each extension a decision of its own?"),
        granted,
        granted.filter(Q(expires_at__lte=F("starts_at"))) | again,
        lambda e: Failure(
            f"{e.ref}: {e.title}", say("No decision of its own extends it."), e.get_absolute_url()
        ),
    )


def seats_held(ask: Ask) -> Outcome:
    """Who cast a vote held a board seat at that instant, whatever became of it later."""
    cast = votes_cast(ask)
    held = RoleAssignment.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=OuterRef("vote__cast_at")),
        user=OuterRef("vote__cast_by"),
        realm_id=ask.program_id,
        role=roles.BOARD_MEMBER,
        starts_at__lte=OuterRef("vote__cast_at"),
    )
    return outcome(
        say("Was each vote cast by somebody who held a board seat when they cast it?"),
        cast,
        cast.filter(~Exists(held)),
        lambda s: Failure(
            say("{ref}: {seat} seat", ref=s.ballot.matter.ref, seat=s.get_seat_display()),
            say(
                "{cast_by} voted {at} and held no seat then.",
                cast_by=s.vote.cast_by,
                at=at(s.vote.cast_at),
            ),
            s.ballot.matter.get_absolute_url(),
        ),
    )


TEST: Final = Test(
    "expiry",
    say("Expiry honoured"),
    say("What has an end has no effect after it, whether or not a timer ran."),
    say(
        "For each grant that ended, the trail is searched for acts after the end, by "
        "whatever verdict; for each exception that ended, whether what it kept closed is "
        "open; for each extension, its own decision; for each vote, whether the seat was "
        "held at that instant."
    ),
    (unused_after_end, no_attempt_after_end, rearmed, bounded, seats_held),
)
