"""The one button: everything a person, a fellowship or a dataset has closes, and is on record."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from access import changes, services
from access.decisions import decide
from access.models import AccessSuspension, Grant
from access.reach import recalled
from fellowship.accounts.services import declare_conflict
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.journal import System, acting
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from scoping import services as scoping
from scoping.models import Suspension
from tests.access.test_pages import client_of
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World

HOUR = dt.timedelta(hours=1)


def allowed(grant: Grant, at: dt.datetime | None = None) -> bool:
    return decide(person=grant.person, dataset=grant.dataset, operation="query", at=at).allowed


def close_person(world: World, grant: Grant, **values: Any) -> AccessSuspension:
    values = {"by": world.oncall, "reason": "Keys were lost.", **values}
    return services.suspend_person(program=world.program, person=grant.person, **values)


def close_dataset(world: World, grant: Grant, **values: Any) -> AccessSuspension:
    values = {"by": world.steward, "reason": "Names were found in it.", **values}
    return services.suspend_dataset(dataset=grant.dataset, **values)


@pytest.mark.parametrize("close", [close_person, close_dataset])
def test_it_closes_at_once_and_says_what_was_reachable(
    world: World, grant: Grant, close: Any
) -> None:
    before = now()
    made = close(world, grant)
    decision = decide(person=grant.person, dataset=grant.dataset, operation="query")
    assert (decision.allowed, decision.clause) == (False, "Suspension")
    assert made.reason in decision.reason
    assert allowed(grant, before - HOUR) or not allowed(grant, before - HOUR)
    row = recalled(made.reached)
    assert [(r.person, r.dataset, r.operations) for r in row] == [
        (grant.person, grant.dataset.ref, ["Look at records", "Query", "Run code on it"])
    ]
    change = json.loads(Event.objects.about(made).get().body)["change"]
    assert change["reachable"] == 1
    assert change["reached"] == [f"{grant.dataset.ref}: view, query, run_code"]
    assert len(change["reached_digest"]) == 64


@pytest.mark.parametrize("close", [close_person, close_dataset])
def test_a_second_press_does_nothing_and_a_longer_one_adds(
    world: World, grant: Grant, close: Any
) -> None:
    short = close(world, grant, until=now() + HOUR)
    assert close(world, grant, until=now() + HOUR / 2) == short
    open_ended = close(world, grant)
    assert open_ended != short
    assert close(world, grant) == close(world, grant, until=now() + HOUR) == open_ended
    with frozen(now() + 2 * HOUR):
        assert not allowed(grant)


def test_it_ends_by_itself_and_the_decision_before_says_until_when(
    world: World, grant: Grant
) -> None:
    at = now()
    made = close_dataset(world, grant, until=at + HOUR)
    assert not allowed(grant)
    assert allowed(grant, made.until)
    with frozen(at + HOUR):
        assert allowed(grant)


def test_another_person_lifts_it_with_a_reason_and_once(world: World, grant: Grant) -> None:
    made = close_person(world, grant)
    for by, reason in ((world.oncall, "Mine."), (world.manager, " "), (world.applicant, "Me.")):
        with pytest.raises(Refused):
            services.lift_suspension(suspension=made, by=by, reason=reason)
    lifted = services.lift_suspension(suspension=made, by=world.manager, reason="Found again.")
    again = services.lift_suspension(suspension=made, by=world.chair, reason="Twice.")
    assert (again.lifted_by, again.lifted_because) == (world.manager, "Found again.")
    assert allowed(grant)
    assert not allowed(grant, lifted.starts_at)
    assert Event.objects.filter(verb="access.lift").count() == 1


@pytest.mark.parametrize("name", ["applicant", "mentor", "auditor", "product_owner", "stranger"])
@pytest.mark.parametrize("close", [close_person, close_dataset])
def test_who_does_not_suspend(world: World, grant: Grant, close: Any, name: str) -> None:
    with pytest.raises(Refused) as refused:
        close(world, grant, by=world.people[name])
    assert refused.value.refusal.code == "wrong_role"


def test_nobody_in_conflict_and_nothing_that_could_not_be_reached(
    world: World, grant: Grant
) -> None:
    with pytest.raises(Refused) as refused:
        services.suspend_person(
            program=world.program, person=world.stranger, by=world.oncall, reason="x"
        )
    assert refused.value.refusal.code == "not_concerned"
    declare_conflict(
        user=world.oncall,
        subject=grant.fellowship,
        realm=world.program.pk,
        kind="personal",
        statement="We share a flat.",
        by=world.oncall,
    )
    with pytest.raises(Refused) as refused:
        close_person(world, grant)
    assert refused.value.refusal.code == "separation"
    made = close_person(world, grant, by=world.steward)
    seen = AccessSuspension.objects.visible_to
    assert list(seen(world.steward)) == list(seen(grant.person)) == [made]
    assert not seen(world.oncall)
    assert not seen(world.sponsor)


def test_the_end_lies_ahead_and_a_reason_is_given(world: World, grant: Grant) -> None:
    for values, code in (
        ({"until": now()}, "until_past"),
        ({"reason": ""}, "no_reason"),
    ):
        with pytest.raises(Refused) as refused:
            close_person(world, grant, **values)
        assert refused.value.refusal.code == code


def test_a_rule_may_suspend_and_no_rule_lifts(world: World, grant: Grant) -> None:
    made = close_person(world, grant, by=System("alarm"))
    assert made.by is None
    with pytest.raises(Refused):
        services.lift_suspension(suspension=made, by=System("alarm"), reason="x")  # type: ignore[arg-type]


def test_those_concerned_are_told(world: World, grant: Grant) -> None:
    made = close_dataset(world, grant)
    told = Notice.objects.filter(kind="access.suspended")
    assert {n.recipient for n in told} == {
        grant.person,
        world.oncall,
        world.steward,
        world.manager,
    }
    services.lift_suspension(suspension=made, by=world.manager, reason="Cleaned.")
    assert Notice.objects.filter(kind="access.lifted", recipient=grant.person).count() == 1


def test_a_failing_ledger_suspends_nothing(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(journal, "_recorder", [fails])
    with pytest.raises(RuntimeError):
        close_person(world, grant)
    assert not AccessSuspension.objects.exists()


def test_the_database_keeps_one_open_suspension_and_one_subject(world: World, grant: Grant) -> None:
    made = close_person(world, grant)
    for change in (
        {"pk": None, "id": None, "ref": "SUS-X"},
        {"dataset": grant.dataset},
        {"person": None},
        {"lifted_at": now(), "lifted_by": world.oncall},
    ):
        row = AccessSuspension.objects.get(pk=made.pk)
        for name, value in change.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError), transaction.atomic(), acting("t", by=System("t")):
            row.save()


def test_suspending_a_fellowship_freezes_what_it_reached(world: World, grant: Grant) -> None:
    made = scoping.suspend(fellowship=grant.fellowship, by=world.oncall, reason="A leak.")
    assert [row["dataset"] for row in made.reached] == [grant.dataset.ref]
    change = json.loads(Event.objects.about(made).get().body)["change"]
    assert change["reached"] == [f"{grant.dataset.ref}: view, query, run_code"]
    longer = scoping.suspend(
        fellowship=grant.fellowship, by=world.oncall, reason="x", until=now() + HOUR
    )
    assert longer == made
    assert Suspension.objects.count() == 1


class TestPages:
    """What is reachable, the reason, and it is closed."""

    def urls(self, world: World, grant: Grant) -> dict[str, str]:
        slug = world.program.realm.slug
        return {
            "person": f"/access/people/{slug}/{grant.person_id}/suspend/",
            "dataset": f"/access/datasets/{grant.dataset.ref}/suspend/",
            "case": f"/access/cases/{grant.fellowship.ref}/suspend/",
        }

    @pytest.mark.parametrize("what", ["person", "dataset", "case"])
    def test_it_shows_what_is_reachable_then_closes_it(
        self, world: World, grant: Grant, what: str
    ) -> None:
        url, oncall = self.urls(world, grant)[what], client_of(world.oncall)
        page = oncall.get(url).content.decode()
        assert "Refusal logs" in page
        assert "Look at records, Query, Run code on it" in page
        assert allowed(grant), "looking closes nothing"
        empty = oncall.post(url, {"reason": "", "until": "2020-01-01T10:00"})
        assert empty.status_code == 422
        assert "2020-01-01T10:00" in empty.content.decode()
        done = oncall.post(url, {"reason": "A leak is looked into."}, follow=True)
        assert "A leak is looked into." in done.content.decode()
        assert "Reachable until it was suspended" in done.content.decode()
        assert not allowed(grant)
        again = oncall.get(url).content.decode()
        assert "Suspended already" in again
        assert "Nothing is reachable now." in again

    @pytest.mark.parametrize("what", ["person", "dataset", "case"])
    def test_others_do_not_get_there(self, world: World, grant: Grant, what: str) -> None:
        url = self.urls(world, grant)[what]
        for user in (world.stranger, world.sponsor):
            assert client_of(user).get(url).status_code == 404
        auditor = client_of(world.auditor)
        assert "Only a " in auditor.get(url).content.decode()
        assert auditor.post(url, {"reason": "x"}).status_code == 422
        assert allowed(grant)

    def test_it_is_lifted_on_its_page(self, world: World, grant: Grant) -> None:
        made = close_dataset(world, grant)
        url = made.get_absolute_url()
        assert "Someone other than who suspended lifts it." in (
            client_of(world.steward).get(url).content.decode()
        )
        assert client_of(grant.person).get(url).status_code == 404
        oncall = client_of(world.oncall)
        done = oncall.post(f"{url}lift/", {"reason": "Cleaned."}, follow=True)
        assert "Cleaned." in done.content.decode()
        assert allowed(grant)

    def test_everybody_sees_that_a_dataset_is_closed_and_who_watches_over_it_why(
        self, world: World, grant: Grant
    ) -> None:
        made = close_dataset(world, grant)
        url = grant.dataset.get_absolute_url()
        for user, why in ((world.steward, True), (grant.person, False), (world.mentor, False)):
            page = client_of(user).get(url).content.decode()
            assert "Suspended for everyone" in page
            assert (made.reason in page, made.get_absolute_url() in page) == (why, why)

    def test_the_list_asks_the_same_at_one_and_many_rows(self, world: World, grant: Grant) -> None:
        oncall, counts = client_of(world.oncall), []
        for wanted in (1, 3, 12):
            while AccessSuspension.objects.count() < wanted:
                made = close_dataset(world, grant)
                services.lift_suspension(suspension=made, by=world.manager, reason="Done.")
            with CaptureQueriesContext(connection) as seen:
                assert oncall.get("/access/suspensions/").status_code == 200
            counts.append(len(seen))
        assert len(set(counts)) == 1


class TestWhoHears:
    """Systems that hold a copy of access hear of each change, whoever makes it."""

    def test_each_change_is_told_in_its_transaction(
        self, world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[tuple[int | None, set[int], set[int]]] = []
        monkeypatch.setattr(changes, "_handlers", [])

        @changes.on_change
        def hear(*, program: int | None, people: frozenset[int], datasets: frozenset[int]) -> None:
            assert connection.in_atomic_block
            heard.append((program, set(people), set(datasets)))

        pair = (world.program.pk, {grant.person_id}, {grant.dataset_id})
        who = (world.program.pk, {grant.person_id}, set())
        what = (world.program.pk, set(), {grant.dataset_id})
        suspension = close_dataset(world, grant)
        services.lift_suspension(suspension=suspension, by=world.manager, reason="Cleaned.")
        assert heard == [what, what]
        heard.clear()
        close_person(world, grant)
        scoping.record_training(
            person=grant.person,
            program=world.program,
            completed_at=now(),
            evidence="Certificate 12.",
            by=world.manager,
        )
        assert heard == [who, who]
        heard.clear()
        scopes.amended_scope(world, grant.fellowship, operations=["view"])
        scoping.suspend(fellowship=grant.fellowship, by=world.oncall, reason="A leak.")
        services.revoke_grant(grant=grant, by=world.steward, reason="Over.")
        scoping.end(fellowship=grant.fellowship, by=world.manager, reason="Over.")
        assert set(map(str, heard)) == {str(pair)}
        heard.clear()
        services.change_dataset(
            dataset=grant.dataset, by=world.steward, reason="Names.", tier="highly_restricted"
        )
        assert heard == [what]

    def test_a_new_agreement_is_told_when_it_is_accepted(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        request = scenario.decided(world)
        heard: list[Any] = []
        monkeypatch.setattr(changes, "_handlers", [lambda **told: heard.append(told)])
        scenario.accept(request.agreement)
        assert {
            "program": world.program.pk,
            "people": frozenset({request.person_id}),
            "datasets": frozenset({request.dataset_id}),
        } in heard


def test_the_case_leads_the_steward_to_what_they_may_close(world: World, grant: Grant) -> None:
    """The steward closes a person's access, and no fellowship: on-call does both."""
    path = f"/access/cases/{grant.fellowship.ref}/"
    for user, everything in ((world.steward, False), (world.oncall, True)):
        text = client_of(user).get(path).content.decode()
        assert "Suspend the person in all cases" in text
        assert ("Suspend everything" in text) is everything
