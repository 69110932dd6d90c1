"""A conflict about a proposal closes what hangs on its case alone, trail and later rules too."""

from __future__ import annotations

from typing import Any

import pytest

from access import services as access
from access.models import AccessEvent
from fellowship.accounts.services import declare_conflict
from governance.models import Escalation, ExceptionRecord, RuleAmendment
from tests.scenarios import access as scenes
from tests.scenarios.governance import offered_rule, raised_escalation, requested_exception
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db


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
