"""Who has a live case in a programme works on none there, and the other way round."""

from __future__ import annotations

import pytest

from fellowship.accounts import duties, roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import end_role, grant_role
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen
from proposals import services as proposals
from tests.governance.test_pages import post
from tests.scenarios.proposals import drafted_proposal, submitted_proposal
from tests.scenarios.scoping import founded_fellowship
from tests.scenarios.world import SETUP, World, make_person, make_world

STAFF = [role for role in roles.STAFF if role != roles.BOARD_MEMBER]


def grant(world: World, user: User, role: str) -> RoleAssignment:
    return grant_role(user=user, realm=world.program.realm, role=role, by=world.admin)


def refusal(world: World, user: User, role: str) -> str:
    with pytest.raises(Refused) as caught:
        grant(world, user, role)
    assert (caught.value.refusal.code, caught.value.refusal.field) == ("separation", "role")
    return caught.value.refusal.reason


def test_every_role_for_the_company_is_kept_apart_with_its_reason() -> None:
    assert set(duties.WHY) == set(roles.STAFF)


@pytest.mark.parametrize("role", STAFF)
def test_an_applicant_with_a_live_proposal_is_given_no_role(world: World, role: str) -> None:
    submitted_proposal(world)
    reason = refusal(world, world.applicant, role)
    assert "with a proposal not yet decided" in reason
    assert duties.WHY[role] in reason


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.REVIEWER, roles.MENTOR])
def test_a_fellow_is_given_no_role_while_the_case_is_open(world: World, role: str) -> None:
    case = founded_fellowship(world)
    assert "with a fellowship not yet closed" in refusal(world, case.fellow, role)


def test_the_form_says_so_at_the_role(world: World) -> None:
    submitted_proposal(world)
    data = {"realm": "meridian", "person": world.applicant.email, "role": "reviewer"}
    text = post(world.fresh("admin"), "/accounts/roles/grant/", 422, **data, reason="Help.")
    assert "is an applicant in Meridian Safety Fellowship" in text
    assert 'href="#id_role' in text


def test_another_programme_and_a_proposal_let_go_are_no_bar(world: World) -> None:
    proposal = submitted_proposal(world)
    other = make_world("other")
    assert grant(other, world.applicant, roles.REVIEWER)
    proposals.withdraw_proposal(proposal=proposal, by=world.applicant)
    assert grant(world, world.applicant, roles.REVIEWER)


def test_a_draft_bars_only_while_it_can_be_submitted(world: World) -> None:
    drafted_proposal(world)
    assert "proposal" in refusal(world, world.applicant, roles.REVIEWER)
    with frozen(world.call.closes_at):
        assert grant(world, world.applicant, roles.REVIEWER)


def test_who_works_for_the_programme_becomes_no_party(world: World) -> None:
    text = refusal(world, world.reviewer, roles.FELLOW)
    assert "End that role first" in text
    person = make_person("newcomer")
    held = grant(world, person, roles.REVIEWER)
    assert "is panel reviewer" in refusal(world, person, roles.APPLICANT)
    end_role(assignment=held, by=SETUP, reason="Leaves the panel.")
    assert grant(world, person, roles.APPLICANT)
