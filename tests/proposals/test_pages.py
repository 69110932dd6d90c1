"""The pages of proposals: whole ways in the browser's place, bad input, pinned query counts."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.kernel.time import frozen
from governance.services.telling import FOR_PARTIES
from proposals import services, standing, status
from proposals.forms import flat
from proposals.models import Assignment, Draft, Proposal, Review
from proposals.sections import SECTIONS
from proposals.services.drafting import DECISION_SILENCE
from tests.scenarios.governance import decide_on
from tests.scenarios.proposals import (
    ANSWERS,
    assigned,
    decided_proposal,
    drafted_proposal,
    panel,
    referred_proposal,
    review,
    submitted_proposal,
)
from tests.scenarios.world import World, make_person


def client_of(user: User) -> Client:
    """A browser signed in as this person."""
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def posted(section: Any, **extra: Any) -> dict[str, str]:
    """One section's form as a browser sends it."""
    return {name: str(value) for name, value in flat(section, ANSWERS).items()} | extra


def test_from_call_to_receipt_and_letter(world: World) -> None:
    applicant = client_of(world.applicant)
    made = applicant.post(f"/proposals/start/{world.call.ref}/")
    ref = Proposal.objects.get().ref
    assert made["Location"] == f"/proposals/{ref}/edit/"
    for section in SECTIONS:
        response = applicant.post(
            f"/proposals/{ref}/edit/{section.key}/", posted(section, version="0")
        )
        assert response.status_code == 302, response.content
    assert response["Location"] == f"/proposals/{ref}/check/"
    assert b"Submit the proposal" in applicant.get(f"/proposals/{ref}/check/").content
    sent = applicant.post(f"/proposals/{ref}/submit/")
    assert sent["Location"] == f"/proposals/{ref}/receipt/"
    receipt = applicant.get(sent["Location"]).content.decode()
    assert ref in receipt
    assert "nothing needed from you" in receipt
    assert Proposal.objects.get().answers() == ANSWERS

    manager = client_of(world.manager)
    people = panel(world)
    for person in people:
        assign = manager.post(f"/proposals/{ref}/panel/", {"reviewer": person.pk})
        assert assign.status_code == 302, assign.content
    for assignment in Assignment.objects.select_related("reviewer"):
        reviewer = client_of(assignment.reviewer)
        here = f"/proposals/reviews/{assignment.pk}/"
        before = reviewer.get(here).content.decode()
        assert ANSWERS["title"] in before
        assert ANSWERS["method"] not in before
        assert reviewer.post(f"{here}declare/", {"kind": "none"})["Location"] == here
        page = reviewer.get(here).content.decode()
        assert ANSWERS["method"] in page
        assert "checked" not in page
        assert reviewer.post(here, review_form())["Location"] == "/proposals/reviews/"
    assert manager.post(f"/proposals/{ref}/panel/refer/").status_code == 302
    assert "With the board, day 1 of" in applicant.get(f"/proposals/{ref}/").content.decode()
    decide_on(world, Proposal.objects.get(), "approve")
    letter = applicant.get(f"/proposals/{ref}/letter/").content.decode()
    assert "The board approved this." in letter
    assert "A bounded question." in letter
    assert "Worth a place." not in letter
    assert str(world.reviewer_two) not in letter


def review_form(**changes: str) -> dict[str, str]:
    """A whole review as a browser sends it."""
    keys = ("safety_relevance", "feasibility", "originality", "operational_fit")
    return {
        **{f"score-{key}": "4" for key in keys},
        "confidence": "2",
        "comment_applicant": "A bounded question.",
        "comment_board": "Worth a place.",
        **changes,
    }


def test_a_draft_has_one_name_on_all_its_pages(world: World) -> None:
    proposal = drafted_proposal(world)
    title = proposal.drafts.get(section="question").answers["title"]
    applicant = client_of(world.applicant)
    for address in (
        "/proposals/",
        f"/proposals/{proposal.ref}/",
        f"/proposals/{proposal.ref}/edit/",
    ):
        page = applicant.get(address).content.decode()
        assert title in page, address
        assert "Untitled" not in page, address


