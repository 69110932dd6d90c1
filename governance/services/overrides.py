"""Setting a recusal aside: asked for with a reason, decided by a second person, ended by any."""

from __future__ import annotations

from typing import Any

from fellowship.accounts.models import Conflict, RecusalOverride, User
from fellowship.accounts.queries import holders
from fellowship.accounts.states import OVERRIDE_MOVES, OverrideState
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.queries import calendar_of
from governance import ballot_box, links, recused
from governance.models import BallotSeat, Matter
from governance.policy import overrides as policy
from governance.states import Standing


@journal.verb("governance.request_override")
def request_override(*, conflict: Conflict, by: User, reason: str) -> RecusalOverride:
    """Ask that a recusal be set aside. One already asked for is returned.

    It covers the present declaration alone. A second person decides.
    """
    conflict = Conflict.objects.locked().get(pk=conflict.pk)
    open_one = conflict.overrides.filter(
        declared_at=conflict.declared_at, state=OverrideState.REQUESTED
    ).first()
    if open_one and open_one.requested_by == by:
        return open_one
    refuse(policy.may_request(conflict, by))
    refuse(policy.says_why(reason))
    if open_one:
        return open_one
    override = RecusalOverride.objects.create(
        conflict=conflict,
        realm_id=conflict.realm_id,
        person_id=conflict.user_id,
        declared_at=conflict.declared_at,
        reason=reason.strip(),
        requested_by=by,
        requested_at=now(),
    )
    _record(override)
    _ask(override)
    return override


@journal.verb("governance.approve_override")
def approve_override(*, override: RecusalOverride, by: User, reason: str = "") -> RecusalOverride:
    """Set the recusal aside: the person may take part again, and is told. Once is enough."""
    matters = _matters(override)
    override = _locked(override)
    if override.state == OverrideState.IN_FORCE and override.decided_by == by:
        return override
    refuse(policy.may_decide(override, by, "approve"))
    _decide(override, "approve", by)
    _restore_seats(override, matters)
    _record(override)
    _tell_set_aside(override)
    return override


@journal.verb("governance.decline_override")
def decline_override(*, override: RecusalOverride, by: User, reason: str) -> RecusalOverride:
    """Leave the recusal as it is. Once is enough."""
    override = _locked(override)
    if override.state == OverrideState.DECLINED and override.decided_by == by:
        return override
    refuse(policy.may_decide(override, by, "decline"))
    refuse(policy.says_why_it_counts(reason))
    _decide(override, "decline", by)
    _record(override)
    return override


@journal.verb("governance.revoke_override")
def revoke_override(*, override: RecusalOverride, by: User, reason: str) -> RecusalOverride:
    """Let the recusal count again from now on, and tell the person. Once is enough."""
    matters = _matters(override)
    override = _locked(override)
    if override.state == OverrideState.REVOKED:
        return unchanged(override, policy.may_revoke(override, by))
    refuse(policy.may_revoke(override, by))
    refuse(policy.says_why_it_counts(reason))
    override.state = OVERRIDE_MOVES.target(override.state, "revoke")
    override.revoked_by, override.revoked_at = by, now()
    override.save()
    for seat in _seats(override, matters, Standing.ELIGIBLE):
        if ballot_box.is_recused(seat.ballot.matter, override.person):
            seat.standing = Standing.RECUSED
            seat.save()
    _record(override)
    _tell_revoked(override)
    return override


def _matters(override: RecusalOverride) -> list[Matter]:
    """Those before the board about the record, on whose roll the person stands.

    They are locked before the declaration is, as who votes, closes or declares does.
    """
    said = Conflict.objects.get(pk=override.conflict_id)
    about = Matter.objects.filter(
        subjects__subject_type=said.subject_type,
        subjects__subject_id=said.subject_id,
        ballot__closed_at=None,
        ballot__seats__user=said.user_id,
    )
    return list(Matter.objects.locked().filter(pk__in=about.values("pk")).order_by("pk"))


def _locked(override: RecusalOverride) -> RecusalOverride:
    Conflict.objects.locked().get(pk=override.conflict_id)
    related = ("conflict", "person", "requested_by", "decided_by")
    rows: Any = RecusalOverride.objects.locked().select_related(*related)
    found: RecusalOverride = rows.get(pk=override.pk)
    return found


def _decide(override: RecusalOverride, verb: str, by: User) -> None:
    override.state = OVERRIDE_MOVES.target(override.state, verb)
    override.decided_by, override.decided_at = by, now()
    override.save()


def _record(override: RecusalOverride) -> None:
    change = {
        "person": override.person_id,
        "subject_type": override.conflict.subject_type,
        "subject_id": override.conflict.subject_id,
        "state": override.state,
    }
    journal.record(subject=override, realm_id=override.realm_id, change=change)


def _seats(override: RecusalOverride, matters: list[Matter], standing: str) -> list[BallotSeat]:
    """The person's seats of this standing in ballots of the matters still open."""
    seats = BallotSeat.objects.filter(
        user=override.person,
        standing=standing,
        ballot__closed_at=None,
        ballot__matter__in=matters,
    )
    return list(seats.select_related("ballot__matter").order_by("pk"))


def _restore_seats(override: RecusalOverride, matters: list[Matter]) -> None:
    """The roll of an open ballot says it at once, unless another conflict recuses as well."""
    for seat in _seats(override, matters, Standing.RECUSED):
        if not ballot_box.is_recused(seat.ballot.matter, override.person):
            seat.standing = Standing.ELIGIBLE
            seat.save()


def _ask(override: RecusalOverride) -> None:
    """Tell those who may decide: never the person it concerns, nor anybody recused or a party."""
    people = holders(override.realm_id, *recused.DECIDING).exclude(pk=override.requested_by_id)
    notify(
        kind="governance.override_asked",
        to=[user for user in people if policy.may_decide(override, user, "approve") is None],
        subject_obj=override,
        realm=override.realm_id,
        title=say("{requested_by} asks to set a recusal aside", requested_by=override.requested_by),
        body=say(
            "The recusal of {person}. A second person decides. Until then it counts.",
            person=override.person,
        ),
        url=links.to("recusal", override.conflict_id),
    )


def _tell_set_aside(override: RecusalOverride) -> None:
    subject = recused.subject_of(override.conflict)
    if subject is None:
        return
    notify(
        kind="governance.override_approved",
        to=[override.person],
        subject_obj=subject,
        realm=override.realm_id,
        title=say(
            "Your recusal from {shown_to} is set aside",
            shown_to=recused.shown_to(override.person, subject),
        ),
        body=say(
            "{requested_by} asked for it and {decided_by} agreed. The reason: "
            "{reason}\n\nYou may take part again. What you declared stays in the record.",
            requested_by=override.requested_by,
            decided_by=override.decided_by,
            reason=override.reason,
        ),
        url=recused.page_for(override.person, subject),
    )


def _tell_revoked(override: RecusalOverride) -> None:
    """About the declaration, not about the record: that is closed to the person again."""
    notify(
        kind="governance.override_revoked",
        to=[override.person],
        subject_obj=override.conflict,
        realm=override.realm_id,
        title=say(
            "Your conflict of interest of {declared_at:%-d %B %Y} counts again",
            declared_at=calendar_of(override.realm_id).day(override.declared_at),
        ),
        body=say("It had been set aside. From now on you do not take part in what it is about."),
    )
