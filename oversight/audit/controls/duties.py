"""Separation of duties: who asks does not approve, who does does not verify."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q

from access.models import DeletionCertificate, Grant, Release, ReleaseReview
from fellowship.accounts import roles
from fellowship.accounts.models import RecusalOverride, RoleAssignment
from fellowship.kernel.saying import say
from governance.models import BallotSeat, Condition, ExceptionRecord, MatterParty
from oversight.audit.controls.shape import Ask, Failure, Outcome, Test, at, outcome, votes_cast


def grants(ask: Ask) -> Outcome:
    """Neither who asked for data nor who gets it approved it, alone or by a vote."""
    rows = ask.within(
        Grant.objects.filter(fellowship__program_id=ask.program_id), "created_at"
    ).select_related("person", "dataset", "request")
    own_vote = BallotSeat.objects.filter(
        Q(vote__cast_by=OuterRef("person")) | Q(vote__cast_by=OuterRef("request__requested_by")),
        ballot__matter__decision=OuterRef("decision"),
    )
    same = (
        Q(approved_by=F("person"))
        | Q(approved_by=F("request__requested_by"))
        | Q(request__checked_by=F("person"))
        | Q(request__checked_by=F("request__requested_by"))
        | Q(approved_by__isnull=False, approved_by=F("request__checked_by"))
    )
    return outcome(
        say("Did somebody else than who asked, who gets it and who checked it approve each grant?"),
        rows,
        rows.filter(same | Exists(own_vote)),
        lambda g: Failure(
            f"{g.ref}: {g.person}, {g.dataset}",
            say(
                "Asked for by {requested_by}, checked by {checked_by}, approved by {approved_by}.",
                requested_by=g.request.requested_by,
                checked_by=g.request.checked_by,
                approved_by=g.approved_by or say("the board, with a vote of theirs"),
            ),
            g.get_absolute_url(),
        ),
    )


def votes(ask: Ask) -> Outcome:
    """No party to a matter voted on it."""
    cast = votes_cast(ask)
    party = MatterParty.objects.filter(
        matter=OuterRef("ballot__matter"), user=OuterRef("vote__cast_by")
    )
    return outcome(
        say("Was each vote cast by somebody who is no party to the matter?"),
        cast,
        cast.filter(Exists(party)),
        lambda s: Failure(
            say("{ref}: {seat} seat", ref=s.ballot.matter.ref, seat=s.get_seat_display()),
            say(
                "{cast_by}, a party to the matter, voted {at}.",
                cast_by=s.vote.cast_by,
                at=at(s.vote.cast_at),
            ),
            s.ballot.matter.get_absolute_url(),
        ),
    )


def exceptions(ask: Ask) -> Outcome:
    """Nobody approved an exception they asked for or own."""
    rows = ask.within(
        ExceptionRecord.objects.filter(program_id=ask.program_id, approved_at__isnull=False),
        "approved_at",
    ).select_related("approved_by", "requested_by", "owner")
    return outcome(
        say("Did somebody else than its requester and owner approve each exception?"),
        rows,
        rows.filter(Q(approved_by=F("requested_by")) | Q(approved_by=F("owner"))),
        lambda e: Failure(
            f"{e.ref}: {e.title}",
            say(
                "{approved_by} recorded the approval; owner {owner}, asked for by {requested_by}.",
                approved_by=e.approved_by,
                owner=e.owner,
                requested_by=e.requested_by,
            ),
            e.get_absolute_url(),
        ),
    )


def conditions(ask: Ask) -> Outcome:
    """Nobody settled a condition they own."""
    rows = ask.within(
        Condition.objects.filter(program_id=ask.program_id, settled_at__isnull=False), "settled_at"
    ).select_related("decision__matter", "owner")
    return outcome(
        say("Was each condition settled by somebody else than its owner?"),
        rows,
        rows.filter(settled_by=F("owner")),
        lambda c: Failure(
            c.ref, say("Settled by its owner, {owner}.", owner=c.owner), c.get_absolute_url()
        ),
    )


def releases(ask: Ask) -> Outcome:
    """Each release rests on two reviews by two people, neither of whom asked for it."""
    rows = ask.within(
        Release.objects.filter(request__fellowship__program_id=ask.program_id), "released_at"
    ).select_related("request__fellowship__fellow", "output")
    counted = ReleaseReview.objects.filter(
        request=OuterRef("request"), round=OuterRef("request__round"), ended_at=None
    )
    first, second = (counted.filter(place=place) for place in (1, 2))
    by_fellow = counted.filter(reviewer=OuterRef("request__fellowship__fellow"))
    return outcome(
        say("Did two people, neither of them the fellow, review each release?"),
        rows,
        rows.filter(~Exists(first) | ~Exists(second) | Exists(by_fellow)),
        lambda r: Failure(
            f"{r.request.ref}: {r.output.name}",
            say("Released {at} without two standing reviews by others.", at=at(r.released_at)),
            r.get_absolute_url(),
        ),
    )


def deletions(ask: Ask) -> Outcome:
    """Nobody verified their own deletion."""
    rows = ask.within(
        DeletionCertificate.objects.filter(
            fellowship__program_id=ask.program_id, verified_at__isnull=False
        ),
        "verified_at",
    ).select_related("performed_by", "fellowship")
    return outcome(
        say("Was each deletion verified by somebody else than who deleted?"),
        rows,
        rows.filter(verified_by=F("performed_by")),
        lambda c: Failure(
            c.ref,
            say("{performed_by} verified it too.", performed_by=c.performed_by),
            c.fellowship.get_absolute_url(),
        ),
    )


def roles_given(ask: Ask) -> Outcome:
    """Nobody gave themselves a role, or changed one of theirs to last longer."""
    history: Any = RoleAssignment.history.model
    rows = ask.within(
        history.objects.filter(realm_id=ask.program_id, history_user_id__isnull=False),
        "history_date",
        "accounts.roleassignment",
        "id",
    ).select_related("user")
    return outcome(
        say("Did nobody give themselves a role, or change one of their own?"),
        rows,
        rows.filter(history_user_id=F("user_id")),
        lambda r: Failure(
            f"{r.user}: {r.get_role_display()}",
            say("Given or changed by themselves, {at}.", at=at(r.history_date)),
        ),
    )


def auditors(ask: Ask) -> Outcome:
    """No auditor holds another role in the programme they audit at the same time."""
    held = RoleAssignment.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=ask.from_at or F("starts_at")),
        realm_id=ask.program_id,
        role=roles.AUDITOR,
        starts_at__lt=ask.to_at,
    ).select_related("user")
    other = RoleAssignment.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=OuterRef("starts_at")),
        user=OuterRef("user"),
        realm_id=ask.program_id,
        starts_at__lt=ask.to_at,
    ).exclude(role=roles.AUDITOR)
    return outcome(
        say("Does no auditor hold another role in the programme they audit?"),
        held,
        held.filter(Exists(other)),
        lambda r: Failure(str(r.user), say("Audits the programme and holds another role in it.")),
    )


def overrides(ask: Ask) -> Outcome:
    """A recusal is set aside by two people, neither of whom it concerns."""
    rows = ask.within(
        RecusalOverride.objects.filter(realm_id=ask.program_id, decided_at__isnull=False),
        "decided_at",
    ).select_related("person", "requested_by", "decided_by")
    return outcome(
        say("Was each recusal set aside by two others than whom it concerns?"),
        rows,
        rows.filter(
            Q(decided_by=F("requested_by"))
            | Q(decided_by=F("person"))
            | Q(requested_by=F("person"))
        ),
        lambda o: Failure(
            str(o.person),
            say(
                "Asked for by {requested_by}, decided by {decided_by}.",
                requested_by=o.requested_by,
                decided_by=o.decided_by,
            ),
        ),
    )


TEST: Final = Test(
    "duties",
    say("Separation of duties"),
    say(
        "Who asks does not approve; who does the work does not verify it; nobody judges their own."
    ),
    say(
        "For each act that takes two people, the people recorded are compared: by "
        "foreign keys of the records themselves, by votes, and by the history of roles. "
        "Many of these the database refuses anyway; they are compared here all the same, "
        "since an auditor need not believe that."
    ),
    (
        grants,
        votes,
        exceptions,
        conditions,
        releases,
        deletions,
        roles_given,
        auditors,
        overrides,
    ),
)