def test_an_incomplete_draft_names_what_is_missing_on_page_and_verb(world: World) -> None:
    proposal = drafted_proposal(world, question=None)
    applicant = client_of(world.applicant)
    page = applicant.get(f"/proposals/{proposal.ref}/check/").content.decode()
    assert "Problem and question (research question)" in page
    refused = applicant.post(f"/proposals/{proposal.ref}/submit/")
    assert refused.status_code == 409
    assert b"Problem and question (research question)" in refused.content


def test_a_closed_call_refuses_on_the_page_with_its_time(world: World) -> None:
    proposal = drafted_proposal(world)
    applicant = client_of(world.applicant)
    with frozen(world.call.closes_at):
        page = applicant.get(f"/proposals/{proposal.ref}/check/").content.decode()
        assert "This call closed on" in page
        assert applicant.post(f"/proposals/{proposal.ref}/submit/").status_code == 409
    assert Draft.objects.filter(proposal=proposal).count() == len(SECTIONS)


def test_two_tabs_see_both_texts(world: World) -> None:
    proposal = drafted_proposal(world)
    applicant = client_of(world.applicant)
    url = f"/proposals/{proposal.ref}/edit/question/"
    assert applicant.post(url, {"title": "From the first tab", "version": "1"}).status_code == 302
    second = applicant.post(url, {"title": "From the second tab", "version": "1"})
    text = second.content.decode()
    assert second.status_code == 409
    assert "<del>first</del>" in text
    assert "<ins>second</ins>" in text
    assert 'value="From the second tab"' in text
    assert 'name="version" value="2"' in text
    kept = {"title": "From the second tab", "version": "2"}
    assert applicant.post(url, kept).status_code == 302


def test_autosave_answers_saved_stale_and_invalid(world: World) -> None:
    proposal = drafted_proposal(world)
    applicant = client_of(world.applicant)
    url = f"/proposals/{proposal.ref}/edit/question/save/"
    assert applicant.post(url, {"title": "A", "version": "1"}).json()["version"] == 2
    stale = applicant.post(url, {"title": "B", "version": "1"})
    assert (stale.status_code, stale.json()["data"]["title"]) == (409, "A")
    invalid = applicant.post(url, {"title": "\x00", "version": "2"})
    assert (invalid.status_code, list(invalid.json()["errors"])) == (422, ["title"])
    assert invalid.json()["text"].startswith("Title: Remove the invisible control characters")
    assert applicant.get(url).status_code == 405


def test_a_submitted_proposal_says_why_it_is_not_open_and_where_to_go(world: World) -> None:
    proposal = submitted_proposal(world)
    applicant = client_of(world.applicant)
    for part in ("edit", "check", "edit/question"):
        answer = applicant.get(f"/proposals/{proposal.ref}/{part}/")
        text = answer.content.decode()
        assert answer.status_code == 409
        assert "open a revision on its page first" in text
    answer = applicant.get(f"/proposals/{proposal.ref}/check/").content.decode()
    assert f'href="/proposals/{proposal.ref}/"' in answer


def test_the_address_that_starts_a_proposal_leads_to_its_call(world: World) -> None:
    applicant = client_of(world.applicant)
    opened = applicant.get(f"/proposals/start/{world.call.ref}/")
    assert opened.headers["Location"] == f"/calls/{world.call.ref}/"
    assert not Proposal.objects.exists()


def test_rows_are_added_and_removed_without_scripts(world: World) -> None:
    proposal = drafted_proposal(world)
    applicant = client_of(world.applicant)
    url = f"/proposals/{proposal.ref}/edit/team/"
    rows = {f"team-{n}-name": f"Person {n}" for n in range(3)}
    more = applicant.post(url, {**rows, "prior_work": "x", "version": "1", "more": "team"})
    assert more["Location"] == url
    assert applicant.get(url).content.decode().count('name="team-') == 5 * 3
    fewer = {"team-0-name": "", "team-1-name": "Person 1", "prior_work": "x", "version": "2"}
    applicant.post(url, fewer)
    assert services.draft_answers(proposal)["team"] == [{"name": "Person 1"}]


