"""Blind review: reviewers never learn who applies, a manager checks first, the board reads all."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.services import grant_role
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from fellowship.notices.services import deliver
from fellowship.programs.models import Call
from fellowship.programs.services import edit_call
from governance.models import Matter
from proposals import blindness, services
from proposals.models import Proposal, RedactedCopy
from proposals.services.blind import identity
from tests.scenarios.proposals import assigned, panel, review, submitted_proposal
from tests.scenarios.world import SETUP, World, make_world
from tests.support import kept

NAME, PLACE, ORCID, PROJECT = (
    "Adaeze Nwosu",
    "Univ. Kwarafields",
    "0000-0002-1825-0097",
    "Quillbench",
)
TOLD = ("Adaeze", "Nwosu", "Kwarafields", ORCID, "adaeze@", "quill.example")
ANSWERS: dict[str, Any] = {
    "title": f"Drift by {NAME}",
    "team": [{"name": NAME, "affiliation": PLACE, "orcid": ORCID}],
    "prior_work": f"adaeze: {PROJECT} (https://quill.example/x), {ORCID}, adaeze@kwara.example",
    "conflicts": "Nwosu advises the sponsor.",
    "budget": "Stipend of A. Nwosu: 18,000 EUR",
    "method": f"As {PROJECT} did at Kwarafields.",
}


@dataclass
class Blind:
    """A blind call with one proposal submitted."""

    world: World
    proposal: Proposal


def _build() -> Blind:
    world = make_world()
    call = Call.objects.get(pk=world.call.pk)
    with journal.acting("tests.blind", by=SETUP):
        call.blind = True
        call.save()
        journal.record(subject=call)
    world.call = call
    return Blind(world, submitted_proposal(world, **ANSWERS))


kept_blind = kept.fixture(_build)


@pytest.fixture
def blind(kept_blind: Blind, db: None) -> Blind:
    """The blind call as it was built."""
    return copy.deepcopy(kept_blind)


def the_copy(blind: Blind) -> RedactedCopy:
    """The copy of the latest version."""
    found = blindness.latest(blind.proposal)
    assert found is not None
    return found


def checked(blind: Blind) -> RedactedCopy:
    """The copy, checked by the manager."""
    return services.check_copy(copy=the_copy(blind), by=blind.world.manager)


def client_of(user: User) -> Client:
    """A signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


