"""Who may claim and assign findings, change many at once, and save filters."""

from __future__ import annotations

import datetime as dt
from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models import Batch, Cover, Finding, SavedFilter
from findings.models.triage import READERS, WORKERS
from findings.policy.findings import RULE, may_triage
from findings.states import SETTLED, FindingState

UNDO_FOR: Final = dt.timedelta(hours=1)
"""How long a change of many findings can be taken back."""
AT_ONCE: Final = 2_000
"""The most findings one batch changes: it is one transaction, and holds its rows until the end."""
Covered = frozenset[tuple[int, int]]
"""People for whom somebody stands in, each with the programme: keys."""
AHEAD: Final = dt.timedelta(days=366)
FILTERS: Final = 50


def may_claim(finding: Finding, by: Actor, covered: Covered = frozenset()) -> Refusal | None:
    """Why `by` may not make the finding theirs. `covered` is for whom they stand in now."""
    with_them = finding.product_owner_id in (None, getattr(by, "pk", None))
    return first(
        may_triage(finding, by),
        _goes_on(finding),
        None
        if with_them or (finding.product_owner_id, finding.program_id) in covered
        else Refusal(
            "taken",
            say(
                "It is with {product_owner}. Ask them, or assign it with a reason.",
                product_owner=finding.product_owner,
            ),
            rule=RULE,
        ),
    )


def may_assign(finding: Finding, to: User, by: Actor, reason: str) -> Refusal | None:
    """Why the finding may not be given to `to`: they must be able to dispose of it."""
    return first(
        may_triage(finding, by),
        _goes_on(finding),
        _can_own(finding, to),
        None
        if reason.strip() or finding.product_owner_id in (None, getattr(by, "pk", None))
        else Refusal(
            "no_reason",
            say(
                "Say why: it is with {product_owner}, who reads it.",
                product_owner=finding.product_owner,
            ),
            field="reason",
        ),
    )


def _can_own(finding: Finding, to: User) -> Refusal | None:
    refused = may_triage(finding, to)
    if refused is None:
        return None
    if refused.code == "wrong_role":
        text = say("{to} holds no role that disposes of findings here.", to=to)
    elif to.pk == finding.reported_by_id:
        text = say("{to} reported it, and who reported a finding does not dispose of it.", to=to)
    else:
        text = say("{to} cannot own this finding.", to=to)
    return Refusal("cannot_own", text, rule=RULE, field="to")


def _goes_on(finding: Finding) -> Refusal | None:
    if finding.state not in SETTLED:
        return None
    label = FindingState(finding.state).label.lower()
    return Refusal(
        "settled", say("It is {label}: there is nothing left to do.", label=label), rule=RULE
    )


# --- many at once ---------------------------------------------------------------------------


def may_run(program_id: int, count: int, by: User) -> Refusal | None:
    """Why `by` may not change `count` findings of a programme at once."""
    return first(
        None
        if has_role(by, program_id, *WORKERS)
        else Refusal("wrong_role", say("A product owner disposes of findings."), rule=RULE),
        Refusal("nothing", say("Pick at least one finding."), field="pick") if count == 0 else None,
        Refusal(
            "too_many",
            say("At most {AT_ONCE:,} findings change at once; narrow the filter.", AT_ONCE=AT_ONCE),
            field="pick",
        )
        if count > AT_ONCE
        else None,
    )


def may_undo(batch: Batch, by: User) -> Refusal | None:
    """Who changed many findings takes that back, for an hour; so does the manager."""
    return first(
        None
        if batch.made_by_id == by.pk or has_role(by, batch.program_id, roles.MANAGER)
        else Refusal("not_yours", say("Who changed these findings takes it back, or the manager.")),
        None
        if has_role(by, batch.program_id, *WORKERS)
        else Refusal("wrong_role", say("A product owner disposes of findings."), rule=RULE),
        None
        if now() < batch.undo_until
        else Refusal(
            "too_late",
            say(
                "It could be undone until {undo_until:%-d %B %Y at %H:%M} UTC. Change "
                "the findings one by one, or by another batch.",
                undo_until=batch.undo_until,
            ),
        ),
    )


# --- absences and filters -------------------------------------------------------------------


def may_cover(cover: Cover, by: User) -> Refusal | None:
    """Why it may not be entered that another answers for a product owner in these days."""
    person, stand_in, program_id = cover.person, cover.stand_in, cover.program_id
    return first(
        None
        if by == person or has_role(by, program_id, roles.MANAGER)
        else Refusal(
            "not_yours", say("Product owners enter their own absence, or the manager does.")
        ),
        None
        if has_role(person, program_id, *WORKERS)
        else Refusal(
            "wrong_role", say("{person} owns no findings here.", person=person), field="person"
        ),
        Refusal("no_stand_in", say("Name somebody else."), field="stand_in")
        if stand_in == person
        else None,
        None
        if has_role(stand_in, program_id, *WORKERS)
        else Refusal(
            "no_stand_in",
            say("{stand_in} disposes of no findings here.", stand_in=stand_in),
            field="stand_in",
        ),
        _days(cover),
        Refusal(
            "twice",
            say("{person} is entered as away on some of these days.", person=person),
            field="first",
        )
        if _away_then(cover, person)
        else None,
        Refusal(
            "also_away",
            say("{stand_in} is away on some of these days.", stand_in=stand_in),
            field="stand_in",
        )
        if _away_then(cover, stand_in)
        else None,
    )


def _days(cover: Cover) -> Refusal | None:
    if cover.ends_at <= cover.starts_at:
        return Refusal("no_days", say("The last day must not lie before the first."), field="last")
    if cover.ends_at <= now():
        return Refusal("over", say("These days are over."), field="last")
    if cover.ends_at > now() + AHEAD:
        return Refusal("too_far", say("Choose days within the next year."), field="last")
    return None


def _away_then(cover: Cover, person: User) -> bool:
    away = Cover.objects.standing().filter(program_id=cover.program_id, person=person)
    found: bool = away.filter(starts_at__lt=cover.ends_at, ends_at__gt=cover.starts_at).exists()
    return found


def may_end_cover(cover: Cover, by: User) -> Refusal | None:
    """Who is away, and the manager, take an absence back."""
    if by.pk == cover.person_id or has_role(by, cover.program_id, roles.MANAGER):
        return None
    return Refusal("not_yours", say("Who is away takes this back, or the manager."))


def may_save(by: User, program_id: int | None) -> Refusal | None:
    """Why `by` may not save a filter, or not share it with the programme."""
    return first(
        _may_share(by, program_id),
        Refusal(
            "too_many",
            say("Keep at most {FILTERS} filters: remove one first.", FILTERS=FILTERS),
            field="name",
        )
        if SavedFilter.objects.filter(owner=by).count() >= FILTERS
        else None,
    )


def may_change_filter(saved: SavedFilter, by: User, program_id: int | None) -> Refusal | None:
    """A filter is its owner's to rename, share and remove."""
    return first(
        None
        if saved.owner_id == by.pk
        else Refusal(
            "not_yours", say("{owner} saved this filter and alone changes it.", owner=saved.owner)
        ),
        _may_share(by, program_id),
    )


def _may_share(by: User, program_id: int | None) -> Refusal | None:
    if program_id is None or has_role(by, program_id, *READERS):
        return None
    return Refusal("wrong_role", say("You read no findings of this programme."), field="program")