def test_a_bad_orcid_is_shown_at_its_cell_and_the_rest_is_kept(world: World) -> None:
    proposal = drafted_proposal(world)
    applicant = client_of(world.applicant)
    sent = {
        "team-0-name": "Ada",
        "team-0-orcid": "0000-0002-1825-0098",
        "prior_work": "Kept text",
        "version": "1",
    }
    response = applicant.post(f"/proposals/{proposal.ref}/edit/team/", sent)
    text = response.content.decode()
    assert response.status_code == 422
    assert "The last character of this ORCID iD does not match the others." in text
    assert "#id_team-0-orcid" in text
    assert "Kept text" in text


@pytest.mark.parametrize("field", ["version", "team-x-name", "team-99-name", "team-0-name-x"])
def test_hostile_field_names_and_versions_break_nothing(world: World, field: str) -> None:
    proposal = drafted_proposal(world)
    applicant = client_of(world.applicant)
    for value in ("-1", "9" * 40, "\x00", "<script>"):
        response = applicant.post(f"/proposals/{proposal.ref}/edit/team/", {field: value})
        assert response.status_code in (302, 409, 422)


def test_a_review_names_what_is_missing_and_keeps_the_rest(world: World) -> None:
    assignment = assigned(world, submitted_proposal(world))
    reviewer = client_of(world.reviewer)
    url = f"/proposals/reviews/{assignment.pk}/"
    response = reviewer.post(url, review_form(**{"score-feasibility": "", "confidence": "7"}))
    text = response.content.decode()
    assert response.status_code == 422
    assert "Score this, or say that it does not apply." in text
    assert "Worth a place." in text
    assert Review.objects.count() == 0


def test_a_revision_shows_what_changed(world: World) -> None:
    proposal = submitted_proposal(world)
    applicant = client_of(world.applicant)
    assert applicant.post(f"/proposals/{proposal.ref}/revise/").status_code == 302
    services.save_answers(proposal=proposal, raw={"budget": "20,000 EUR"}, by=world.applicant)
    applicant.post(f"/proposals/{proposal.ref}/submit/")
    page = applicant.get(f"/proposals/{proposal.ref}/versions/2/").content.decode()
    assert "<del>18</del><ins>20</ins>,000 EUR" in page


def test_withdrawing_asks_for_a_reason(world: World) -> None:
    proposal = submitted_proposal(world)
    applicant = client_of(world.applicant)
    url = f"/proposals/{proposal.ref}/withdraw/"
    assert applicant.post(url, {"reason": ""}).status_code == 422
    assert applicant.post(url, {"reason": "A new post."}).status_code == 302
    assert (
        "Withdrawn by the applicant"
        in applicant.get(f"/proposals/{proposal.ref}/").content.decode()
    )


def test_other_peoples_verbs_are_not_found(world: World) -> None:
    proposal = submitted_proposal(world)
    assignment = assigned(world, proposal, cleared=False)
    other = client_of(world.other_applicant)
    for verb in ("submit", "revise", "discard", "withdraw", "panel/refer"):
        assert other.post(f"/proposals/{proposal.ref}/{verb}/").status_code == 404
    for verb in ("", "declare/", "save/"):
        assert other.post(f"/proposals/reviews/{assignment.pk}/{verb}").status_code == 404
    assert other.get("/proposals/all/").status_code == 404


def test_signed_out_people_are_asked_to_sign_in(world: World) -> None:
    proposal = submitted_proposal(world)
    for url in ("/proposals/", f"/proposals/{proposal.ref}/", "/proposals/reviews/"):
        response = Client().get(url)
        assert (response.status_code, response["Location"].split("?")[0]) == (
            302,
            "/accounts/login/",
        )


