"""A database for measurement: its numbers, its record, what it refuses."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from access.models import AccessEvent
from fellowship.history.models import Event
from fellowship.history.seal import seal
from fellowship.history.verify import verify
from findings.models import Finding
from governance.models import ExceptionRecord
from governance.services.expiry import announce
from oversight.scale.filling import Filling, Numbers
from proposals.models import Proposal, Review
from scoping.models import Fellowship

FEW = Numbers(fellowships=3, proposals=30, findings=60, exceptions=12, expiring=4, events=2_000)


def _quiet(text: str) -> None:
    """Say nothing."""


def counted() -> list[int]:
    """How many there are of what the numbers name."""
    models = (Fellowship, Proposal, Finding, ExceptionRecord, AccessEvent)
    return [model._default_manager.count() for model in models]


@pytest.mark.django_db
def test_the_numbers_and_a_record_that_verifies() -> None:
    """Every copy has its history row and event, and every access event its batch."""
    filling = Filling(say=_quiet)
    filling.fill(FEW)
    assert counted() == [3, 30, 60, 12, 2_000]
    assert Review.objects.count() > 20
    assert Event.objects.filter(subject_type="findings.finding").count() >= 60
    seal()
    report = verify()
    assert report.ok, report.first
    verdicts = set(AccessEvent.objects.values_list("verdict", flat=True))
    assert verdicts == {"within", "out_of_scope"}


@pytest.mark.django_db
def test_it_grows_in_steps_and_the_exceptions_end() -> None:
    """A second step adds to the first; those about to end are announced as they do."""
    filling = Filling(say=_quiet)
    filling.fill(Numbers(2, 4, 5, 3, 1, 100))
    filling.grow(FEW)
    assert counted() == [3, 30, 60, 12, 2_000]
    soon = filling.case.today.replace(microsecond=0)
    due = ExceptionRecord.objects.order_by("expires_at")[FEW.expiring - 1].expires_at
    assert due > soon
    assert ExceptionRecord.objects.expired(due).count() == FEW.expiring
    assert announce(due) >= FEW.expiring


@pytest.mark.django_db
def test_the_command_says_what_it_made_and_refuses_a_database_in_use() -> None:
    """A second run would mix with what is there."""
    out = io.StringIO()
    call_command("seed_scale", scale=0.0001, stdout=out)
    assert "fellowships" in out.getvalue()
    assert "access events" in out.getvalue()
    with pytest.raises(CommandError, match="in use"):
        call_command("seed_scale", scale=0.0001)


@pytest.mark.parametrize("scale", [0, -1, 11])
def test_nonsense_sizes_are_refused(scale: float) -> None:
    """Before anything is read."""
    with pytest.raises(CommandError, match="--scale"):
        call_command("seed_scale", scale=scale)
