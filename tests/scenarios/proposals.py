"""Proposals at every stage, made by the services people use."""

from __future__ import annotations

from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.services import grant_role
from proposals import rubric, services
from proposals.models import Assignment, Proposal, Review
from tests.scenarios.governance import decide_on
from tests.scenarios.world import SETUP, World, make_person

ANSWERS: dict[str, Any] = {
    "title": "Refusal drift under long multi-turn pressure",
    "problem": "Refusals weaken when the same request is repeated across turns.",
    "question": "Whether the refusal rate falls between turn 1 and turn 20, across 60 prompts.",
    "system": "The assistant model",
    "system_version": "2026-09 release",
    "hypothesis": "A patient attacker gets an answer that a single turn would refuse.",
    "method": "60 prompts, 20 turns each, two raters, a mixed model.",
    "success": "The interval of the drift is narrower than 10 points.",
    "output_type": "eval-harness",
    "fellowship_model": "controlled_access",
    "track": "controlled_access",
    "needs_data": "yes",
    "data_needs": [
        {"dataset": "Refusal logs, six fields", "why": "A synthetic mirror loses the turn order."}
    ],
    "team": [{"name": "Ada Nwosu", "affiliation": "University of Elsewhere"}],
    "prior_work": "Our pilot of 12 prompts.",
    "conflicts": "None",
    "export_control": "no",
    "budget": "18,000 EUR",
    "timeline": "Six months",
}
"""Complete answers for the world's programme."""


def drafted_proposal(world: World, applicant: User | None = None, **answers: Any) -> Proposal:
    """A complete draft. Give a question as None to leave it unanswered."""
    applicant = applicant or world.applicant
    proposal = services.start_proposal(call=world.call, by=applicant)
    raw = {key: value for key, value in {**ANSWERS, **answers}.items() if value is not None}
    return services.save_answers(proposal=proposal, raw=raw, by=applicant)


def submitted_proposal(world: World, applicant: User | None = None, **answers: Any) -> Proposal:
    """A proposal just submitted."""
    proposal = drafted_proposal(world, applicant, **answers)
    return services.submit_proposal(proposal=proposal, by=proposal.applicant)


def assigned(
    world: World, proposal: Proposal, reviewer: User | None = None, *, cleared: bool = True
) -> Assignment:
    """A reviewer asked, who declared no conflict unless `cleared` is False."""
    reviewer = reviewer or world.reviewer
    assignment = services.assign_reviewer(proposal=proposal, reviewer=reviewer, by=world.manager)
    if cleared:
        services.declare(assignment=assignment, kind=Conflict.Kind.NONE, by=reviewer)
    return assignment


def review(assignment: Assignment, score: int = 4, **values: Any) -> Review:
    """A review sent by the assignment's reviewer, every criterion scored alike."""
    keys = ("safety_relevance", "feasibility", "originality", "operational_fit")
    return services.submit_review(
        **{
            "assignment": assignment,
            "scores": dict.fromkeys(keys, score),
            "confidence": 2,
            "comment_applicant": "A bounded question.",
            "comment_board": "Worth a place.",
            "by": assignment.reviewer,
            **values,
        }
    )


def panel(world: World) -> list[User]:
    """As many reviewers as the rubric asks for; those the world lacks join its panel."""
    needed = rubric.of_call(world.call).reviewers_per_proposal
    for number in range(3, needed + 1):
        name = f"reviewer_{number}"
        if name not in world.people:
            person = make_person(name, world.program.slug.removeprefix("meridian"))
            grant_role(user=person, realm=world.program.realm, role=roles.REVIEWER, by=SETUP)
            world.people[name] = User.objects.get(pk=person.pk)
    names = ["reviewer", "reviewer_two", *(f"reviewer_{n}" for n in range(3, needed + 1))]
    return [world.people[name] for name in names[:needed]]


def reviewed_proposal(world: World, applicant: User | None = None, **answers: Any) -> Proposal:
    """A proposal with every review the rubric asks for."""
    proposal = submitted_proposal(world, applicant, **answers)
    for reviewer in panel(world):
        review(assigned(world, proposal, reviewer))
    return Proposal.objects.get(pk=proposal.pk)


def referred_proposal(world: World, applicant: User | None = None, **answers: Any) -> Proposal:
    """A proposal before the board."""
    proposal = reviewed_proposal(world, applicant, **answers)
    return services.refer_to_board(proposal=proposal, by=world.manager)


def decided_proposal(
    world: World, outcome: str = "approve", applicant: User | None = None, **answers: Any
) -> Proposal:
    """A proposal the board decided on; every seat votes alike."""
    proposal = referred_proposal(world, applicant, **answers)
    decide_on(world, proposal, outcome)
    return Proposal.objects.get(pk=proposal.pk)


def accepted_proposal(world: World, applicant: User | None = None, **answers: Any) -> Proposal:
    """A proposal the board approved."""
    return decided_proposal(world, "approve", applicant, **answers)