def test_markup_in_answers_is_shown_as_text(world: World) -> None:
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>"
    proposal = submitted_proposal(world, title=hostile[:200], method=hostile)
    for person in (world.applicant, world.manager):
        page = client_of(person).get(f"/proposals/{proposal.ref}/").content.decode()
        assert "<script>alert" not in page
        assert 'href="javascript:' not in page
        assert "<img" not in page


def queries(client: Client, url: str) -> int:
    """How many queries a page takes, once warm."""
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_lists_take_the_same_queries_at_one_three_and_many_rows(world: World) -> None:
    urls = {
        "manager": ("/proposals/all/", "/proposals/all/?state=in_review&q=drift", "/"),
        "reviewer": ("/proposals/reviews/", "/"),
    }
    counts: dict[str, list[int]] = {}
    total = 0
    for size in (1, 3, 8):
        while total < size:
            total += 1
            proposal = submitted_proposal(world, make_person(f"writer{total}"))
            assigned(world, proposal)
        for who, addresses in urls.items():
            for url in addresses:
                counts.setdefault(f"{who} {url}", []).append(
                    queries(client_of(getattr(world, who)), url)
                )
    for name, found in counts.items():
        assert len(set(found)) == 1, (name, found)
        assert found[0] <= 20, (name, found)


def test_own_list_and_detail_pages_are_bounded(world: World) -> None:
    proposal = decided_proposal(world)
    applicant = client_of(world.applicant)
    assert queries(applicant, "/proposals/") <= 12
    for url in ("", "letter/", "versions/1/"):
        assert queries(applicant, f"/proposals/{proposal.ref}/{url}") <= 25
    assert queries(client_of(world.manager), f"/proposals/{proposal.ref}/panel/") <= 25
    assert queries(client_of(world.applicant), f"/calls/{world.call.ref}/") <= 25


def test_the_review_page_is_bounded(world: World) -> None:
    assignment = assigned(world, submitted_proposal(world))
    assert queries(client_of(world.reviewer), f"/proposals/reviews/{assignment.pk}/") <= 25
    review(assignment)
    assert queries(client_of(world.reviewer), f"/proposals/reviews/{assignment.pk}/") <= 25


def test_home_and_case_say_the_same_of_the_boards_silence(world: World) -> None:
    proposal = referred_proposal(world)
    matter = status.live_matter(proposal)
    assert matter is not None
    applicant = client_of(world.applicant)
    home = applicant.get("/").content.decode()
    case = applicant.get(f"/proposals/{proposal.ref}/").content.decode()
    public = applicant.get(matter.get_absolute_url()).content.decode()
    for page in (home, case, public):
        assert FOR_PARTIES in page
        assert "gives the case back to the panel" not in page
    assert f"It votes until {matter.due_at:%-d %B %Y}" in case
    assert standing.of(proposal, matter).due == matter.due_at
    link = f'href="{matter.get_absolute_url()}"'
    panel = client_of(world.manager).get(f"/proposals/{proposal.ref}/panel/").content.decode()
    assert (link in panel, link in case) == (True, False)


def test_home_and_case_say_the_same_of_a_wait_for_review(world: World) -> None:
    proposal = submitted_proposal(world)
    applicant = client_of(world.applicant)
    for url in ("/", f"/proposals/{proposal.ref}/"):
        assert DECISION_SILENCE in applicant.get(url).content.decode()
    case = applicant.get(f"/proposals/{proposal.ref}/").content.decode()
    assert f"If nothing happens: {DECISION_SILENCE}" in case


