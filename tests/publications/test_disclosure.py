"""Passages that come out later: by their date alone, put off once, early with a reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel.time import frozen, now
from publications import services, withholding
from publications.models import DisclosureStep, Objection, Publication, RedactionCheck
from tests.publications.test_services import code_of, refusal_of
from tests.scenarios import publications as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def plan(work: Publication, **values: Any) -> DisclosureStep:
    version = work.latest
    assert version is not None
    start = version.text.index(scenario.PASSAGE)
    given: dict[str, Any] = {
        "publication": work,
        "version": version,
        "start": start,
        "end": start + len(scenario.PASSAGE),
        "ground": "sensitive_security_detail",
        "summary": "One sentence on a bypass.",
        "on": now() + 45 * DAY,
        "by": work.fellowship.fellow,
    }
    return services.plan_step(**{**given, **values})


def hidden(work: Publication, at: dt.datetime) -> list[str]:
    work = Publication.objects.get(pk=work.pk)
    version = work.latest
    assert version is not None
    return [version.text[m.start : m.end] for m in withholding.withheld(work, version.text, at)]


def test_a_passage_is_public_from_its_instant_whether_or_not_a_worker_runs(world: World) -> None:
    work = scenario.submitted(world, work_class="vulnerability")
    step = plan(work)
    assert plan(work) == step
    assert hidden(work, step.on - dt.timedelta(microseconds=1)) == [scenario.PASSAGE]
    assert hidden(work, step.on) == []
    with frozen(step.on + 31 * DAY):
        sweep()
        sweep()
    step.refresh_from_db()
    assert step.done_at == step.on
    assert Event.objects.filter(verb="publications.disclose").count() == 1
    assert Event.objects.filter(verb="publications.plan_step").count() == 1


def test_a_step_is_put_off_once_and_within_the_longest_time(world: World) -> None:
    work = scenario.submitted(world, work_class="vulnerability")
    step = plan(work)
    later, fellow = step.on + 10 * DAY, work.fellowship.fellow
    move: dict[str, Any] = {"step": step, "on": later, "reason": "The fix needs a week more."}
    assert (
        code_of(
            lambda: services.extend_step(
                **move, by=world.applicant if world.applicant != fellow else world.other_applicant
            )
        )
        == "not_yours"
    )
    far = {**move, "on": step.on + 60 * DAY}
    assert refusal_of(lambda: services.extend_step(**far, by=fellow)) == ("too_long", "on")
    moved = services.extend_step(**move, by=world.policy_reviewer)
    services.extend_step(**move, by=world.policy_reviewer)
    assert (moved.on, moved.planned_on) == (later, step.planned_on)
    again = {**move, "on": later + DAY}
    assert code_of(lambda: services.extend_step(**again, by=fellow)) == "extended"
    with frozen(step.planned_on):
        sweep()
        assert hidden(work, now()) == [scenario.PASSAGE]
    with frozen(later):
        assert hidden(work, now()) == []
        assert code_of(lambda: services.extend_step(**again, by=fellow)) == "out"


def test_a_passage_comes_early_when_the_fix_ships_and_the_objection_ends_with_it(
    world: World,
) -> None:
    work = scenario.submitted(world)
    until = now() + 30 * DAY
    objection = scenario.objected(world, work, ask="stage", until=until)
    step = services.plan_step(objection=objection, on=until, by=world.policy_reviewer)
    assert (step.passage, step.summary) == (scenario.PASSAGE, objection.public_summary)
    with frozen(now() + DAY):
        give: dict[str, Any] = {"step": step, "reason": "C-088 is in production."}
        assert code_of(lambda: services.release_early(**give, by=work.fellowship.fellow)) == (
            "not_yours"
        )
        services.release_early(**give, by=world.policy_reviewer)
        services.release_early(**give, by=world.policy_reviewer)
        at = now()
        assert Objection.objects.get(pk=objection.pk).until == at
    assert hidden(work, at) == []
    assert hidden(work, at - dt.timedelta(seconds=1)) == [scenario.PASSAGE]
    assert Event.objects.filter(verb="publications.release_early").count() == 1


def test_a_plan_holds_no_whole_work_and_no_longer_than_the_policy(world: World) -> None:
    work = scenario.drafted(world)
    version = work.latest
    assert version is not None
    whole = {"start": 0, "end": len(version.text)}
    assert code_of(lambda: plan(work, **whole)) == "whole_work"
    assert refusal_of(lambda: plan(work, on=now() + 400 * DAY)) == ("too_long", "on")
    assert refusal_of(lambda: plan(work, on=now() - DAY)) == ("past", "on")
    assert refusal_of(lambda: plan(work, ground="reputation")) == ("no_ground", "ground")
    assert code_of(lambda: plan(work, by=world.policy_reviewer)) == "not_yours"


def test_redactions_are_checked_in_the_new_version_and_near_misses_are_told(world: World) -> None:
    objection = scenario.objected(world)
    work = objection.publication
    fellow = work.fellowship.fellow
    services.accept_objection(objection=objection, by=fellow)
    assert not RedactionCheck.objects.exists()  # the passage stands in the version it was marked in
    wrapped = scenario.PASSAGE.upper().replace("BYPASSED", "BY-\nPASSED")
    near = scenario.TEXT.replace(scenario.PASSAGE, wrapped)
    services.add_version(publication=work, text=near, by=fellow)
    services.add_version(publication=work, text=scenario.TEXT + "More.", by=fellow)
    gone = scenario.TEXT.replace(scenario.PASSAGE, "something happens")
    services.add_version(publication=work, text=gone, by=fellow)
    found = RedactionCheck.objects.order_by("version__number")
    assert [one.found for one in found] == ["nearly", "same", "gone"]
    first = found[0]
    assert near[first.start : first.end] == wrapped
    left = Event.objects.filter(verb="publications.add_version", body__contains='"redactions":1')
    assert left.count() == 2
    assert hidden(work, now()) == []


def test_a_redaction_settled_after_the_new_version_is_checked_in_it(world: World) -> None:
    objection = scenario.objected(world)
    work = objection.publication
    fellow = work.fellowship.fellow
    gone = scenario.TEXT.replace(scenario.PASSAGE, "something happens")
    services.add_version(publication=work, text=gone, by=fellow)
    services.accept_objection(objection=objection, by=fellow)
    assert RedactionCheck.objects.get().found == "gone"


def test_a_staged_passage_stays_withheld_where_its_own_words_were_changed(world: World) -> None:
    work = scenario.submitted(world, work_class="vulnerability")
    step = plan(work)
    fellow = work.fellowship.fellow
    other = "the filter is bypassed when a call returns an empty body"
    text = "A new beginning. " + scenario.TEXT.replace(scenario.PASSAGE, other)
    services.add_version(publication=work, text=text, by=fellow)
    assert hidden(work, now()) == [other]
    assert hidden(work, step.on) == []
    without = text.replace(f"{other}, ", "")
    services.add_version(publication=work, text=without, by=fellow)
    assert hidden(work, now()) == []
