"""What was agreed with a fellow, what came of it, and how the case was closed, as populations."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from fellowship.kernel.saying import say
from oversight.audit.populations.shape import Column, Population, begun
from oversight.models import Closeout
from scoping.models import Milestone, ScopeOfWork


def _scopes(program_id: int) -> QuerySet[Any]:
    rows = ScopeOfWork.objects.filter(fellowship__program_id=program_id)
    return rows.select_related("fellowship", "amends", "proposed_by").annotate(
        begun_at=begun(ScopeOfWork)
    )


def _milestones(program_id: int) -> QuerySet[Any]:
    rows = Milestone.objects.filter(fellowship__program_id=program_id)
    people = ("reviewer", "fellowship__mentor", "delivered_by", "judged_by")
    return rows.select_related("fellowship", *people).annotate(planned_at=begun(Milestone))


def _closeouts(program_id: int) -> QuerySet[Any]:
    """Without the facts of the packages, which are long."""
    rows = Closeout.objects.filter(fellowship__program_id=program_id).defer("facts")
    return rows.select_related("fellowship__fellow", "closed_by")


ALL: Final = (
    Population(
        "scopes",
        say("Scopes of work and amendments"),
        say(
            "Every version of every scope of work: what it amends, how it came into force, and "
            "when it was signed and superseded."
        ),
        _scopes,
        "begun_at",
        (
            Column(say("Fellowship"), lambda r: r.fellowship.ref, by="fellowship__ref"),
            Column(say("Version"), lambda r: r.number),
            Column(say("Amends version"), lambda r: r.amends.number if r.amends else ""),
            Column(say("Proposed by"), lambda r: r.proposed_by or ""),
            Column(say("Side"), lambda r: r.get_proposed_side_display(), by="proposed_side"),
            Column(say("Why"), lambda r: r.rationale),
            Column(say("Route"), lambda r: r.get_route_display(), by="route"),
            Column(say("Begun"), lambda r: r.begun_at, "at"),
            Column(say("Offered"), lambda r: r.offered_at, "at"),
            Column(say("Signed"), lambda r: r.signed_at, "at"),
            Column(say("Superseded"), lambda r: r.superseded_at, "at"),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
            Column(say("Text"), lambda r: r.text_hash[:12]),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "milestones",
        say("Milestones"),
        say(
            "Every deliverable and review checkpoint: when it was due and delivered, and who "
            "judged it. The period is that in which it was planned."
        ),
        _milestones,
        "planned_at",
        (
            Column(say("Milestone"), lambda r: r.title),
            Column(say("Fellowship"), lambda r: r.fellowship.ref, by="fellowship__ref"),
            Column(say("Kind"), lambda r: r.get_kind_display(), by="kind"),
            Column(say("Planned"), lambda r: r.planned_at, "at"),
            Column(say("Due"), lambda r: r.due_on),
            Column(say("Reviewer"), lambda r: r.judge or ""),
            Column(say("Delivered"), lambda r: r.delivered_at, "at"),
            Column(say("Delivered by"), lambda r: r.delivered_by or ""),
            Column(say("Judged"), lambda r: r.judged_at, "at"),
            Column(say("Judged by"), lambda r: r.judged_by or ""),
            Column(say("Outcome"), lambda r: r.get_outcome_display(), by="outcome"),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: r.fellowship.get_absolute_url(),
    ),
    Population(
        "closeouts",
        say("Closeouts"),
        say("Every closed case: who closed it and when, and the hash of its package."),
        _closeouts,
        "closed_at",
        (
            Column(say("Fellowship"), lambda r: r.fellowship.ref),
            Column(say("Title"), lambda r: r.fellowship.title),
            Column(say("Fellow"), lambda r: r.fellowship.fellow),
            Column(say("Work ended"), lambda r: r.fellowship.ended_at, "at"),
            Column(say("Closed"), lambda r: r.closed_at, "at"),
            Column(say("Closed by"), lambda r: r.closed_by),
            Column(say("Package"), lambda r: r.package_sha256),
            Column(say("Notes"), lambda r: r.notes),
        ),
        lambda r: r.get_absolute_url(),
        about=("scoping.fellowship", "fellowship_id"),
    ),
)