def test_a_revision_being_written_is_with_the_applicant(world: World) -> None:
    proposal = submitted_proposal(world)
    applicant = client_of(world.applicant)
    applicant.post(f"/proposals/{proposal.ref}/revise/")
    case = applicant.get(f"/proposals/{proposal.ref}/").content.decode()
    home = applicant.get("/").content.decode()
    assert "With you: send or discard your revision" in case
    assert "nothing needed from you" not in case
    assert f"Send or discard your revision of “{proposal.title}”" in home
    assert "Nothing needs you now" not in home
    for page in (case, home):
        assert "Version 1 counts." in page
    office = client_of(world.manager).get(f"/proposals/{proposal.ref}/").content.decode()
    assert "With the programme manager" in office
    applicant.post(f"/proposals/{proposal.ref}/discard/")
    assert "Nothing needs you now" in applicant.get("/").content.decode()


def test_the_managers_home_names_the_proposal(world: World) -> None:
    proposal = submitted_proposal(world)
    home = client_of(world.manager).get("/").content.decode()
    assert f"Assign reviewers: {proposal.title}" in home


def test_home_names_what_the_board_has_once(world: World) -> None:
    proposal = referred_proposal(world)
    home = client_of(world.applicant).get("/").content.decode()
    assert home.count(proposal.title) == 1
    assert "The board" in home


def test_a_text_sent_after_the_session_ended_comes_back(world: World) -> None:
    proposal = drafted_proposal(world)
    here = f"/proposals/{proposal.ref}/edit/question/"
    answer = Client().post(here, {"title": "Typed too late", "version": "1"})
    page = answer.content.decode()
    assert (answer.status_code, "Typed too late" in page) == (401, True)
    assert f"/accounts/login/?next={here}" in page
    assert Client().get(here)["Location"] == f"/accounts/login/?next={here}"
    saving = Client().post(f"{here}save/", {"title": "Typed too late", "version": "1"})
    assert (saving.status_code, saving.json()["sign_in"]) == (401, "/accounts/login/")


def test_autosave_says_in_words_why_it_may_not(world: World) -> None:
    proposal = submitted_proposal(world)
    saving = client_of(world.applicant).post(
        f"/proposals/{proposal.ref}/edit/question/save/", {"title": "x", "version": "1"}
    )
    assert saving.status_code == 409
    assert saving.json()["text"].startswith("You submitted this proposal")


def test_the_check_page_asks_for_the_justification_beside_what_calls_for_it(world: World) -> None:
    broad = {
        "question": "What do lonely people say?",
        "data_needs": [{"dataset": "All conversations", "why": "To be sure."}],
    }
    proposal = drafted_proposal(world, **broad)
    applicant, here = client_of(world.applicant), f"/proposals/{proposal.ref}/"
    page = applicant.get(f"{here}check/").content.decode()
    for said in ("Written justification", "All conversations", 'name="justification"', "Not now"):
        assert said in page, said
    refused = applicant.post(f"/api/v1{here}submit/")
    assert (refused.status_code, refused.json()["code"]) == (409, "unjustified")
    text = "We read first, then narrow. " * 7
    saved = applicant.post(f"{here}edit/justification/", {"justification": text, "version": "0"})
    assert saved["Location"] == f"{here}check/"
    assert "Submit the proposal" in applicant.get(f"{here}check/").content.decode()
    applicant.post(f"{here}submit/")
    reviewer = client_of(world.reviewer)
    assignment = assigned(world, Proposal.objects.get())
    read = reviewer.get(f"/proposals/reviews/{assignment.pk}/").content.decode()
    assert "We read first, then narrow." in read
    assert "<q>All conversations</q>" in read
    shown = client_of(world.manager).get(f"/api/v1{here}").json()
    assert [r["sentence"] for r in shown["remarks"]] == [broad["question"], "All conversations"]


def test_an_unwritten_team_begins_with_the_person_and_stores_nothing(world: World) -> None:
    proposal = services.start_proposal(call=world.call, by=world.applicant)
    page = client_of(world.applicant).get(f"/proposals/{proposal.ref}/edit/team/").content.decode()
    assert f'name="team-0-name" value="{world.applicant}"' in page
    assert not Draft.objects.filter(proposal=proposal).exists()
