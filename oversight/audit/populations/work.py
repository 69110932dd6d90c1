"""Proposals, findings, controls and publications as populations."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.web.cells import display
from findings.models import Control, Finding, Measurement
from findings.states import FindingState
from oversight.audit.populations.shape import Column, Population, begun
from proposals.models import Proposal
from publications.models import Objection, Publication

_STATES: Final = dict(FindingState.choices)


def _proposals(program_id: int) -> QuerySet[Any]:
    rows = Proposal.objects.filter(program_id=program_id, decided_at__isnull=False)
    return rows.select_related("call", "applicant")


def _findings(program_id: int) -> QuerySet[Any]:
    rows = Finding.objects.filter(program_id=program_id)
    shown = ("ref", "title", "severity", "reported_at", "due_at", "state")
    people = ("product_owner__name", "product_owner__email")
    return rows.select_related("fellowship", "product_owner").only(
        *shown, *people, "fellowship__ref"
    )


def _dispositions(program_id: int) -> QuerySet[Any]:
    """The history rows of findings that say another state than the one before."""
    history: Any = Finding.history.model
    earlier = history.objects.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    rows: QuerySet[Any] = (
        history.objects.filter(program_id=program_id, history_type="~")
        .annotate(was=Subquery(earlier.order_by("-history_id").values("state")[:1]))
        .exclude(was=F("state"))
        .select_related("product_owner")
    )
    return rows


def _controls(program_id: int) -> QuerySet[Any]:
    rows = Control.objects.filter(program_id=program_id)
    people = ("owner", "waived_by", "deployed_by", "verified_by")
    return rows.select_related("finding", *people).annotate(planned_at=begun(Control))


def _measurements(program_id: int) -> QuerySet[Any]:
    rows = Measurement.objects.filter(metric__control__program_id=program_id)
    return rows.select_related("metric__control", "measured_by")


def _objections(program_id: int) -> QuerySet[Any]:
    rows = Objection.objects.filter(program_id=program_id)
    return rows.select_related("publication", "version", "owner", "raised_by")


def _publications(program_id: int) -> QuerySet[Any]:
    rows = Publication.objects.filter(program_id=program_id, submitted_at__isnull=False)
    return rows.select_related("fellowship")


ALL: Final = (
    Population(
        "proposals",
        say("Proposals decided"),
        say("Every proposal the board decided on."),
        _proposals,
        "decided_at",
        (
            Column(say("Proposal"), lambda r: r.ref),
            Column(say("Title"), lambda r: r.title),
            Column(say("Applicant"), lambda r: r.applicant),
            Column(say("Call"), lambda r: r.call.ref, by="call__ref"),
            Column(say("Submitted"), lambda r: r.submitted_at, "at"),
            Column(say("Decided"), lambda r: r.decided_at, "at"),
            Column(say("Outcome"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "findings",
        say("Findings"),
        say("Every finding as it stands: its disposition, and by whom it is owned."),
        _findings,
        "reported_at",
        (
            Column(say("Finding"), lambda r: r.ref),
            Column(say("Title"), lambda r: r.title),
            Column(say("Fellowship"), lambda r: r.fellowship.ref, by="fellowship__ref"),
            Column(say("Severity"), display(Finding, "severity"), by="severity"),
            Column(say("Reported"), lambda r: r.reported_at, "at"),
            Column(say("Due"), lambda r: r.due_at, "at"),
            Column(say("Disposition"), display(Finding, "state"), by="state"),
            Column(say("Owner"), lambda r: r.product_owner or ""),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "dispositions",
        say("Dispositions of findings"),
        say("Every change of a finding’s disposition: from what to what, by whom, and why."),
        _dispositions,
        "history_date",
        (
            Column(say("Finding"), lambda r: r.ref),
            Column(say("Severity"), lambda r: r.get_severity_display(), by="severity"),
            Column(say("From"), lambda r: _STATES.get(r.was, "")),
            Column(say("To"), lambda r: r.get_state_display(), by="state"),
            Column(say("When"), lambda r: r.history_date, "at"),
            Column(say("Product owner"), lambda r: r.product_owner or ""),
            Column(say("Reason"), lambda r: r.history_change_reason or r.rationale),
        ),
        lambda r: reverse("findings:detail", args=[r.ref]),
        about=("findings.finding", "id"),
    ),
    Population(
        "controls",
        say("Controls"),
        say(
            "Every control a product planned for a finding: when it was deployed and verified, by "
            "whom, and what its counts say."
        ),
        _controls,
        "planned_at",
        (
            Column(say("Control"), lambda r: r.ref),
            Column(say("Title"), lambda r: r.title),
            Column(say("Finding"), lambda r: r.finding.ref),
            Column(say("Family"), lambda r: r.get_family_display(), by="family"),
            Column(say("Type"), lambda r: r.get_control_type_display(), by="control_type"),
            Column(say("Owner"), lambda r: r.owner),
            Column(say("Planned"), lambda r: r.planned_at, "at"),
            Column(say("Baseline waived by"), lambda r: r.waived_by or ""),
            Column(say("Deployed"), lambda r: r.deployed_at, "at"),
            Column(say("Deployed by"), lambda r: r.deployed_by or ""),
            Column(say("Verified"), lambda r: r.verified_at, "at"),
            Column(say("Verified by"), lambda r: r.verified_by or ""),
            Column(say("Verdict"), lambda r: r.get_verdict_display(), by="verdict"),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "measurements",
        say("Measurements of controls"),
        say("Every count taken before and after a control: of what, by whom, and read from where."),
        _measurements,
        "measured_at",
        (
            Column(say("Control"), lambda r: r.metric.control.ref, by="metric__control__ref"),
            Column(say("Metric"), lambda r: r.metric.get_metric_display(), by="metric__metric"),
            Column(say("Role"), lambda r: r.metric.get_role_display(), by="metric__role"),
            Column(say("Phase"), lambda r: r.get_phase_display(), by="phase"),
            Column(say("Counted"), lambda r: r.said),
            Column(say("Taken on"), lambda r: r.taken_on),
            Column(say("Recorded"), lambda r: r.measured_at, "at"),
            Column(say("By"), lambda r: r.measured_by),
            Column(say("Source"), lambda r: r.source),
            Column(say("SHA-256 of the source"), lambda r: r.source_sha256),
            Column(say("Note"), lambda r: r.note),
        ),
        lambda r: r.metric.control.get_absolute_url(),
    ),
    Population(
        "publications",
        say("Publications"),
        say("Every work submitted, and what released it."),
        _publications,
        "submitted_at",
        (
            Column(say("Publication"), lambda r: r.ref),
            Column(say("Title"), lambda r: r.title),
            Column(say("Fellowship"), lambda r: r.fellowship.ref),
            Column(say("Class"), lambda r: r.get_work_class_display(), by="work_class"),
            Column(say("Submitted"), lambda r: r.submitted_at, "at"),
            Column(say("Window ends"), lambda r: r.window_ends_at, "at"),
            Column(say("Released"), lambda r: r.released_at, "at"),
            Column(say("By"), lambda r: r.get_release_kind_display() if r.release_kind else ""),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "objections",
        say("Objections to publications"),
        say(
            "Every objection to a passage: on which ground, by whom, what it asked for, and how it "
            "ended. The passages themselves are on the works’ pages."
        ),
        _objections,
        "raised_at",
        (
            Column(say("Objection"), lambda r: r.ref),
            Column(say("Publication"), lambda r: r.publication.ref, by="publication__ref"),
            Column(say("Version"), lambda r: r.version.number),
            Column(say("Ground"), lambda r: r.get_ground_display(), by="ground"),
            Column(say("Asks to"), lambda r: r.get_ask_display(), by="ask"),
            Column(say("Until"), lambda r: r.until, "at"),
            Column(say("Raised by"), lambda r: r.raised_by),
            Column(say("Owner"), lambda r: r.owner),
            Column(say("Raised"), lambda r: r.raised_at, "at"),
            Column(say("Settled"), lambda r: r.settled_at, "at"),
            Column(say("State"), lambda r: r.said_state),
        ),
        lambda r: r.get_absolute_url(),
    ),
)
