"""Roles, recusals set aside, and what was waived, as populations."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse

from fellowship.accounts.models import RecusalOverride, RoleAssignment
from fellowship.history.models import Event
from fellowship.kernel.saying import say
from fellowship.web import verbs
from oversight.audit import names
from oversight.audit.populations.shape import Column, Population

_CHANGE: Final = {"+": "given", "~": "changed", "-": "removed"}


def _roles(program_id: int) -> QuerySet[Any]:
    history: Any = RoleAssignment.history.model
    rows: QuerySet[Any] = history.objects.filter(realm_id=program_id).select_related("user")
    return rows


def _overrides(program_id: int) -> QuerySet[Any]:
    rows = RecusalOverride.objects.filter(realm_id=program_id)
    people = ("person", "requested_by", "decided_by", "revoked_by")
    return rows.select_related("conflict", *people)


WAIVERS: Final = (
    "access.waive_escrow",
    "findings.waive_baseline",
    "governance.waive_condition",
    "publications.release_early",
    "scoping.except_milestone",
)
"""Acts by which somebody let a rule go for one case, apart from exceptions of their own."""


def _waivers(program_id: int) -> QuerySet[Any]:
    rows = Event.objects.filter(realm_id=program_id, verb__in=WAIVERS)
    return rows.select_related("actor")


def _role_change(row: Any) -> str:
    if row.history_type == "~" and row.ends_at and row.ends_at <= row.history_date:
        return "ended"
    return _CHANGE.get(str(row.history_type), "")


ALL: Final = (
    Population(
        "roles",
        say("Role changes"),
        say("Every time a role was given, changed or ended."),
        _roles,
        "history_date",
        (
            Column(say("Person"), lambda r: r.user),
            Column(say("Role"), lambda r: r.get_role_display(), by="role"),
            Column(say("Seat"), lambda r: r.get_seat_display() if r.seat else ""),
            Column(say("Change"), _role_change),
            Column(say("When"), lambda r: r.history_date, "at"),
            Column(say("Holds from"), lambda r: r.starts_at, "at"),
            Column(say("Holds to"), lambda r: r.ends_at, "at"),
            Column(say("Reason"), lambda r: r.history_change_reason or ""),
        ),
        about=("accounts.roleassignment", "id"),
    ),
    Population(
        "overrides",
        say("Overrides of recusals"),
        say("Every recusal somebody asked to set aside: why, who agreed, and when it ended."),
        _overrides,
        "requested_at",
        (
            Column(say("Person"), lambda r: r.person),
            Column(say("Conflict"), lambda r: r.conflict.get_kind_display(), by="conflict__kind"),
            Column(
                say("Record"),
                lambda r: f"{names.kind(r.conflict.subject_type)} {r.conflict.subject_id}",
            ),
            Column(say("Reason"), lambda r: r.reason),
            Column(say("Asked for by"), lambda r: r.requested_by),
            Column(say("Asked for"), lambda r: r.requested_at, "at"),
            Column(say("Decided by"), lambda r: r.decided_by or ""),
            Column(say("Decided"), lambda r: r.decided_at, "at"),
            Column(say("Ended"), lambda r: r.revoked_at, "at"),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: reverse("governance:recusal", args=[r.conflict_id]),
    ),
    Population(
        "waivers",
        say("Waivers"),
        say(
            "Every time somebody let a condition, a milestone, a baseline or a deposit go for one "
            "case: who, for what reason, and about which record."
        ),
        _waivers,
        "at",
        (
            Column(say("Record"), lambda r: r.subject_ref or f"{names.kind(r.subject_type)}"),
            Column(say("Act"), lambda r: verbs.label(r.verb), by="verb"),
            Column(say("By"), lambda r: verbs.actor(r.actor_name)),
            Column(say("When"), lambda r: r.at, "at"),
            Column(say("Reason"), lambda r: r.reason),
        ),
    ),
)
