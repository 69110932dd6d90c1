"""A conflict about a proposal closes what hangs on its case alone, trail and later rules too."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail as outgoing

from access import services as access
from access.models import AccessEvent
from fellowship.accounts import recusals
from fellowship.accounts.models import Conflict
from fellowship.accounts.services import declare_conflict
from fellowship.kernel.time import frozen
from fellowship.notices.models import Notice
from fellowship.notices.services import deliver, notify
from governance.models import Escalation, ExceptionRecord, RuleAmendment
from governance.services import approve_override, request_override
from governance.services.expiry import announce
from tests.scenarios import access as scenes
from tests.scenarios.governance import (
    granted_exception,
    offered_rule,
    raised_escalation,
    requested_exception,
)
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
KIND = "tests.told"


def _recused(world: World, subject: Any) -> Any:
    manager = world.fresh("manager")
    asked: dict[str, Any] = {"kind": "coauthor", "statement": "We wrote together.", "by": manager}
    declare_conflict(user=manager, subject=subject, realm=world.program.pk, **asked)
    return world.fresh("manager")


def test_reported_acts_of_the_case_are_not_there(world: World) -> None:
    grant = scenes.granted(world)
    reported = {"source": "gateway", "program": world.program, "by": world.steward}
    access.ingest(events=[scenes.event(grant)], **reported)
    assert AccessEvent.objects.visible_to(world.fresh("manager")).count() == 1
    recused = _recused(world, grant.request.fellowship.proposal)
    assert not AccessEvent.objects.visible_to(recused).exists()
    assert not AccessEvent.objects.reported_to(recused).exists()
    assert AccessEvent.objects.visible_to(world.fresh("auditor")).count() == 1


def test_a_later_rule_offered_for_the_case_is_not_there(world: World) -> None:
    fellowship = signed_fellowship(world)
    assert offered_rule(world).subject_type == "scoping.fellowship"
    assert RuleAmendment.objects.visible_to(world.fresh("manager")).count() == 1
    recused = _recused(world, fellowship.proposal)
    assert not RuleAmendment.objects.visible_to(recused).exists()
    assert RuleAmendment.objects.visible_to(fellowship.fellow).count() == 1


def test_exceptions_and_alarms_about_the_case_are_not_there(world: World) -> None:
    fellowship = signed_fellowship(world)
    requested_exception(world, fellowship)
    raised_escalation(world, subject=fellowship)
    for model in (ExceptionRecord, Escalation):
        assert model.objects.visible_to(world.fresh("manager")).count() == 1
    recused = _recused(world, fellowship.proposal)
    for model in (ExceptionRecord, Escalation):
        assert not model.objects.visible_to(recused).exists()
        assert model.objects.visible_to(world.fresh("auditor")).count() == 1


def test_what_was_told_of_them_before_is_gone_from_the_inbox_and_comes_back(world: World) -> None:
    """From the mail as well, and for what is told of them later; an override brings it back."""
    fellowship = signed_fellowship(world)
    exception = requested_exception(world, fellowship)
    alarm = raised_escalation(world, subject=fellowship)
    other = raised_escalation(world)
    told = (exception, alarm, other)
    everybody = ("manager", "auditor")

    def inbox(name: str) -> list[int]:
        rows = Notice.objects.visible_to(world.fresh(name))
        return [rows.about(subject).filter(kind=KIND).count() for subject in told]

    def tell() -> None:
        people = [world.people[name] for name in everybody]
        for subject in told:
            notify(kind=KIND, to=people, title="Look.", subject_obj=subject)

    tell()
    assert [inbox(name) for name in everybody] == [[1, 1, 1], [1, 1, 1]]
    _recused(world, fellowship.proposal)
    tell()
    assert [inbox(name) for name in everybody] == [[0, 0, 2], [2, 2, 2]]
    deliver()
    mails = [mail.body for mail in outgoing.outbox if world.manager.email in mail.to]
    assert mails
    assert not any(subject.ref in body for subject in (exception, alarm) for body in mails)
    conflict = Conflict.objects.recusing().get(user=world.manager)
    asked = request_override(conflict=conflict, by=world.chair, reason="Nobody else.")
    approve_override(override=asked, by=world.sponsor)
    assert inbox("manager") == [2, 2, 2]


def test_an_alarm_about_the_case_is_closed_by_a_conflict_about_its_proposal(world: World) -> None:
    fellowship = signed_fellowship(world)
    alarm = raised_escalation(world, subject=fellowship)
    raised_escalation(world)
    _recused(world, fellowship.proposal)
    assert recusals.closed_to(world.manager.pk)["governance.escalation"] == [alarm.pk]


def test_the_digest_of_ended_exceptions_leaves_out_what_is_closed(world: World) -> None:
    fellowship = signed_fellowship(world)
    about_case = granted_exception(world, fellowship)
    other = granted_exception(world)
    _recused(world, fellowship.proposal)
    at = max(about_case.expires_at, other.expires_at)
    with frozen(at):
        announce(at)
    ends = Notice.objects.filter(kind="governance.exception_ends")
    read = {name: ends.get(recipient=world.people[name]).body for name in ("manager", "chair")}
    assert {name: about_case.ref in body for name, body in read.items()} == {
        "manager": False,
        "chair": True,
    }
    assert all(other.ref in body for body in read.values())
