"""Why, and what may I do: each clause with its evidence, and what would have to change."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.translation import override

from access import handling, services
from access.between import Between
from access.decisions import explain
from access.models import Grant
from access.reach import what_may
from fellowship.accounts.services import declare_conflict
from fellowship.kernel.time import frozen, now
from scoping import services as scoping
from scoping.models import Fellowship
from scoping.queries import signed_scope
from tests.access.test_api import signed_in, token
from tests.access.test_pages import client_of, count
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World

WHY = "/api/v1/access/why"
SUSPENSIONS = "/api/v1/access/suspensions/"
HOUR = dt.timedelta(hours=1)


def asked(grant: Grant, **values: Any) -> dict[str, Any]:
    names = {"person": grant.person.username, "dataset": grant.dataset.ref, "operation": "query"}
    return {**names, **values}


def page(user: Any, grant: Grant, **values: Any) -> str:
    return str(client_of(user).get("/access/why", asked(grant, **values)).content.decode())


class TestPage:
    """For whoever may ask, and for the fellow about themselves."""

    def test_an_allowed_case_names_each_clause_and_leads_to_its_evidence(
        self, world: World, grant: Grant
    ) -> None:
        shown = page(grant.person, grant)
        for url in (
            grant.get_absolute_url(),
            grant.agreement.get_absolute_url(),
            f"/fellowships/{grant.fellowship.ref}/scope/1/",
            f"/fellowships/{grant.fellowship.ref}/people/",
            f"/rules/{grant.handling_id}/",
        ):
            assert f'href="{url}"' in shown, url
        assert "What would have to change" not in shown
        assert "Scope of work v1, 2.2 Datasets" in shown

    def test_a_denied_case_says_what_would_have_to_change_first(
        self, world: World, grant: Grant
    ) -> None:
        shown = page(world.auditor, grant, operation="export")
        assert "What would have to change" in shown
        assert "Ask for access that names “export from the environment”." in shown
        first, after = shown.split("After that, still:")
        assert "Amend the scope of work: allow “export from the environment”." in after
        assert "Amend the scope" not in first

    def test_a_past_time_is_judged_by_what_was_in_force(self, world: World, grant: Grant) -> None:
        before = now()
        with frozen(before + HOUR):
            made = services.suspend_dataset(
                dataset=grant.dataset, by=world.oncall, reason="Names were found."
            )
        with frozen(before + 2 * HOUR):
            closed = page(world.auditor, grant)
            assert f'href="{made.get_absolute_url()}"' in closed
            assert "Names were found." in closed
            assert made.ref not in page(grant.person, grant), "the fellow is told, not led there"
            then = page(world.auditor, grant, at=before.isoformat())
            assert "judged by what was in force then" in then
            assert "What would have to change" not in then

    def test_the_link_names_the_instant_and_the_form_keeps_what_was_typed(
        self, world: World, grant: Grant
    ) -> None:
        at = now().replace(microsecond=0)
        shown = page(world.auditor, grant, at=at.isoformat())
        assert f"at={quote(at.isoformat())}" in shown
        assert f'value="{at:%Y-%m-%dT%H:%M}"' in shown
        wrong = page(world.auditor, grant, person="nobody at all", at="soon")
        assert "nobody at all" in wrong
        assert "soon" in wrong

    def test_who_declared_a_conflict_does_not_ask(self, world: World, grant: Grant) -> None:
        declare_conflict(
            user=world.auditor,
            subject=grant.fellowship,
            realm=world.program.pk,
            kind="personal",
            statement="We share a flat.",
            by=world.auditor,
        )
        assert "You declared a conflict of interest here." in page(world.auditor, grant)


class TestApi:
    """The same by GET."""

    def test_each_step_with_its_evidence(self, world: World, grant: Grant) -> None:
        answer = signed_in(world.auditor).get(WHY, asked(grant, operation="export")).json()
        assert answer["allowed"] is False
        keys = [step["key"] for step in answer["steps"]]
        assert keys == [
            *("account", "agreement", "grant", "operation", "scope", "scope_operation"),
            *("training", "conditions", "handling", "suspension", "fellowship"),
        ]
        failing = [step for step in answer["steps"] if not step["holds"]]
        assert failing[0]["needed"].startswith("Ask for access that names")
        assert failing[0]["clause"] == answer["clause"] == grant.ref
        assert all(step["needed"] == "" for step in answer["steps"] if step["holds"])

    def test_it_answers_as_the_decision_does(self, world: World, grant: Grant) -> None:
        client = token(world.steward, "access:decide")
        for operation in ("query", "export", "train"):
            question = asked(grant, operation=operation)
            why = client.get(WHY, question).json()
            decided = client.post(
                "/api/v1/access/decision", question, content_type="application/json"
            ).json()
            assert {key: why[key] for key in decided} == decided

    @pytest.mark.parametrize(
        ("values", "pointer"),
        [({"at": "2026-01-01T10:00"}, "/at"), ({"operation": "fly"}, "/operation")],
    )
    def test_a_naive_time_is_refused_with_the_reason(
        self, world: World, grant: Grant, values: dict[str, Any], pointer: str
    ) -> None:
        answer = signed_in(world.auditor).get(WHY, asked(grant, **values))
        assert answer.status_code == 400
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]

    def test_others_may_not(self, world: World, grant: Grant) -> None:
        assert signed_in(world.mentor).get(WHY, asked(grant)).status_code == 403


class TestSuspendingByApi:
    """What the page does, machines do."""

    def test_a_dataset_a_person_and_lifting(self, world: World, grant: Grant) -> None:
        oncall = token(world.oncall, "write", "read")
        sent = {"dataset": grant.dataset.ref, "reason": "Names were found."}
        made = oncall.post(SUSPENSIONS, sent, content_type="application/json")
        assert made.status_code == 201
        assert [row["dataset"] for row in made.json()["reached"]] == [grant.dataset.ref]
        lifted = token(world.manager, "write", name="b").post(
            f"{SUSPENSIONS}{made.json()['id']}/lift/",
            {"reason": "Cleaned."},
            content_type="application/json",
        )
        assert lifted.json()["lifted_because"] == "Cleaned."
        person = {
            "person": grant.person.email,
            "program": world.program.slug,
            "reason": "Keys were lost.",
        }
        assert oncall.post(SUSPENSIONS, person, content_type="application/json").status_code == 201
        assert len(oncall.get(SUSPENSIONS).json()["results"]) == 2

    @pytest.mark.parametrize(
        ("sent", "pointer"),
        [
            ({"reason": "x"}, "/person"),
            ({"reason": "x", "person": "applicant"}, "/program"),
            ({"reason": "x", "dataset": "nothing"}, "/dataset"),
            ({"dataset": "refusal-logs"}, "/reason"),
            ({"dataset": "refusal-logs", "reason": "x", "until": "2026-01-01T10:00"}, "/until"),
        ],
    )
    def test_wrong_ones_are_pointed_at(
        self, world: World, grant: Grant, sent: dict[str, Any], pointer: str
    ) -> None:
        client = token(world.oncall, "write")
        answer = client.post(SUSPENSIONS, sent, content_type="application/json")
        assert answer.status_code == 400
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


class TestWhatMayI:
    """Every dataset by operation: what is granted, what the scope names, the rest."""

    def test_what_stands_between(self, world: World, grant: Grant) -> None:
        case = Fellowship.objects.get(pk=grant.fellowship_id)
        above = scenario.dataset(world, "tickets", tier="highly_restricted")
        scope = signed_scope(case)
        may = what_may(case, now(), scope)
        assert [row.dataset for row in may.rows] == [grant.dataset]
        assert [(line.dataset, line.obstacle.text) for line in may.others] == [
            (above, "The scope of work does not name it.")
        ]
        [limit] = may.rows[0].limits
        assert (limit.grant, limit.fields, limit.of) == (grant, ["turn", "refused"], 3)
        between = Between(case, scope, now())
        table = handling.table(grant.handling, grant.dataset.tier)
        never = next(op for op, answer in table.items() if answer == handling.NO)
        said = {op: between.operation(grant.dataset, op) for op in ("query", "export", never)}
        assert said["query"].clause == "Data access agreement"
        assert said["export"].clause == "Scope of work v1, 2.3 Allowed operations"
        assert said[never].final

    def test_the_page_says_it(self, world: World, grant: Grant) -> None:
        scenario.dataset(world, "tickets", tier="highly_restricted")
        url = f"/fellowships/{grant.fellowship.ref}/what-may-i-do/"
        shown = client_of(grant.person).get(url).content.decode()
        assert "2 of 3 fields (turn, refused)" in shown
        assert "all rows" in shown
        assert "Other datasets of the catalogue" in shown
        assert "The scope of work does not name it." in shown
        assert count(client_of(grant.person), url) <= 25

    def test_what_is_answered_alike_reads_as_one_line(self, world: World, grant: Grant) -> None:
        case = Fellowship.objects.get(pk=grant.fellowship_id)
        [row] = what_may(case, now(), signed_scope(case)).rows
        lines = [[a.operation for a in same.answers] for same in row.alike]
        assert sorted(op for line in lines for op in line) == sorted(
            a.operation for a in row.answers
        )
        assert [a.operation for a in row.alike[0].answers] == [a.operation for a in row.allowed]
        assert len(lines) < len(row.answers)
        for same in row.alike:
            assert len({a.decision.allowed for a in same.answers}) == 1

    def test_answers_alike_are_one_line_in_german_too(self, world: World, grant: Grant) -> None:
        case = grant.fellowship

        def lines(language: str) -> list[list[str]]:
            with override(language):
                [row] = what_may(case, now(), signed_scope(case)).rows
                return [[answer.operation for answer in same.answers] for same in row.alike]

        assert lines("de") == lines("en")
        url = f"/fellowships/{case.ref}/what-may-i-do/"
        german = client_of(grant.person).get(url, headers={"Accept-Language": "de"})
        shown = german.content.decode().partition("<main")[2]
        assert "<h1>Was darf ich tun?</h1>" in shown
        assert f"{grant.ref} nennt es nicht." in shown

    def test_the_document_names_the_last_day_that_the_page_names(
        self, world: World, grant: Grant
    ) -> None:
        case = grant.fellowship
        wall = timezone.localtime(grant.ends_at, ZoneInfo(world.program.zone))
        last, after = (f"{day.day} {day:%B %Y}" for day in (wall - HOUR, wall + HOUR))
        url = f"/fellowships/{case.ref}/scope/1/document.html"
        shown = client_of(grant.person).get(url).content.decode()
        assert f"Yes, until {last}" in shown
        assert f"until {after}" not in shown


class TestThePast:
    """Each clause is judged by what it was at the time asked about."""

    def test_a_reclassified_dataset(self, world: World, grant: Grant) -> None:
        before = now()
        with frozen(before + HOUR):
            services.change_dataset(
                dataset=grant.dataset, by=world.steward, reason="Names.", tier="highly_restricted"
            )
        question = {"person": grant.person, "dataset": grant.dataset, "operation": "query"}
        then = explain(**question, at=before).decision
        assert (then.allowed, then.until) == (True, before + HOUR)
        assert not explain(**question, at=before + HOUR).decision.allowed

    def test_a_case_closed_out_by_hand_and_closed_later(self, world: World, grant: Grant) -> None:
        before = now()
        with frozen(before + HOUR):
            scoping.advance(
                fellowship=grant.fellowship, stage="close_out", by=world.manager, reason="Over."
            )
        with frozen(before + 9 * HOUR):
            scoping.end(fellowship=grant.fellowship, by=world.manager, reason="Over.")
        question = {"person": grant.person, "dataset": grant.dataset, "operation": "query"}
        assert explain(**question, at=before).decision.until == before + HOUR
        assert not explain(**question, at=before + 2 * HOUR).decision.allowed

    def test_a_training_that_carries_on_moves_the_end(self, world: World, grant: Grant) -> None:
        first = grant.person.trainings.get()
        at = first.expires_at - dt.timedelta(days=300)
        with frozen(at):
            scoping.record_training(
                person=grant.person,
                program=world.program,
                completed_at=at,
                evidence="List.",
                by=world.manager,
            )
        decision = explain(
            person=grant.person, dataset=grant.dataset, operation="query", at=now()
        ).decision
        assert decision.until == grant.ends_at

    def test_a_dataset_renamed_is_the_one_the_scope_named(self, world: World) -> None:
        data = scenario.dataset(world)
        case = scopes.signed_fellowship(world, world.other_applicant, datasets=[data.name])
        grant = scenario.granted(world, case, data)
        services.change_dataset(
            dataset=data, by=world.steward, reason="Clearer.", name="Refusals, 2026"
        )
        question = {"person": grant.person, "dataset": grant.dataset, "operation": "query"}
        assert explain(**question).decision.allowed
