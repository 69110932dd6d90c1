"""The translation matrix: suggestions with reasons, contests with answers, versions of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from findings import matrix, services
from findings.models import Contest, Finding
from findings.states import ControlType, Family, FindingClass
from findings.suggesting import Suggestion, suggest
from tests.scenarios import findings as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db

LIMIT = (Family.COMPENSATING, ControlType.SESSION_LIMIT)
FILTER = (Family.PREVENTIVE, ControlType.CONTENT_FILTER)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def rows(finding: Finding) -> dict[tuple[str, str], Suggestion]:
    return {(s.family, s.control_type): s for s in suggest(finding).rows}


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def contested(world: World, finding: Finding | None = None, **values: Any) -> Contest:
    return services.contest(
        **{
            "program": world.program,
            "finding": finding,
            "finding_class": "jailbreak",
            "family": LIMIT[0],
            "control_type": LIMIT[1],
            "reason": "Our sessions are one turn long.",
            "by": world.product_owner,
            **values,
        }
    )


def test_suggestions_say_why_and_what_such_controls_showed_here(world: World) -> None:
    finding = scenario.reported(world)
    found = suggest(finding)
    assert (found.finding_class, found.derived, found.version) == ("jailbreak", True, 1)
    before = rows(finding)[FILTER]
    assert before.reasons == [
        "Jailbreak: A classifier around the model stops what it would answer.",
        "AML.T0054 → AML.M0020 Generative AI Guardrails.",
    ]
    assert str(before.shown) == "not chosen yet"
    scenario.verified(
        world,
        scenario.deployed(
            world,
            scenario.planned(
                world,
                scenario.accepted(world, finding),
                family="preventive",
                control_type="content_filter",
            ),
        ),
    )
    after = suggest(finding).rows[0]
    assert (after.family, after.control_type) == FILTER  # what worked here comes first
    assert after.reasons[-1] == (
        "In this programme the risk fell in 1 of 1 cases that were measured."
    )
    assert str(after.shown) == "chosen once, reduced the risk in 1 of 1 measured"
    finding = services.classify(
        finding=finding, finding_class="over_refusal", by=world.product_owner
    )
    assert suggest(finding).derived is False
    assert rows(finding)[FILTER].shown.chosen == 1  # the class moved, and its control with it


def test_who_may_classify_contest_and_answer(world: World) -> None:
    finding = scenario.reported(world)
    by_mentor = {"finding": finding, "finding_class": "jailbreak", "by": world.mentor}
    assert code_of(lambda: services.classify(**by_mentor)) == "wrong_role"
    assert code_of(lambda: contested(world, finding, by=world.manager)) == "wrong_role"
    assert code_of(lambda: contested(world, finding, reason=" ")) == "no_rationale"
    odd = {"family": "corrective", "control_type": "logging"}
    assert code_of(lambda: contested(world, finding, **odd)) == "not_suggested"
    raised = contested(world, finding)
    assert contested(world, finding) == raised  # twice is once
    answer = {"contest": raised, "outcome": "upheld", "answer": "It bounds the risk."}
    by_raiser = {**answer, "by": world.product_owner}
    assert code_of(lambda: services.answer_contest(**by_raiser)) == "wrong_role"
    vague = {**answer, "outcome": "replaced", "by": world.manager}
    assert code_of(lambda: services.answer_contest(**vague)) == "unknown_family"
    silent = {**answer, "answer": "", "by": world.manager}
    assert code_of(lambda: services.answer_contest(**silent)) == "no_answer"
    assert (
        code_of(lambda: services.take_back_contest(contest=raised, by=world.manager)) == "not_yours"
    )


def test_a_contest_about_a_finding_is_answered_by_name_and_holds_for_it_alone(
    world: World,
) -> None:
    finding = scenario.reported(world)
    raised = contested(world, finding)
    assert rows(finding)[LIMIT].contest == raised
    answer = {
        "contest": raised,
        "outcome": "replaced",
        "answer": "A threshold before release fits one turn.",
        "instead_family": "detective",
        "instead_type": "monitoring",
        "by": world.manager,
    }
    done = services.answer_contest(**answer)
    assert services.answer_contest(**answer) == done  # twice is once
    assert (done.state, done.ended_by) == ("replaced", world.manager)
    assert [event.verb for event in timeline(done)] == [
        "findings.answer_contest",
        "findings.contest",
    ]
    assert Notice.objects.filter(recipient=world.product_owner, kind="findings.contest").exists()
    here = rows(finding)
    assert LIMIT not in here
    assert here["detective", "monitoring"].reasons[-1].startswith("In place of compensating")
    other = scenario.reported(world, finding.fellowship, title="Another", evidence=[])
    assert LIMIT in rows(other)
    assert matrix.in_force(matrix.changes(world.program.pk)).version == 1


def test_a_contest_about_the_matrix_makes_its_next_version(world: World) -> None:
    began = now()
    with frozen(began + dt.timedelta(minutes=1)):
        raised = contested(world)
        services.answer_contest(
            contest=raised, outcome="withdrawn", answer="Long sessions are gone.", by=world.manager
        )
        version = services.change_matrix(
            program=world.program,
            finding_class="jailbreak",
            family="detective",
            control_type="logging",
            suggested=True,
            reason="We want to see attempts.",
            by=world.manager,
        )
    changed = matrix.changes(world.program.pk)
    here = matrix.in_force(changed)
    assert (version, here.version) == (3, 3)
    cells = here.cells[FindingClass.JAILBREAK]
    assert LIMIT not in cells
    assert cells[Family.DETECTIVE, ControlType.LOGGING] == "We want to see attempts."
    assert LIMIT in matrix.in_force(changed, began).cells[FindingClass.JAILBREAK]
    assert (
        code_of(
            lambda: services.change_matrix(
                program=world.program,
                finding_class="jailbreak",
                family="detective",
                control_type="logging",
                suggested=False,
                reason="No.",
                by=world.product_owner,
            )
        )
        == "wrong_role"
    )


def test_silence_goes_to_the_sponsor_once(world: World) -> None:
    raised = contested(world)
    late = raised.due_at + dt.timedelta(minutes=1)
    for _ in range(2):
        with frozen(late):
            sweep()
    told = Notice.objects.filter(recipient=world.sponsor, title__contains="not answered in time")
    assert told.count() == 1
    with frozen(late):
        services.take_back_contest(contest=raised, by=world.product_owner)
    raised.refresh_from_db()
    assert raised.state == "retracted"


def test_the_matrix_is_linked_for_who_may_open_it(world: World) -> None:
    finding = scenario.accepted(world)
    whole = reverse("findings:matrix", args=[world.program.slug])
    for person, opens in ((world.product_owner, True), (finding.fellowship.fellow, False)):
        client = signed_in(person)
        page = client.get(finding.get_absolute_url()).content.decode()
        assert "Translation matrix" in page
        assert (f'href="{whole}"' in page) is opens
        assert (client.get(whole).status_code == 200) is opens


def test_pages_of_the_matrix_and_of_a_contest(
    world: World, django_assert_max_num_queries: Any
) -> None:
    finding = scenario.accepted(world)
    raised = contested(world)
    owner, manager = signed_in(world.product_owner), signed_in(world.manager)
    whole = reverse("findings:matrix", args=[world.program.slug])
    owner.get(whole)
    with django_assert_max_num_queries(20):
        page = owner.get(whole).content.decode()
    assert raised.get_absolute_url() in page
    assert "Long contexts weaken refusals" in page
    kind = reverse("findings:matrix_class", args=[world.program.slug, "jailbreak"])
    with django_assert_max_num_queries(20):
        page = owner.get(kind).content.decode()
    assert "AML.M0020 Generative AI Guardrails" in page
    assert "Suggest it from now on" not in page
    assert "Suggest it from now on" in manager.get(kind).content.decode()
    contest_url = reverse("findings:finding_contest", args=[finding.ref, *FILTER])
    assert owner.get(contest_url).status_code == 200
    sent = owner.post(contest_url, {"reason": ""})
    assert sent.status_code == 422
    sent = owner.post(contest_url, {"reason": "The filter is there already."})
    assert sent.status_code == 302
    about = Contest.objects.get(finding=finding)
    fellow = signed_in(finding.fellowship.fellow)
    assert "The filter is there already." in fellow.get(about.get_absolute_url()).content.decode()
    assert signed_in(world.stranger).get(about.get_absolute_url()).status_code == 404
    bad = manager.post(about.get_absolute_url(), {"outcome": "replaced", "answer": "Another."})
    assert bad.status_code == 422
    assert "Choose a family" in bad.content.decode()
    good = manager.post(about.get_absolute_url(), {"outcome": "upheld", "answer": "Not for tools."})
    assert good.status_code == 302
    shown = owner.get(finding.get_absolute_url()).content.decode()
    assert "Contested and upheld: Not for tools." in shown
    plan = owner.get(
        reverse("findings:plan", args=[finding.ref])
        + "?family=preventive&control_type=content_filter"
    ).content.decode()
    assert 'value="preventive"' in plan
    assert "A classifier around the model" in plan


def test_the_api_tells_matrix_suggestions_and_contests(world: World) -> None:
    finding = scenario.reported(world)
    owner = signed_in(world.product_owner)
    found = owner.get("/api/v1/translation-matrix/", {"program": world.program.slug}).json()
    assert found["version"] == 1
    assert {"prompt_injection", "jailbreak"} <= {cell["finding_class"] for cell in found["cells"]}
    assert owner.get("/api/v1/translation-matrix/", {"program": "other"}).status_code == 404
    listed = owner.get(f"/api/v1/findings/{finding.ref}/suggestions/").json()
    assert any("AML.M0020" in reason for row in listed for reason in row["reasons"])
    body = {
        "finding": finding.ref,
        "family": LIMIT[0],
        "control_type": LIMIT[1],
        "reason": "One turn only.",
    }
    made = owner.post("/api/v1/contests/", body, content_type="application/json")
    assert made.status_code == 201, made.json()
    answered = signed_in(world.manager).post(
        f"/api/v1/contests/{made.json()['ref']}/answer/",
        {"outcome": "upheld", "answer": "It stays."},
        content_type="application/json",
    )
    assert answered.json()["state"] == "upheld"
