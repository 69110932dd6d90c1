"""The populations an auditor asks for: all records of a kind in a period, with their columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.urls import reverse

from access.models import Grant, Release
from fellowship.accounts.models import RecusalOverride, RoleAssignment
from findings.models import Finding
from governance.models import Decision, Escalation, ExceptionRecord, RuleVersion
from proposals.models import Proposal
from publications.models import Publication

Cell = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column of a population. `kind`: text, at (an instant)."""

    label: str
    cell: Cell
    kind: str = "text"


@dataclass(frozen=True)
class Population:
    """All records of a kind. `dated` is the instant that places a record in a period."""

    key: str
    label: str
    prose: str
    rows: Callable[[int], QuerySet[Any]]
    dated: str
    columns: tuple[Column, ...]
    url: Cell = lambda row: ""

    def within(
        self,
        program_id: int,
        from_at: dt.datetime | None,
        to_at: dt.datetime | None,
        hidden: Mapping[str, list[int]] | None = None,
    ) -> QuerySet[Any]:
        """The records of the period `[from_at, to_at)`, the oldest first, without the `hidden`."""
        rows = self.rows(program_id)
        if from_at:
            rows = rows.filter(**{f"{self.dated}__gte": from_at})
        if to_at:
            rows = rows.filter(**{f"{self.dated}__lt": to_at})
        label = rows.model._meta.label_lower
        if left_out := (hidden or {}).get(label):
            rows = rows.exclude(pk__in=left_out)
        return rows.order_by(self.dated, "pk")

    def cells(self, row: Any) -> list[Any]:
        """The row's values in the order of the columns."""
        return [column.cell(row) for column in self.columns]


def _proposals(program_id: int) -> QuerySet[Any]:
    rows = Proposal.objects.filter(program_id=program_id, decided_at__isnull=False)
    return rows.select_related("call", "applicant")


def _grants(program_id: int) -> QuerySet[Any]:
    rows = Grant.objects.filter(fellowship__program_id=program_id)
    return rows.select_related("dataset", "person", "fellowship", "decision__matter", "approved_by")


def _releases(program_id: int) -> QuerySet[Any]:
    rows = Release.objects.filter(request__fellowship__program_id=program_id)
    return rows.select_related("request__fellowship", "request__settled_by", "output")


def _exceptions(program_id: int) -> QuerySet[Any]:
    rows = ExceptionRecord.objects.filter(program_id=program_id)
    return rows.select_related("owner", "requested_by", "approved_by")


def _decisions(program_id: int) -> QuerySet[Any]:
    rows = Decision.objects.filter(matter__program_id=program_id)
    return rows.select_related("matter", "decided_by", "rule_version").annotate(
        votes=Count("matter__ballot__seats__vote")
    )


def _escalations(program_id: int) -> QuerySet[Any]:
    rows = Escalation.objects.filter(program_id=program_id)
    return rows.select_related("raised_by", "acknowledged_by", "closed_by")


def _publications(program_id: int) -> QuerySet[Any]:
    rows = Publication.objects.filter(program_id=program_id, submitted_at__isnull=False)
    return rows.select_related("fellowship")


def _findings(program_id: int) -> QuerySet[Any]:
    rows = Finding.objects.filter(program_id=program_id)
    return rows.select_related("fellowship", "product_owner")


def _roles(program_id: int) -> QuerySet[Any]:
    history: Any = RoleAssignment.history.model
    rows: QuerySet[Any] = history.objects.filter(realm_id=program_id).select_related("user")
    return rows


def _rules(program_id: int) -> QuerySet[Any]:
    rows = RuleVersion.objects.filter(program_id=program_id, adopted_at__isnull=False)
    return rows.select_related("owner", "author")


def _overrides(program_id: int) -> QuerySet[Any]:
    rows = RecusalOverride.objects.filter(realm_id=program_id)
    people = ("person", "requested_by", "decided_by", "revoked_by")
    return rows.select_related("conflict", *people)


def _ref(row: Any) -> str:
    return str(row.ref)


def _decided_in(row: Any) -> str:
    if row.decision:
        return str(row.decision.matter.ref)
    return str(row.approved_by or "")


_CHANGE = {"+": "given", "~": "changed", "-": "removed"}

