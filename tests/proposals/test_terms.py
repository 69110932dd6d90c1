"""A proposal is held to the terms of the day it chose them; later versions do not reach it."""

from __future__ import annotations

from django.test import Client

from fellowship.programs.models import OutputType
from fellowship.programs.services import retire_offer, revise_terms
from proposals import services, terms
from proposals.models import Proposal
from scoping import generation
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.world import World

V1 = {"output_type": 1, "fellowship_model": 1, "track": 1}


def harness(world: World) -> OutputType:
    """The output type the scenario's proposal chose."""
    return OutputType.objects.get(program=world.program, key="eval-harness")


def change(world: World) -> None:
    """The next version, with another name and other milestones."""
    revise_terms(
        term=harness(world),
        version=1,
        by=world.manager,
        reason="Said more plainly.",
        name="Test harness",
        milestones=[{"title": "All of it", "week": 9}],
    )


def revised(proposal: Proposal, **answers: str) -> Proposal:
    """A second version with other answers."""
    applicant = proposal.applicant
    services.begin_revision(proposal=proposal, by=applicant)
    services.save_answers(proposal=proposal, raw=answers, by=applicant)
    return services.submit_proposal(proposal=proposal, by=applicant)


def test_a_later_version_reaches_neither_text_nor_scope(world: World) -> None:
    proposal = submitted_proposal(world)
    change(world)
    current = proposal.current()
    assert current is not None
    assert current.terms == V1
    client = Client()
    client.force_login(world.fresh("applicant"))
    page = client.get(proposal.get_absolute_url()).content.decode()
    assert "Evaluation harness, version 1</a>" in page
    assert "Version 2 came later and does not apply here." in page
    assert "Test harness" not in page
    url = f"/calls/programmes/{world.program.slug}/output/eval-harness/1/"
    assert f'href="{url}"' in page
    assert client.get(url).status_code == 200
    plan = generation.template(terms.chosen(current))
    assert [m.title for m in plan] == ["Protocol", "Harness", "Report"]


def test_a_revision_keeps_what_it_leaves_and_takes_what_it_chooses_anew(world: World) -> None:
    proposal = submitted_proposal(world)
    change(world)
    kept = revised(proposal, budget="20,000 EUR").current()
    assert kept is not None
    assert kept.terms == V1
    other = revised(proposal, fellowship_model="open_methods").current()
    assert other is not None
    assert other.terms == V1
    assert {q: str(r) for q, r in terms.chosen(other).items()} == {
        "output_type": "Evaluation harness",
        "fellowship_model": "Open methods fellowship",
        "track": "Controlled access",
    }


def test_what_is_retired_stays_in_the_cases_that_chose_it(world: World) -> None:
    proposal = submitted_proposal(world)
    retire_offer(offer=harness(world), by=world.manager, reason="Not sought any more.")
    client = Client()
    client.force_login(world.fresh("manager"))
    page = client.get(proposal.get_absolute_url()).content.decode()
    assert "Evaluation harness, version 1</a>" in page
