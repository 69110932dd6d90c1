"""Who sees what, in every state, through every way in: one truth table and one canary."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.test import Client

from fellowship.accounts.models import Conflict, User
from fellowship.accounts.services import declare_conflict
from fellowship.notices.models import Notice
from governance import services as governance
from governance.models import Matter
from proposals import services
from proposals.models import Assignment, Proposal, Review
from tests.scenarios.governance import decide_on
from tests.scenarios.proposals import assigned, drafted_proposal, panel, review
from tests.scenarios.world import World, make_world

CANARY = "canary7f3a"
ROLES = (
    "applicant",
    "other_applicant",
    "stranger",
    "reviewer",
    "reviewer_two",
    "manager",
    "board_legal",
    "chair",
    "auditor",
    "admin",
    "sponsor",
    "mentor",
    "steward",
    "oncall",
)
ALWAYS = {"applicant"}
OFFICE = {"manager", "auditor"}
BOARD = {"board_legal", "chair"}


def seen_by(world: World, model: type[Proposal] | type[Assignment] | type[Review]) -> set[str]:
    """The people whose lists hold any row of the model."""
    return {name for name in ROLES if model.objects.visible_to(world.fresh(name)).exists()}


def test_truth_table_of_proposals_turn_by_turn(world: World) -> None:
    proposal = drafted_proposal(world)
    assert seen_by(world, Proposal) == ALWAYS
    services.submit_proposal(proposal=proposal, by=world.applicant)
    assert seen_by(world, Proposal) == ALWAYS | OFFICE
    assignment = assigned(world, proposal, cleared=False)
    assert seen_by(world, Proposal) == ALWAYS | OFFICE
    services.declare(assignment=assignment, kind=Conflict.Kind.NONE, by=world.reviewer)
    assert seen_by(world, Proposal) == ALWAYS | OFFICE | {"reviewer"}
    review(assignment)
    for member in panel(world)[1:]:
        review(assigned(world, proposal, member))
    services.refer_to_board(proposal=proposal, by=world.manager)
    readers = ALWAYS | OFFICE | {"reviewer", "reviewer_two"}
    assert seen_by(world, Proposal) == readers
    matter = Matter.objects.get(subject_type="proposals.proposal", subject_id=proposal.pk)
    for who in sorted(BOARD):
        governance.recuse(matter=matter, by=world.fresh(who), kind=Conflict.Kind.NONE)
        readers |= {who}
        assert seen_by(world, Proposal) == readers
    decide_on(world, proposal, "approve")
    assert seen_by(world, Proposal) == readers


def test_truth_table_of_assignments_and_reviews(world: World) -> None:
    proposal = drafted_proposal(world)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    first = assigned(world, proposal, cleared=False)
    assert seen_by(world, Assignment) == OFFICE | {"reviewer"}
    services.declare(assignment=first, kind=Conflict.Kind.NONE, by=world.reviewer)
    second = assigned(world, proposal, world.reviewer_two)
    review(first)
    assert seen_by(world, Review) == OFFICE | {"reviewer"}
    assert not Review.objects.visible_to(world.fresh("reviewer_two")).exists()
    review(second)
    assert Review.objects.visible_to(world.fresh("reviewer_two")).count() == 2
    assert Review.objects.visible_to(world.fresh("applicant")).count() == 0


@pytest.mark.parametrize("who", ["manager", "auditor", "reviewer", "board_legal", "chair"])
def test_a_declared_conflict_removes_it_whatever_the_role(world: World, who: str) -> None:
    proposal = drafted_proposal(world)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    for member in panel(world):
        review(assigned(world, proposal, member))
    services.refer_to_board(proposal=proposal, by=world.manager)
    person = world.fresh(who)
    if who in BOARD:
        matter = Matter.objects.get(subject_type="proposals.proposal", subject_id=proposal.pk)
        governance.recuse(matter=matter, by=person, kind=Conflict.Kind.NONE)
    assert Proposal.objects.visible_to(person).exists()
    declare_conflict(
        user=person,
        subject=proposal,
        realm=proposal.program_id,
        kind=Conflict.Kind.COAUTHOR,
        statement="We wrote a paper.",
        by=person,
    )
    for model in (Proposal, Assignment, Review):
        assert not model.objects.visible_to(world.fresh(who)).exists()


def test_nobody_sees_anything_signed_out_inactive_or_elsewhere(world: World) -> None:
    proposal = drafted_proposal(world)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    elsewhere = make_world("b")
    inactive = world.fresh("manager")
    inactive.is_active = False
    people = [AnonymousUser(), inactive, *elsewhere.people.values()]
    for person in people:
        for model in (Proposal, Assignment, Review):
            assert not model.objects.visible_to(person).exists()


def test_a_member_of_the_team_on_the_board_is_a_party(world: World) -> None:
    member = world.board_legal
    User.objects.get(pk=member.pk)
    member.orcid = "0000-0002-1825-0097"
    member.save()
    team = [{"name": "Ada"}, {"name": "B", "orcid": member.orcid}]
    proposal = drafted_proposal(world, team=team)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    for person in panel(world):
        review(assigned(world, proposal, person))
    services.refer_to_board(proposal=proposal, by=world.manager)
    for who in sorted(BOARD):
        declare_conflict(
            user=world.people[who],
            subject=proposal,
            realm=proposal.program_id,
            kind=Conflict.Kind.NONE,
            by=world.people[who],
        )
    assert seen_by(world, Proposal) & BOARD == {"chair"}


def addresses(proposal: Proposal, assignments: list[Assignment]) -> list[str]:
    """Every way in to a proposal."""
    base = f"/proposals/{proposal.ref}/"
    return [
        "/",
        "/inbox/",
        "/proposals/",
        "/proposals/all/",
        f"/proposals/all/?q={CANARY}",
        "/proposals/reviews/",
        base,
        f"{base}versions/1/",
        f"{base}letter/",
        f"{base}edit/",
        f"{base}edit/question/",
        f"{base}check/",
        f"{base}receipt/",
        f"{base}panel/",
        *(f"/proposals/reviews/{a.pk}/" for a in assignments),
        *(f"/proposals/reviews/{a.pk}/declare/" for a in assignments),
        "/api/v1/proposals/",
        f"/api/v1/proposals/?q={CANARY}",
        f"/api/v1/proposals/{proposal.ref}/",
        f"/calls/{proposal.call.ref}/",
    ]


@pytest.mark.parametrize("who", ["recused", "unassigned", "undeclared", "other_applicant", "admin"])
def test_the_canary_reaches_nobody_it_must_not(world: World, who: str) -> None:
    answers = {key: f"{CANARY} {key} across 60 prompts" for key in ("problem", "method", "budget")}
    proposal = drafted_proposal(world, **answers)
    proposal = services.submit_proposal(proposal=proposal, by=world.applicant)
    assignments = [assigned(world, proposal, world.reviewer_two)]
    person = {"recused": "reviewer", "undeclared": "reviewer", "unassigned": "reviewer"}.get(
        who, who
    )
    if who in ("recused", "undeclared"):
        assignments.append(assigned(world, proposal, cleared=False))
    if who == "recused":
        services.declare(
            assignment=assignments[-1],
            kind=Conflict.Kind.EMPLOYER,
            statement="We share an office.",
            by=world.reviewer,
        )
    review(assignments[0], comment_board=f"{CANARY} board", comment_applicant=f"{CANARY} you")
    client = Client()
    client.force_login(world.fresh(person))
    for address in addresses(proposal, assignments):
        response = client.get(address, follow=True)
        text = response.content.decode().replace(f'value="{CANARY}"', "")
        assert f"{CANARY} " not in text, address
        if who == "recused" and "/calls/" not in address:
            assert proposal.title not in text, address
    notices = Notice.objects.filter(recipient=world.fresh(person))
    assert not notices.filter(body__contains=CANARY).exists()
    assert not any(CANARY in message.body for message in mail.outbox)


def test_counts_and_refusals_tell_a_recused_person_nothing(world: World) -> None:
    proposal = drafted_proposal(world)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    assignment = assigned(world, proposal, cleared=False)
    services.declare(
        assignment=assignment,
        kind=Conflict.Kind.FINANCIAL,
        statement="I hold shares.",
        by=world.reviewer,
    )
    client = Client()
    client.force_login(world.fresh("reviewer"))
    gone = client.get(f"/proposals/{proposal.ref}/")
    never = client.get("/proposals/PROP-1999-001/")
    assert (gone.status_code, never.status_code) == (404, 404)
    assert gone.content.replace(proposal.ref.encode(), b"") == never.content.replace(
        b"PROP-1999-001", b""
    ) or len(gone.content) - len(never.content) in (0, 2, -2)
    assert client.get(f"/proposals/reviews/{assignment.pk}/").status_code == 404
    assert client.get("/api/v1/proposals/").json()["results"] == []