_ALL: Final = (
    Population(
        "proposals",
        "Proposals decided",
        "Every proposal the board decided on.",
        _proposals,
        "decided_at",
        (
            Column("Proposal", _ref),
            Column("Title", lambda r: r.title),
            Column("Applicant", lambda r: r.applicant),
            Column("Call", lambda r: r.call.ref),
            Column("Submitted", lambda r: r.submitted_at, "at"),
            Column("Decided", lambda r: r.decided_at, "at"),
            Column("Outcome", lambda r: r.get_state_display()),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "grants",
        "Grants of access",
        "Every grant, with what it rests on and when it ended.",
        _grants,
        "created_at",
        (
            Column("Grant", _ref),
            Column("Person", lambda r: r.person),
            Column("Dataset", lambda r: r.dataset.name),
            Column("Tier", lambda r: r.dataset.get_tier_display()),
            Column("Approved", _decided_in),
            Column("From", lambda r: r.starts_at, "at"),
            Column("To", lambda r: r.ends_at, "at"),
            Column("Revoked", lambda r: r.revoked_at, "at"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "releases",
        "Releases of outputs",
        "Every file that was released, bound to its bytes, and who settled it where two differed.",
        _releases,
        "released_at",
        (
            Column("Request", lambda r: r.request.ref),
            Column("Fellowship", lambda r: r.request.fellowship.ref),
            Column("File", lambda r: r.output.name),
            Column("SHA-256", lambda r: r.sha256),
            Column("Sent", lambda r: r.request.sent_at, "at"),
            Column("Released", lambda r: r.released_at, "at"),
            Column("Rounds", lambda r: r.request.round),
            Column("Settled by", lambda r: r.request.settled_by or ""),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "exceptions",
        "Exceptions",
        "Every exception asked for, granted or not.",
        _exceptions,
        "requested_at",
        (
            Column("Exception", _ref),
            Column("Title", lambda r: r.title),
            Column("Owner", lambda r: r.owner),
            Column("Requested by", lambda r: r.requested_by),
            Column("Approved by", lambda r: r.approved_by or ""),
            Column("Expires", lambda r: r.expires_at, "at"),
            Column("Renewals", lambda r: r.renewals),
            Column("State", lambda r: r.get_state_display()),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "decisions",
        "Decisions, with votes",
        "Every decision of the board, with its count and the rule it was taken under.",
        _decisions,
        "decided_at",
        (
            Column("Matter", lambda r: r.matter.ref),
            Column("Title", lambda r: r.matter.title),
            Column("Outcome", lambda r: r.get_outcome_display()),
            Column("Votes", lambda r: r.votes),
            Column("Dissents", lambda r: len(r.dissent)),
            Column("Decided", lambda r: r.decided_at, "at"),
            Column("Recorded by", lambda r: r.decided_by),
            Column("Rule", lambda r: r.rule_version),
        ),
        lambda r: r.matter.get_absolute_url(),
    ),
    Population(
        "escalations",
        "Escalations",
        "Every alarm, when it was answered and when it was closed.",
        _escalations,
        "raised_at",
        (
            Column("Escalation", _ref),
            Column("Kind", lambda r: r.get_kind_display()),
            Column("Severity", lambda r: r.get_severity_display()),
            Column("Raised by", lambda r: r.raiser),
            Column("Raised", lambda r: r.raised_at, "at"),
            Column("Acknowledged", lambda r: r.acknowledged_at, "at"),
            Column("Closed", lambda r: r.closed_at, "at"),
            Column("State", lambda r: r.get_state_display()),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "publications",
        "Publications",
        "Every work submitted, and what released it.",
        _publications,
        "submitted_at",
        (
            Column("Publication", _ref),
            Column("Title", lambda r: r.title),
            Column("Fellowship", lambda r: r.fellowship.ref),
            Column("Submitted", lambda r: r.submitted_at, "at"),
            Column("Window ends", lambda r: r.window_ends_at, "at"),
            Column("Released", lambda r: r.released_at, "at"),
            Column("By", lambda r: r.get_release_kind_display() if r.release_kind else ""),
            Column("State", lambda r: r.get_state_display()),
        ),
    ),
    Population(
        "findings",
        "Findings and dispositions",
        "Every finding, what was decided about it and by whom it is owned.",
        _findings,
        "reported_at",
        (
            Column("Finding", _ref),
            Column("Title", lambda r: r.title),
            Column("Fellowship", lambda r: r.fellowship.ref),
            Column("Severity", lambda r: r.get_severity_display()),
            Column("Reported", lambda r: r.reported_at, "at"),
            Column("Due", lambda r: r.due_at, "at"),
            Column("Disposition", lambda r: r.get_state_display()),
            Column("Owner", lambda r: r.product_owner or ""),
        ),
    ),
    Population(
        "overrides",
        "Overrides of recusals",
        "Every recusal somebody asked to set aside: why, who agreed, and when it ended.",
        _overrides,
        "requested_at",
        (
            Column("Person", lambda r: r.person),
            Column("Conflict", lambda r: r.conflict.get_kind_display()),
            Column("Record", lambda r: f"{r.conflict.subject_type} {r.conflict.subject_id}"),
            Column("Reason", lambda r: r.reason),
            Column("Asked for by", lambda r: r.requested_by),
            Column("Asked for", lambda r: r.requested_at, "at"),
            Column("Decided by", lambda r: r.decided_by or ""),
            Column("Decided", lambda r: r.decided_at, "at"),
            Column("Ended", lambda r: r.revoked_at, "at"),
            Column("State", lambda r: r.get_state_display()),
        ),
        lambda r: reverse("governance:recusal", args=[r.conflict_id]),
    ),
    Population(
        "roles",
        "Role changes",
        "Every time a role was given, changed or ended.",
        _roles,
        "history_date",
        (
            Column("Person", lambda r: r.user),
            Column("Role", lambda r: r.get_role_display()),
            Column("Seat", lambda r: r.get_seat_display() if r.seat else ""),
            Column("Change", lambda r: _CHANGE.get(r.history_type, r.history_type)),
            Column("When", lambda r: r.history_date, "at"),
            Column("Holds from", lambda r: r.starts_at, "at"),
            Column("Holds to", lambda r: r.ends_at, "at"),
            Column("Reason", lambda r: r.history_change_reason or ""),
        ),
    ),
    Population(
        "rules",
        "Policy versions",
        "Every version of every policy, when it was adopted and took effect.",
        _rules,
        "adopted_at",
        (
            Column("Policy", lambda r: r.get_kind_display()),
            Column("Version", lambda r: r.version),
            Column("Title", lambda r: r.title),
            Column("Owner", lambda r: r.owner),
            Column("Adopted", lambda r: r.adopted_at, "at"),
            Column("In effect from", lambda r: r.effective_at, "at"),
            Column("Text", lambda r: r.text_hash[:12]),
        ),
        lambda r: r.get_absolute_url(),
    ),
)
POPULATIONS: Final[Mapping[str, Population]] = {population.key: population for population in _ALL}