def code(call: Any) -> str:
    """The code of the refusal `call` meets."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def test_a_copy_is_made_at_submission_and_checked_before_anybody_is_asked(blind: Blind) -> None:
    world, found = blind.world, the_copy(blind)
    assert found.title == "Drift by [redacted]"
    assert not any(word.lower() in str(found.answers).lower() for word in TOLD)
    assign = lambda: assigned(world, blind.proposal)  # noqa: E731
    assert code(assign) == "copy_unchecked"
    assert code(lambda: services.check_copy(copy=found, by=world.reviewer)) == "wrong_role"
    for _ in range(2):
        checked(blind)
    assert Event.objects.filter(verb="proposals.check_copy").count() == 1
    assert assign().reviewer == world.reviewer


def test_the_manager_masks_more_and_nothing_comes_back(blind: Blind) -> None:
    manager, found = blind.world.manager, the_copy(blind)
    mask = lambda *texts: services.mask_passages(  # noqa: E731
        copy=the_copy(blind), passages=texts, by=manager
    )
    assert code(lambda: mask("stands nowhere")) == "no_such_passage"
    assert PROJECT in str(found.answers)
    for _ in range(2):
        mask(f" {PROJECT.upper()} ", "")
    assert PROJECT not in str(the_copy(blind).answers)
    assert the_copy(blind).passages == [PROJECT.upper()]
    assert Event.objects.filter(verb="proposals.mask_passages").count() == 1


def test_a_reviewer_reads_the_copy_alone_wherever_they_look(blind: Blind) -> None:
    world, proposal = blind.world, blind.proposal
    checked(blind)
    assignment = assigned(world, proposal, cleared=False)
    client, found = client_of(world.reviewer), identity(proposal, the_copy(blind).version)
    assert NAME in found.names
    url = f"/proposals/reviews/{assignment.pk}/"
    places = ["/", "/inbox/", "/proposals/reviews/", url, f"{url}declare/"]
    places += ["/api/v1/proposals/", "/api/v1/notices/", "/api/v1/clocks/", "/proposals/"]

    def look() -> None:
        for place in places:
            page = client.get(place).content.decode()
            assert not [w for w in (*TOLD, str(world.applicant.email)) if w in page], place

    look()
    declared = client.post(f"{url}declare/", {"kind": "none"})
    assert declared.status_code == 302
    look()
    assert "Drift by [redacted]" in client.get(url).content.decode()
    for closed in ("", "versions/1/", "panel/", "copy/", "letter/"):
        assert client.get(f"/proposals/{proposal.ref}/{closed}").status_code == 404
    assert client.get(f"/api/v1/proposals/{proposal.ref}/").status_code == 404
    review(assignment)
    look()
    assert "Drift by [redacted]" in client.get("/proposals/reviews/").content.decode()
    deliver()
    assert not [m for m in mail.outbox if world.reviewer.email in m.to and "Nwosu" in str(m.body)]
    assert Notice.objects.filter(recipient=world.reviewer).exists()


def test_the_hint_names_nobody(blind: Blind) -> None:
    world = blind.world
    checked(blind)
    reviewer = User.objects.get(pk=world.reviewer.pk)
    reviewer.past_affiliations = PLACE
    reviewer.save()
    assignment = assigned(world, blind.proposal, reviewer, cleared=False)
    page = client_of(reviewer).get(f"/proposals/reviews/{assignment.pk}/").content.decode()
    assert "You and someone of the team name the same affiliation." in page
    assert "Kwarafields" not in page


def test_who_can_read_the_applicant_does_not_review_blind(blind: Blind) -> None:
    world = blind.world
    checked(blind)
    grant_role(user=world.auditor, realm=world.program.realm, role=roles.REVIEWER, by=SETUP)
    auditor = world.fresh("auditor")
    assert code(lambda: assigned(world, blind.proposal, auditor)) == "knows_applicant"


def test_the_board_reads_the_whole_once_the_reviews_are_in(blind: Blind) -> None:
    world = blind.world
    checked(blind)
    for person in panel(world):
        review(assigned(world, blind.proposal, person))
    services.refer_to_board(proposal=blind.proposal, by=world.manager)
    matter = Matter.objects.get(subject_type="proposals.proposal")
    assert NAME in str(matter.dossier.body)
    page = client_of(world.reviewer).get(matter.get_absolute_url())
    assert page.status_code == 404


def test_a_revision_waits_for_its_own_check(blind: Blind) -> None:
    world, proposal = blind.world, blind.proposal
    checked(blind)
    services.begin_revision(proposal=proposal, by=world.applicant)
    services.save_answers(proposal=proposal, raw={"budget": "Nwosu: 1 EUR"}, by=world.applicant)
    proposal = services.submit_proposal(proposal=proposal, by=world.applicant)
    assert RedactedCopy.objects.count() == 2
    assert code(lambda: assigned(world, proposal)) == "copy_unchecked"
    assert blindness.title(proposal) == "Drift by [redacted]"


def test_by_page(blind: Blind) -> None:
    world, url = blind.world, f"/proposals/{blind.proposal.ref}/copy/"
    manager = client_of(world.manager)
    panel_page = manager.get(f"/proposals/{blind.proposal.ref}/panel/").content.decode()
    assert url in panel_page
    page = manager.get(url).content.decode()
    assert "Nothing tells who applies" in page
    wrong = manager.post(url, {"passages": "stands nowhere"})
    assert wrong.status_code == 422
    assert "stands nowhere in the copy" in wrong.content.decode()
    assert manager.post(url, {"passages": f"{PROJECT}\n"}).status_code == 302
    assert manager.post(f"{url}check/").status_code == 302
    assert blindness.unchecked(blind.proposal) is None
    own = client_of(world.applicant).get(url).content.decode()
    assert "This is what reviewers read" in own
    assert "Nothing tells who applies" not in own
    assert client_of(world.applicant).post(f"{url}check/").status_code != 302
    assert client_of(world.stranger).get(url).status_code == 404
    public = Client().get(f"/calls/{world.call.ref}/").content.decode()
    assert "Blind: reviewers do not learn who applies" in public


def test_it_is_frozen_once_published(blind: Blind) -> None:
    world = blind.world
    with pytest.raises(Refused):
        edit_call(call=world.call, by=world.manager, blind=False)
