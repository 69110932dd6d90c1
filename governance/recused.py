"""Who is recused from what, and by which override no more. Decides nothing itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, QuerySet

from fellowship.accounts import recusals, roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import Conflict, RecusalOverride, User
from fellowship.accounts.queries import realm_ids_where
from fellowship.accounts.states import OverrideState
from governance import kinds
from governance.models import Ballot, Matter, MatterParty, MatterSubject, Vote

ASKING = (roles.MANAGER, roles.CHAIR)
DECIDING = (roles.MANAGER, roles.CHAIR, roles.SPONSOR)
READING = (*DECIDING, roles.AUDITOR)


def rows(user: Any) -> QuerySet[Conflict]:
    """The conflicts others declared that this person may know of.

    Never one's own, nor any about what one is recused from or a party to: no list, count or error
    says that it is there.
    """
    if not getattr(user, "is_active", False) or not user.pk:
        return Conflict.objects.none()
    declared: QuerySet[Conflict] = Conflict.objects.exclude(kind=Conflict.Kind.NONE)
    party = MatterParty.objects.filter(
        user_id=user.pk,
        matter__subjects__subject_type=OuterRef("subject_type"),
        matter__subjects__subject_id=OuterRef("subject_id"),
    )
    return (
        declared.filter(~Exists(party), realm_id__in=realm_ids_where(user, *READING))
        .exclude(user_id=user.pk)
        .exclude(recusals.about(user))
        .select_related("user")
        .prefetch_related("overrides__requested_by", "overrides__decided_by")
    )


@read_for
def of_record(user: Any, at: dt.datetime, label: str, record: int) -> QuerySet[Conflict]:
    """The conflicts declared about this record, as far as this person may know of them."""
    about = rows(user).filter(subject_type=label, subject_id=record)
    return about.order_by("declared_at", "pk")


@read_for
def of_matter(user: Any, at: dt.datetime, matter: int) -> QuerySet[Conflict]:
    """The conflicts that concern a matter: about it, its subject, or what is related."""
    about = MatterSubject.objects.filter(
        matter_id=matter,
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
    )
    return rows(user).filter(Exists(about)).order_by("declared_at", "pk")


def subject_of(conflict: Conflict) -> Any:
    """The record the conflict is about; None where it is gone."""
    model = apps.get_model(conflict.subject_type)
    return model._default_manager.filter(pk=conflict.subject_id).first()


def shown_to(user: Any, subject: Model) -> str:
    """The record as the person may know it: by title where they may read it, else by reference."""
    manager: Any = type(subject)._default_manager
    seen = getattr(manager.all(), "visible_to", None)
    if seen is not None and seen(user).filter(pk=subject.pk).exists():
        return str(subject)
    return str(getattr(subject, "ref", subject._meta.verbose_name))


def page_for(user: Any, subject: Model) -> str:
    """The record's page where the person may open it; else none."""
    manager: Any = type(subject)._default_manager
    seen = getattr(manager.all(), "visible_to", None)
    if seen is None or not seen(user).filter(pk=subject.pk).exists():
        return ""
    return str(getattr(subject, "get_absolute_url", str)())


def party_ids(conflict: Conflict) -> set[int]:
    """Ids of the people the record is about, by its kinds of matter and the matters there were."""
    found = set(
        MatterParty.objects.filter(
            matter__subjects__subject_type=conflict.subject_type,
            matter__subjects__subject_id=conflict.subject_id,
        ).values_list("user_id", flat=True)
    )
    subject = subject_of(conflict)
    for kind in kinds.registered().values():
        if subject is not None and kind.subject_model == conflict.subject_type:
            found |= kind.parties(subject)
    return found


def closed_to(conflict: Conflict, user: User) -> bool:
    """Whether the person is recused from the record themselves."""
    found: bool = Conflict.objects.filter(recusals.about(user), pk=conflict.pk).exists()
    return found


# --- overrides --------------------------------------------------------------------------------


def overridden(matter: Matter) -> QuerySet[RecusalOverride]:
    """Recusals from the matter that were set aside, also where that was revoked since."""
    held = RecusalOverride.objects.filter(Exists(_about(matter.pk)))
    held = held.filter(state__in=(OverrideState.IN_FORCE, OverrideState.REVOKED))
    people = ("person", "requested_by", "decided_by", "revoked_by")
    return held.select_related(*people).order_by("pk")


def _about(matter_id: int) -> QuerySet[MatterSubject]:
    """The records in which a conflict recuses from the matter, for an override's conflict."""
    return MatterSubject.objects.filter(
        matter_id=matter_id,
        subject_type=OuterRef("conflict__subject_type"),
        subject_id=OuterRef("conflict__subject_id"),
    )


def votes_under_override(ballot: Ballot) -> list[tuple[Vote, RecusalOverride]]:
    """Votes cast by somebody whose recusal in the matter was set aside at that time."""
    held: dict[int, list[RecusalOverride]] = {}
    for override in overridden(ballot.matter):
        held.setdefault(override.person_id, []).append(override)
    if not held:
        return []
    votes = Vote.objects.filter(ballot_seat__ballot=ballot, cast_by__in=held)
    return [
        (vote, override)
        for vote in votes.select_related("ballot_seat", "cast_by").order_by("pk")
        for override in held[vote.cast_by_id]
        if override.held(vote.cast_at)
    ]
