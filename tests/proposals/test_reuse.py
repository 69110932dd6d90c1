"""Earlier text is taken over section by section, by its writer, never silently."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from fellowship.kernel.refusals import Refused
from proposals import reuse, services
from proposals.models import Draft, Proposal
from proposals.sections import BY_KEY
from tests.proposals.test_pages import client_of, queries
from tests.scenarios.proposals import ANSWERS, drafted_proposal, submitted_proposal
from tests.scenarios.world import World


@pytest.fixture
def source(world: World) -> Proposal:
    """What the applicant submitted before."""
    return submitted_proposal(world)


@pytest.fixture
def draft(world: World, source: Proposal) -> Proposal:
    """A new draft of the same applicant, with a title of its own."""
    proposal = services.start_proposal(call=world.call, by=world.applicant)
    return services.save_answers(
        proposal=proposal, raw={"title": "Another title"}, by=world.applicant
    )


def take(draft: Proposal, source: Proposal, **versions: int) -> dict[str, Any]:
    """Take sections over, and tell what the draft then says."""
    services.take_over(proposal=draft, source=source, parts=versions, by=draft.applicant)
    return services.draft_answers(draft)


def test_only_the_chosen_sections_come_over_and_declarations_never(
    draft: Proposal, source: Proposal
) -> None:
    for _ in range(2):
        answers = take(draft, source, team=0, system=0, declarations=0)
    assert answers == {
        "title": "Another title",
        **{key: ANSWERS[key] for key in ("team", "prior_work")},
        **{key: ANSWERS[key] for key in ("system", "system_version", "hypothesis")},
    }
    assert "declarations" not in [part.section.key for part in reuse.parts(draft, source)]


def test_a_section_saved_meanwhile_is_not_replaced_unseen(
    draft: Proposal, source: Proposal
) -> None:
    with pytest.raises(services.StaleDraft):
        take(draft, source, team=0, question=0)
    assert services.draft_answers(draft) == {"title": "Another title"}
    assert take(draft, source, question=1)["title"] == ANSWERS["title"]


def test_what_the_programme_does_not_offer_stays_behind() -> None:
    offers = {"tracks": {ANSWERS["track"]: "Track"}, "output_types": {"memo": "Memo"}}
    taken = reuse.taken(BY_KEY["arrangement"], ANSWERS, offers)
    assert taken == {"track": ANSWERS["track"]}


def test_nobody_takes_over_from_another(world: World, source: Proposal) -> None:
    other = services.start_proposal(call=world.call, by=world.other_applicant)
    for proposal, by in ((other, world.other_applicant), (other, world.applicant)):
        with pytest.raises(Refused) as refused:
            services.take_over(proposal=proposal, source=source, parts={"team": 0}, by=by)
        assert refused.value.refusal.code == "not_yours"
    client = Client()
    client.force_login(world.fresh("other_applicant"))
    assert client.get(f"/proposals/{other.ref}/reuse/{source.ref}/").status_code == 404
    assert source.ref not in client.get(f"/proposals/{other.ref}/reuse/").content.decode()


def test_the_page_shows_both_texts_and_chooses_nothing(
    world: World, draft: Proposal, source: Proposal
) -> None:
    client = Client()
    client.force_login(world.fresh("applicant"))
    assert b"Reuse what you wrote before" in client.get(f"/proposals/{draft.ref}/edit/").content
    assert source.ref in client.get(f"/proposals/{draft.ref}/reuse/").content.decode()
    url = f"/proposals/{draft.ref}/reuse/{source.ref}/"
    page = client.get(url).content.decode()
    assert "checked" not in page
    assert "<del>" in page
    assert ANSWERS["method"] in page
    assert client.post(url, {}).status_code == 422
    late = client.post(url, {"take-question": "on", "version-question": "0"})
    assert late.status_code == 422
    assert b"saved elsewhere" in late.content
    done = client.post(url, {"take-question": "on", "version-question": "1"})
    assert done["Location"] == f"/proposals/{draft.ref}/edit/"
    assert (
        Draft.objects.get(proposal=draft, section="question").answers["title"] == (ANSWERS["title"])
    )


def test_the_api_takes_over_by_section(world: World, draft: Proposal, source: Proposal) -> None:
    client = APIClient(headers={"If-Match": "*"})
    client.force_authenticate(world.fresh("applicant"))
    url = f"/api/v1/proposals/{draft.ref}/reuse/"
    done = client.post(url, {"earlier": source.ref, "sections": ["plan"]})
    assert (done.status_code, done.json()["draft"]["budget"]) == (200, ANSWERS["budget"])
    for body in ({"earlier": source.ref, "sections": []}, {"sections": ["plan"]}):
        assert client.post(url, body).status_code == 400
    assert client.post(url, {"earlier": "PROP-1", "sections": ["plan"]}).status_code == 404
    wrong = {"earlier": source.ref, "sections": ["declarations"]}
    assert client.post(url, wrong).status_code == 400


def test_the_pages_of_writing_are_bounded_whatever_was_written_before(world: World) -> None:
    sources = [submitted_proposal(world)]
    draft = drafted_proposal(world)
    client = client_of(world.applicant)
    pages = ("edit/", "edit/data/", "attachments/", "check/", "reuse/", f"reuse/{sources[0].ref}/")
    urls = [f"/proposals/{draft.ref}/{page}" for page in pages]
    first = [queries(client, url) for url in urls]
    assert max(first) <= 25
    services.withdraw_proposal(proposal=draft, by=world.applicant, reason="Another plan.")
    sources += [submitted_proposal(world), submitted_proposal(world)]
    other = drafted_proposal(world)
    assert [queries(client, url.replace(draft.ref, other.ref)) for url in urls] == first
