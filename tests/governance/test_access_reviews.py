"""Access reviews: opened each quarter, answered by owners, removals proven, lateness named."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from access.models import Grant
from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import end_role, grant_role
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import saying
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.web import work
from governance.attestable import REVIEW
from governance.models import AccessReview, AccessReviewItem
from governance.services.access_reviews import (
    attest_access,
    close_access_review,
    escalate_access_review,
    open_access_review,
)
from tests.scenarios import access as access_scenes
from tests.scenarios.world import SETUP, World, make_person, make_world

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def review(world: World) -> AccessReview:
    """A review just opened by the chair."""
    return open_access_review(program=world.program, by=world.fresh("chair"))


def item_of(review: AccessReview, person: User, kind: str = "role") -> AccessReviewItem:
    """What this person holds."""
    return review.items.filter(kind=kind, person=person).earliest("pk")


def test_every_role_is_in_it_once_and_has_an_owner_who_is_another(
    world: World, review: AccessReview
) -> None:
    live = RoleAssignment.objects.live().filter(realm=world.program.realm)
    assert review.items.count() == live.count()
    assert not review.items.filter(owner=None).exists()
    assert item_of(review, world.reviewer).owner == world.manager
    assert item_of(review, world.manager).owner == world.chair
    assert item_of(review, world.chair).owner == world.sponsor
    assert item_of(review, world.board_legal).owner == world.chair
    again = open_access_review(program=world.program, by=world.fresh("chair"))
    assert again.pk == review.pk
    told = Notice.objects.filter(kind="governance.access_review")
    assert told.filter(recipient=world.manager).count() == 1


def test_a_grant_is_attested_by_the_steward_of_its_dataset_and_ends_at_once() -> None:
    world = make_world()
    grant = access_scenes.granted(world)
    review = open_access_review(program=world.program, by=world.chair)
    item = item_of(review, grant.person, "grant")
    assert item.owner == grant.dataset.steward
    steward = world.fresh("steward")
    browser = Client()
    browser.force_login(steward)
    asked = browser.get(f"/access-reviews/items/{item.pk}/").content.decode()
    assert f'Look at it first: <a href="{grant.get_absolute_url()}">{item.title}</a>' in asked
    attest_access(item=item, by=steward, decision="remove", reason="Not used for a month.")
    grant = Grant.objects.get(pk=grant.pk)
    item = item_of(review, grant.person, "grant")
    assert not Grant.objects.live().filter(pk=grant.pk).exists()
    assert item.ended_at is not None
    assert grant.revoked_because == f"{review.ref}: Not used for a month."


def test_to_remove_a_role_ends_it_in_the_same_transaction(
    world: World, review: AccessReview
) -> None:
    item, manager = item_of(review, world.reviewer), world.fresh("manager")
    attest_access(item=item, by=manager, decision="remove", reason="Does not review any more.")
    item = AccessReviewItem.objects.get(pk=item.pk)
    held = RoleAssignment.objects.get(pk=item.subject_id)
    assert held.ends_at is not None
    assert (item.decision, item.decided_by, item.ended_at) == ("remove", manager, item.decided_at)
    assert not RoleAssignment.objects.live().filter(pk=held.pk).exists()
    told = Notice.objects.get(kind="governance.access_removed", recipient=world.reviewer)
    assert client_of(world, "reviewer").get(told.url).status_code == 200
    ends = Event.objects.filter(verb="accounts.end_role", subject_id=held.pk).get()
    assert ends.reason == f"{review.ref}: Does not review any more."
    attest_access(item=item, by=manager, decision="remove", reason="Again.")
    assert Event.objects.filter(verb="governance.attest_access").count() == 1
    with pytest.raises(Refused, match="an answer stands"):
        attest_access(item=item, by=manager, decision="keep")


@pytest.mark.parametrize("name", ["reviewer", "auditor", "steward", "stranger", "admin"])
def test_only_the_owner_or_the_chair_answers(world: World, review: AccessReview, name: str) -> None:
    with pytest.raises(Refused):
        attest_access(item=item_of(review, world.reviewer), by=world.fresh(name), decision="keep")


def test_nobody_attests_their_own_and_a_removal_says_why(
    world: World, review: AccessReview
) -> None:
    with pytest.raises(Refused, match="of their own"):
        attest_access(item=item_of(review, world.chair), by=world.fresh("chair"), decision="keep")
    for decision, reason in (("remove", " "), ("", ""), ("perhaps", "x")):
        with pytest.raises(Refused):
            attest_access(
                item=item_of(review, world.reviewer),
                by=world.fresh("manager"),
                decision=decision,
                reason=reason,
            )
    with pytest.raises(Refused):
        close_access_review(review=review, by=world.fresh("chair"))
    assert review.items.unanswered().count() == review.items.count()


def test_what_ended_meanwhile_is_removed_as_it_stands(world: World, review: AccessReview) -> None:
    item = item_of(review, world.reviewer)
    held = RoleAssignment.objects.get(pk=item.subject_id)
    end_role(assignment=held, by=SETUP, reason="Ended by itself.")
    attest_access(item=item, by=world.fresh("manager"), decision="remove", reason="Gone.")
    assert Event.objects.filter(verb="accounts.end_role", subject_id=held.pk).count() == 1


def test_the_last_answer_closes_the_review(world: World, review: AccessReview) -> None:
    for item in review.items.select_related("owner"):
        assert item.owner is not None
        attest_access(item=item, by=User.objects.get(pk=item.owner_id or 0), decision="keep")
    review = AccessReview.objects.get(pk=review.pk)
    assert review.closed_at is not None
    with frozen(review.due_at + DAY):
        sweep()
    assert AccessReview.objects.get(pk=review.pk).escalated_at is None


def test_what_is_late_is_named_to_the_chair_once_and_still_answered(
    world: World, review: AccessReview
) -> None:
    with frozen(review.due_at + 30 * DAY):
        sweep()
        sweep()
        told = Notice.objects.filter(kind="governance.access_review", title__contains="overdue")
        assert {notice.recipient for notice in told} == {world.chair, world.sponsor}
        assert told.count() == 2
        escalate_access_review(review=review, by=SETUP)
        assert told.count() == 2
        item = item_of(review, world.reviewer)
        attest_access(item=item, by=world.fresh("chair"), decision="keep")
    assert Event.objects.filter(verb="governance.escalate_access_review").count() == 1


def test_the_sweep_opens_one_each_quarter(world: World) -> None:
    begun = now()
    with frozen(begun + 80 * DAY):
        sweep()
        assert not AccessReview.objects.exists()
    with frozen(begun + 95 * DAY):
        sweep()
        sweep()
        review = AccessReview.objects.get()
    with frozen(begun + 400 * DAY):
        sweep()
        assert AccessReview.objects.get() == review
        for item in review.items.select_related("owner"):
            attest_access(item=item, by=User.objects.get(pk=item.owner_id or 0), decision="keep")
        sweep()
        assert AccessReview.objects.count() == 2


def test_the_database_holds_what_the_rule_says(world: World, review: AccessReview) -> None:
    from fellowship.kernel import journal

    item = item_of(review, world.reviewer)
    for values in (
        {"decision": "keep"},
        {"decision": "keep", "decided_at": now(), "decided_by": world.reviewer},
        {"decision": "remove", "decided_at": now(), "decided_by": world.chair, "reason": "x"},
        {"owner": world.reviewer},
    ):
        fresh = AccessReviewItem.objects.get(pk=item.pk)
        for name, value in values.items():
            setattr(fresh, name, value)
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            journal.acting("governance.attest_access", by=SETUP),
        ):
            fresh.save()


def client_of(world: World, name: str) -> Client:
    """A browser signed in as this person."""
    client = Client()
    client.force_login(world.fresh(name))
    return client


def test_the_pages_lead_from_home_through_ones_items(world: World, review: AccessReview) -> None:
    titles = [item.title for item in work.of(world.fresh("manager"), now()).mine]
    assert any(title.startswith("Keep or take away") for title in titles)
    client = client_of(world, "manager")
    page = client.get(f"/access-reviews/{review.ref}/?mine=true")
    assert page.status_code == 200
    mine = review.items.unanswered().filter(owner=world.manager)
    first, count = mine.earliest("pk"), mine.count()
    url = f"/access-reviews/items/{first.pk}/"
    empty = client.post(url, {"decision": "", "reason": ""})
    assert empty.status_code == 422
    refused = client.post(url, {"decision": "remove", "reason": ""})
    assert (refused.status_code, "Say why" in refused.content.decode()) == (422, True)
    done = client.post(url, {"decision": "keep", "reason": ""})
    assert done["Location"].startswith("/access-reviews/items/")
    assert mine.count() == count - 1
    listed = [row.pk for row in client.get(f"/access-reviews/{review.ref}/").context["page"]]
    assert listed.index(first.pk) == len(listed) - 1, "what is answered comes last"
    assert client_of(world, "stranger").get("/access-reviews/").status_code == 200
    assert client_of(world, "stranger").get(f"/access-reviews/{review.ref}/").status_code == 404
    assert client_of(world, "stranger").get(url).status_code == 404


def test_what_began_by_itself_is_told_in_german_without_naming_itself_twice(world: World) -> None:
    review = open_access_review(program=world.program, by=REVIEW)
    client = client_of(world, "auditor")
    german = {"headers": {"Accept-Language": "de"}}
    page = client.get(f"/access-reviews/{review.ref}/", **german).content.decode()
    asked = "hat gefragt, ob alle noch brauchen, was sie innehaben"
    assert f"<strong>Die Zugriffsüberprüfung</strong> {asked}" in page
    assert 'data-label="Was die Person innehat"' in page
    assert "nach Identität und Zugriffsüberprüfungen v1." in page
    held = item_of(review, world.board_legal)
    assert held.title == "Board member, Legal seat"
    with saying.override("de"):
        assert str(item_of(review, world.board_legal).title) == "Gremienmitglied, Sitz Recht"
    assert f"{held.title}<br>" not in page
    listed = client.get("/access-reviews/", **german).content.decode()
    assert "Offen, fällig <" in listed


def test_the_chair_opens_one_by_a_button(world: World) -> None:
    url = f"/access-reviews/open/{world.program.slug}/"
    assert client_of(world, "auditor").post(url).status_code == 403
    assert client_of(world, "chair").post(url).status_code == 302
    assert AccessReview.objects.count() == 1


def test_the_api_lists_and_answers_with_a_reason(world: World, review: AccessReview) -> None:
    client = client_of(world, "manager")
    rows = client.get("/api/v1/access-review-items/?kind=role").json()["results"]
    assert len(rows) == min(review.items.count(), 50) or rows
    item = item_of(review, world.reviewer)
    url = f"/api/v1/access-review-items/{item.pk}/attest/"
    refused = client.post(url, {"decision": "remove"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_reason")
    sent = {"decision": "remove", "reason": "Left the panel."}
    done = client.post(url, sent, content_type="application/json")
    assert done.json()["ended_at"] is not None
    auditor = client_of(world, "auditor")
    assert auditor.get("/api/v1/access-reviews/").json()["results"][0]["ref"] == review.ref


@pytest.mark.parametrize("address", ["/access-reviews/", "/access-reviews/{ref}/"])
def test_lists_ask_the_same_at_one_three_and_many(world: World, address: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    review = open_access_review(program=world.program, by=world.fresh("chair"))
    client = client_of(world, "auditor")
    client.get(address.format(ref=review.ref))

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(address.format(ref=review.ref)).status_code == 200
        return len(seen)

    few = asked()
    for number in range(3):
        person = make_person(f"more-{number}")
        grant_role(user=person, realm=world.program.realm, role=roles.REVIEWER, by=SETUP)
    for item in review.items.select_related("owner"):
        attest_access(item=item, by=User.objects.get(pk=item.owner_id or 0), decision="keep")
    open_access_review(program=world.program, by=world.fresh("chair"))
    assert asked() == few
    assert few <= 20
