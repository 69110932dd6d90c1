"""One state, one disposition: the database itself refuses every contradiction, by name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from fellowship.history.models import Tracked
from fellowship.kernel import journal
from fellowship.kernel.time import now
from findings.models import DuePause, DueSegment, Finding, Overdue
from findings.models.dispositions import CONSTRAINTS
from tests.scenarios import findings as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db

Case = tuple[str, dict[str, Any]]


def broken(base: Tracked, values: dict[str, Any]) -> str:
    """What the database says to a row like `base` with these values; empty where it takes it."""
    row = type(base)(**{f.attname: getattr(base, f.attname) for f in base._meta.concrete_fields})
    for name, value in {"pk": None, "id": None, **values}.items():
        setattr(row, name, value)
    try:
        with (
            transaction.atomic(),
            journal.acting("test.break", by=journal.System("test")),
        ):
            row.save(force_insert=True)
            raise _Taken
    except IntegrityError as error:
        return str(error)
    except _Taken:
        return ""


class _Taken(Exception):
    """The row was taken; what it wrote is undone."""


def _cases(at: dt.datetime, finding: Finding, verified: Finding) -> list[Case]:
    control = verified.controls.get()
    nothing = {"actionable": None, "mapping": "", "rationale": ""}
    acted_on = {"actionable": True, "mapping": "control", "rationale": "We act.", "due_at": at}
    accepted = {"state": "accepted", "product_owner": verified.product_owner, **acted_on}
    closed = {"state": "closed", "closed_at": at, "closed_by": verified.product_owner}
    by_control = {**accepted, **closed, "closure": "control", "closing_control": control}
    exploratory = {"actionable": False, "mapping": "", "rationale": "Worth knowing."}
    deferred = {**nothing, "state": "deferred", "rationale": "Later.", "look_again_at": at}
    allowed: list[Case] = [
        ("", accepted),
        ("", {"state": "accepted", **exploratory}),
        ("", deferred),
        ("", {**nothing, "state": "rejected", "rationale": "As designed."}),
        ("", by_control),
        ("", {**closed, **exploratory, "closure": "exploratory"}),
        ("", {**closed, **nothing, "closure": "rejection", "rationale": "As designed."}),
        ("", {**closed, **nothing, "closure": "duplicate", "duplicate_of": finding}),
    ]
    name = "finding_accepted_is_owned_due_and_mapped_or_exploratory"
    undecided = "finding_is_acted_on_only_once_accepted"
    pointed = "finding_closed_points_at_what_closed_it"
    dated = "finding_deferred_until_a_date"
    why = "finding_disposition_says_why"
    not_acted_on = "finding_closed_by_rejection_or_as_duplicate_is_not_acted_on"
    return [
        *allowed,
        ("finding_state_is_known", {"state": "parked"}),
        ("finding_words_are_known", {**closed, **nothing, "closure": "lost"}),
        ("finding_severity_and_rank_agree", {"severity": "low", "severity_rank": 4}),
        (name, {**accepted, "product_owner": None}),
        (name, {**accepted, "due_at": None}),
        (name, {**accepted, "mapping": ""}),
        (name, {**accepted, "actionable": None, "mapping": ""}),
        (undecided, {**acted_on, "state": "investigating"}),
        (undecided, {**deferred, "actionable": False}),
        (undecided, {**exploratory, "state": "rejected"}),
        (
            "finding_turns_into_something_only_where_acted_on",
            {**exploratory, "state": "accepted", "mapping": "policy"},
        ),
        (
            "finding_turns_into_something_only_where_acted_on",
            {**nothing, "state": "investigating", "mapping": "policy"},
        ),
        (why, {**accepted, "rationale": ""}),
        (why, {**deferred, "rationale": ""}),
        (why, {**nothing, "state": "rejected"}),
        (dated, {**deferred, "look_again_at": None}),
        (dated, {**nothing, "state": "rejected", "rationale": "No.", "look_again_at": at}),
        (pointed, {**closed, **nothing, "closure": ""}),
        (pointed, {"rationale": "No.", "state": "investigating", "closure": "rejection"}),
        (pointed, {**exploratory, "state": "closed", "closure": "exploratory"}),
        (
            "finding_closed_at_and_by_go_together",
            {**closed, **exploratory, "closure": "exploratory", "closed_by": None},
        ),
        ("finding_duplicate_names_the_other", {**closed, **nothing, "closure": "duplicate"}),
        ("finding_duplicate_names_the_other", {"duplicate_of": finding}),
        ("finding_excepted_names_the_exception", {**closed, **nothing, "closure": "exception"}),
        ("finding_controlled_names_the_control", {**by_control, "closing_control": None}),
        ("finding_controlled_names_the_control", {"closing_control": control}),
        (
            "finding_closed_by_a_control_was_acted_on",
            {**by_control, "actionable": False, "mapping": ""},
        ),
        (
            "finding_closed_as_exploratory_was_accepted_as_such",
            {**closed, **nothing, "closure": "exploratory"},
        ),
        (not_acted_on, {**closed, **acted_on, "closure": "rejection"}),
        (
            not_acted_on,
            {**closed, **exploratory, "closure": "duplicate", "duplicate_of": finding},
        ),
        ("finding_closed_by_rejection_says_why", {**closed, **nothing, "closure": "rejection"}),
    ]


def test_each_contradiction_of_a_finding_is_refused_by_its_constraint(world: World) -> None:
    control = scenario.verified(world)
    finding = scenario.reported(world, control.finding.fellowship, title="Another", evidence=[])
    cases = _cases(now(), finding, Finding.objects.get(pk=control.finding_id))
    for number, (name, values) in enumerate(cases):
        said = broken(finding, {"ref": f"F-TEST-{number}", **values})
        assert (name in said) if name else said == "", (name, values, said)
    proven = {name for name, _ in cases} - {""}
    assert {c.name for c in CONSTRAINTS} - proven == {"finding_is_no_duplicate_of_itself"}


def test_a_finding_is_no_duplicate_of_itself_and_a_control_closes_one_finding(
    world: World,
) -> None:
    finding = scenario.reported(world)
    values = {"state": "closed", "closure": "duplicate", "closed_at": now()}
    own = {**values, "closed_by": world.product_owner, "duplicate_of_id": finding.pk}
    assert "finding_is_no_duplicate_of_itself" in _changed(finding, own)
    finding.refresh_from_db()
    accepted = scenario.accepted(world, finding)
    control = scenario.verified(world, scenario.deployed(world, scenario.planned(world, accepted)))
    closed = {
        "state": "closed",
        "closure": "control",
        "closed_at": now(),
        "closed_by": world.product_owner,
        "closing_control": control,
    }
    finding.refresh_from_db()
    assert _changed(finding, closed) == ""
    said = broken(Finding.objects.get(pk=finding.pk), {"ref": "F-Y", **closed})
    assert "closing_control" in said


def _changed(finding: Finding, values: dict[str, Any]) -> str:
    """What the database says to these values in the row itself."""
    for name, value in values.items():
        setattr(finding, name, value)
    try:
        with transaction.atomic(), journal.acting("test.break", by=journal.System("test")):
            finding.save()
            journal.record(subject=finding)
    except IntegrityError as error:
        return str(error)
    return ""


def test_stretches_pauses_and_steps_are_held_to_as_well(world: World) -> None:
    finding = scenario.reported(world)
    segment = DueSegment.objects.get(finding=finding)
    at, day = segment.starts_at, dt.timedelta(days=1)
    ended = {"number": 2, "ended_at": at + day}
    pause = DuePause(
        segment=segment,
        paused_at=at,
        until=at + day,
        waits_on="fellow",
        reason="The logs.",
        due_before=segment.due_at,
        due_after=segment.due_at + day,
    )
    step = Overdue(finding=finding, due_at=at, step=1, at=at + day)
    cases: list[tuple[models.Model, str, dict[str, Any]]] = [
        (segment, "", ended),
        (segment, "number", {"ended_at": at + day}),
        (segment, "finding_id", {"number": 2}),
        (segment, "due_segment_words_are_known", {**ended, "why": "mood"}),
        (segment, "due_segment_times_in_order", {**ended, "ended_at": at - day}),
        (segment, "due_segment_times_in_order", {**ended, "counts_from": at + day}),
        (segment, "due_segment_begins_before_it_is_due", {**ended, "due_at": at - day}),
        (segment, "due_segment_grace_is_for_a_time_past", {**ended, "grace": True}),
        (
            segment,
            "due_segment_rerated_says_why_and_on_what",
            {**ended, "why": "rerated", "reason": "Seen live."},
        ),
        (pause, "", {}),
        (pause, "due_pause_times_in_order", {"until": at}),
        (pause, "due_pause_times_in_order", {"ended_at": at + 2 * day}),
        (pause, "due_pause_never_shortens", {"due_after": segment.due_at - day}),
        (pause, "due_pause_says_why", {"reason": ""}),
        (pause, "due_pause_waits_on_somebody_known", {"waits_on": "nobody"}),
        (step, "", {}),
        (step, "overdue_step_is_known", {"step": 3}),
        (step, "overdue_told_after_due", {"at": at - day}),
    ]
    for row, name, values in cases:
        said = broken(row, values)  # type: ignore[arg-type]
        assert (name in said) if name else said == "", (name, values, said)
