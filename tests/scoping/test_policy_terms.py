"""The fellowship policy binds: lengths, signatures, verdicts and trainings; and its what-if."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from fellowship.clocks.models import Clock
from fellowship.kernel.time import frozen, now
from fellowship.programs.models import Call
from governance import founding, rules
from governance.models import RuleVersion
from governance.services import draft_rule
from scoping import services
from scoping.calls import scope_of_work
from scoping.models import Fellowship, Training
from tests.governance.test_pages import page
from tests.scenarios import scoping as scenario
from tests.scenarios.governance import adopted_rule
from tests.scenarios.world import World

SHORT = {
    "longest_fellowship_months": 2,
    "signature": "3 working days",
    "countersignature": "1 working day",
    "verdict": "2 working days",
    "training_holds": "30 calendar days",
}


def policy(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(founding.parameters("fellowship_policy")), **changes}


def under_way(case: Fellowship, kind: str) -> Clock:
    subjects = [case.pk, *case.milestones.values_list("pk", flat=True)]
    return Clock.objects.running().get(kind=kind, subject_id__in=subjects)


def test_a_case_is_held_to_the_policy_it_began_under(world: World) -> None:
    rule = adopted_rule(world, "fellowship_policy", policy(**SHORT))
    case = scenario.founded_fellowship(world)
    assert case.ends_on < case.starts_on + dt.timedelta(days=62)
    scope = case.scopes.get()
    assert "within 2 working days" in scope.terms["reviews"]
    assert scope.milestones[-1]["due"] == case.ends_on.isoformat()

    scope = scenario.offered_scope(world, case)
    clock = under_way(case, "scoping.signature")
    assert (clock.window, clock.rule) == ("3 working days", str(rule))
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=case.fellow)
    assert under_way(case, "scoping.countersignature").window == "1 working day"
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.chair)

    services.deliver_milestone(
        milestone=case.milestones.earliest("due_on"), evidence="Done.", by=case.fellow
    )
    assert under_way(case, "scoping.verdict").window == "2 working days"


def test_a_later_policy_moves_no_goalpost(world: World, signed: Fellowship) -> None:
    adopted_rule(world, "fellowship_policy", policy(**SHORT))
    milestone = signed.milestones.earliest("due_on")
    path = f"/fellowships/{signed.ref}/milestones/{milestone.pk}/deliver/"
    assert "a verdict within 5 working days." in page(signed.fellow, path)
    services.deliver_milestone(milestone=milestone, evidence="Done.", by=signed.fellow)
    assert under_way(signed, "scoping.verdict").window == "5 working days"


def test_a_training_holds_as_long_as_the_policy_says(world: World) -> None:
    adopted_rule(world, "fellowship_policy", policy(**SHORT))
    training = services.record_training(
        person=world.applicant, program=world.program, by=world.manager, evidence="Signed list."
    )
    assert training.expires_at - training.completed_at == dt.timedelta(days=30)
    assert not Training.objects.valid(training.expires_at).exists()


def test_without_a_policy_a_training_holds_as_in_a_new_programme(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*args: Any) -> RuleVersion:
        raise rules.NoRule("none")

    monkeypatch.setattr(rules, "in_force", none)
    training = services.record_training(
        person=world.applicant, program=world.program, by=world.manager, evidence="Signed list."
    )
    assert training.expires_at.date() - training.completed_at.date() == dt.timedelta(days=365)


def test_a_call_shows_the_policy_it_is_held_to(world: World) -> None:
    held = [one.text for one in scope_of_work(world.call)]
    adopted_rule(world, "fellowship_policy", policy(**SHORT))
    assert [one.text for one in scope_of_work(world.call)] == held
    assert "within 5 working days" in held[0]
    with frozen(now() - dt.timedelta(days=4_000)):
        unheld = Call(program=world.program, publication_rules="All of it.")
        assert list(scope_of_work(unheld)) == [], "nothing can be said before there is a policy"


def test_what_another_policy_would_have_done(world: World, signed: Fellowship) -> None:
    milestone = signed.milestones.earliest("due_on")
    services.deliver_milestone(milestone=milestone, evidence="Done.", by=signed.fellow)
    with frozen(now() + dt.timedelta(days=4)):
        services.accept_milestone(milestone=milestone, by=world.mentor, reason="Shown.")
        assert found(draft(world)) == []
        changed = found(draft(world, longest_fellowship_months=1, verdict="1 working day"))
    (length, before, after), verdict = changed
    assert length == f"{signed.ref} {signed.title}"
    assert before == f"Ends on {signed.ends_on:%-d %B %Y}"
    assert after.startswith("Ends on ")
    assert verdict == (
        f"{signed.ref} {milestone.title}: Verdict on a milestone",
        "In time (5 working days)",
        "Too late (1 working day)",
    )


def draft(world: World, **changes: Any) -> RuleVersion:
    return draft_rule(
        program=world.program,
        kind="fellowship_policy",
        parameters=policy(**changes),
        title="Another",
        prose=founding.prose("fellowship_policy"),
        rationale="To see.",
        owner=world.sponsor,
        by=world.manager,
    )


def found(rule: RuleVersion) -> list[tuple[str, str, str]]:
    return [(d.case, d.before, d.after) for one in rules.what_if(rule) for d in one.differences]
