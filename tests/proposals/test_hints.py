"""Hints at conflicts: what the records know, in one sentence, for those who may read it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts import affiliations
from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel import saying
from governance.hints import readable
from governance.models import Matter
from proposals import hints
from proposals.models import Proposal
from tests.scenarios.proposals import (
    assigned,
    drafted_proposal,
    referred_proposal,
    submitted_proposal,
)
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import SETUP, World, make_person


def told(proposal: Proposal, person: User) -> list[str]:
    """The sentences for this person."""
    found = hints.of([proposal], [User.objects.get(pk=person.pk)])
    return [hint.sentence() for hint in found.get((proposal.pk, person.pk), ())]


def change(person: User, **values: str) -> User:
    """The person with other details, as an account change writes them."""
    person = User.objects.get(pk=person.pk)
    for name, value in values.items():
        setattr(person, name, value)
    person.save()
    return person


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("University of Østerås", "Osteras University", True),
        ("The MIT", "mit", True),
        ("University of California", "University of California, Berkeley", True),
        ("Meridian Ltd.", "MERIDIAN", True),
        ("ETH Zürich; Mila", "mila", True),
        ("University of Turin", "University of Oxford", False),
        ("Independent researcher", "independent", False),
        ("University", "University of Oxford", False),
        ("", "", False),
    ],
)
def test_affiliations_are_compared_as_people_write_them(one: str, other: str, same: bool) -> None:
    pairs = [(a, b) for a in affiliations.keys(one) for b in affiliations.keys(other)]
    assert any(affiliations.same(a, b) for a, b in pairs) is same


def test_each_relation_has_its_sentence(world: World) -> None:
    change(world.applicant, affiliation="", name="Ada Nwosu")
    reviewer = change(
        world.reviewer, name="Bo Lindqvist", past_affiliations="Mila\nElsewhere University"
    )
    proposal = submitted_proposal(world)
    shared = "name the same affiliation: Elsewhere University."
    assert told(proposal, reviewer) == [f"You and Ada Nwosu {shared}"]
    team = [{"name": "Ada Nwosu"}, {"name": "Lindqvist, Bo"}]
    own = submitted_proposal(world, User.objects.get(pk=world.applicant.pk), team=team)
    assert told(proposal, reviewer) == [
        f"You and Ada Nwosu {shared}",
        f"You and Ada Nwosu stood together in the team of a proposal: {own.ref}.",
    ]
    assert told(own, reviewer) == ["You and Lindqvist, Bo bear the same name."]
    hint = hints.of([proposal], [reviewer])[proposal.pk, reviewer.pk][0]
    assert hint.blind() == "You and someone of the team name the same affiliation."
    assert hint.sentence("Bo") == f"Bo and Ada Nwosu {shared}"


def test_a_hint_is_said_to_its_reader(world: World) -> None:
    case = signed_fellowship(world)
    for person in ("mentor", "reviewer"):
        change(getattr(world, person), affiliation="")
    again = drafted_proposal(world)
    who = str(world.applicant)
    with saying.override("de"):
        (said,) = told(again, world.reviewer)
        assert str(said) == (
            f"Der Vorschlag zu einem früheren Fellowship von {who} wurde durch Sie begutachtet: "
            f"{case.proposal.ref}."
        )
        (hint,) = hints.of([again], [world.mentor])[again.pk, world.mentor.pk]
        begins = "In einem Fellowship wurde "
        assert (
            str(hint.blind()) == f"{begins}jemand aus dem Team durch Sie als Mentor:in begleitet."
        )
        assert str(hint.sentence("Bo")).startswith(f"{begins}{who} durch Bo als Mentor:in ")
    assert hint.blind() == "You mentored someone of the team in a fellowship."


def test_a_mentor_and_an_earlier_reviewer_are_hinted_at(world: World) -> None:
    case = signed_fellowship(world)
    for person in ("mentor", "reviewer", "sponsor"):
        change(getattr(world, person), affiliation="")
    again = drafted_proposal(world)
    applicant = str(world.applicant)
    assert told(again, world.mentor) == [f"You mentored {applicant} in a fellowship: {case.ref}."]
    earlier = case.proposal.ref
    assert told(again, world.reviewer) == [
        f"You reviewed the proposal of an earlier fellowship of {applicant}: {earlier}."
    ]
    assert told(again, world.sponsor) == []


def test_many_take_as_many_queries_as_one(world: World) -> None:
    people = [world.reviewer, world.reviewer_two, world.manager]
    first = submitted_proposal(world)
    counts = []
    for proposals, judges in (([first], people[:1]), ([first], people)):
        with CaptureQueriesContext(connection) as asked:
            hints.of(proposals, judges)
        counts.append(len(asked))
    more = [first, *(submitted_proposal(world, make_person(f"writer{n}")) for n in range(3))]
    with CaptureQueriesContext(connection) as asked:
        hints.of(more, people)
    assert {*counts, len(asked)} == {counts[0]}
    assert counts[0] <= 10


def test_the_hint_stands_where_it_is_needed(world: World) -> None:
    reviewer = change(world.reviewer, affiliation="University of Elsewhere")
    change(world.reviewer_two, affiliation="Elsewhere")
    proposal = submitted_proposal(world)
    assignment = assigned(world, proposal, reviewer, cleared=False)
    client = Client()
    client.force_login(reviewer)
    page = client.get(f"/proposals/reviews/{assignment.pk}/").content.decode()
    assert "You and Ada Nwosu name the same affiliation: University of Elsewhere." in page
    client.force_login(world.manager)
    page = client.get(f"/proposals/{proposal.ref}/panel/").content.decode()
    for person in (reviewer, world.reviewer_two):
        assert f"{person} and Ada Nwosu name the same affiliation" in page


def test_a_board_member_is_told_before_the_dossier(world: World) -> None:
    proposal = referred_proposal(world)
    matter = Matter.objects.get(kind="proposals.proposal", subject_id=proposal.pk)
    client = Client()
    client.force_login(change(world.board_legal, affiliation="University of Elsewhere"))
    page = client.get(matter.get_absolute_url()).content.decode()
    assert "You and Ada Nwosu name the same affiliation: University of Elsewhere." in page


def test_a_hint_on_a_record_the_reader_may_not_see_is_left_out(world: World) -> None:
    signed_fellowship(world)
    again = drafted_proposal(world)
    found = hints.of([again], [world.reviewer, world.mentor])
    assert len(found) == 2
    found = {key: tuple(h for h in said if h.record) for key, said in found.items()}
    assert dict(readable(found, world.fresh("other_applicant"))) == {}
    assert readable(found, world.fresh("manager")) == found


def test_a_stranger_shares_nothing(world: World) -> None:
    someone = register(email="solo@example.org", name="Solo", username="solo", by=SETUP)
    assert told(submitted_proposal(world), someone) == []
