"""Terms by stage: what holds on which day, what may be said, and where a first draft comes from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from fellowship.kernel.refusals import Refused
from fellowship.programs import usual
from fellowship.programs.services import furnish
from scoping import document, paper, policy, services, stages
from scoping.models import Fellowship
from scoping.queries import signed_scope
from scoping.routes import changes as routed_changes
from scoping.scope_forms import ScopeForm
from scoping.sections import CLAUSES
from scoping.stages import Terms
from scoping.states import Environment, Tier
from scoping.terms import differences
from tests.scenarios.scoping import amended_scope, drafted_scope, founded_fellowship, signed
from tests.scenarios.world import World

BASE = Terms(Tier.RESTRICTED, ("logs",), ("view", "query"), Environment.CONTROLLED, False)


def rows(case: Fellowship, *less: dict[str, Any]) -> list[dict[str, Any]]:
    """A stage for each, thirty days apart, the first on the first day."""
    return [
        {
            "key": f"s{number}",
            "title": f"Stage {number}",
            "from": (case.starts_on + dt.timedelta(days=30 * number)).isoformat(),
            "less": terms,
            "freedom": "high",
            "switch": "",
        }
        for number, terms in enumerate(less)
    ]


def staged(world: World, case: Fellowship) -> Fellowship:
    """Signed: public data first, then what the version allows."""
    return signed(world, case, stages=rows(case, {"max_tier": "public", "datasets": []}, {}))


# --- what holds when --------------------------------------------------------------------------


def test_the_terms_follow_from_the_day_alone(world: World, founded: Fellowship) -> None:
    case = staged(world, founded)
    scope = signed_scope(case)
    assert scope is not None
    switch = case.starts_on + dt.timedelta(days=30)
    before, after = scope.terms_on(switch - dt.timedelta(days=1)), scope.terms_on(switch)
    assert (before.title, before.terms.max_tier, before.terms.datasets) == ("Stage 0", "public", ())
    assert (after.title, after.terms.max_tier, after.terms.datasets) == (
        "Stage 1",
        "restricted",
        ("refusal-logs",),
    )
    assert scope.terms_on(case.starts_on - dt.timedelta(days=400)).title == "Stage 0"
    assert scope.terms_on(case.ends_on + dt.timedelta(days=400)).title == "Stage 1"


def test_without_stages_one_stretch_holds_throughout() -> None:
    (only,) = stages.stretches(BASE, [])
    assert (only.since, only.until, only.terms) == (None, None, BASE)


def test_every_stage_is_in_the_text_that_is_signed(world: World, founded: Fellowship) -> None:
    scope = drafted_scope(world, founded)
    plain = document.text_hash(scope)
    scope.stages = rows(founded, {"max_tier": "public"}, {"operations": ["view"]})
    assert document.text_hash(scope) != plain
    shown = CLAUSES["stages"].shown(scope.stages).splitlines()
    assert shown == [
        f"Stage 0, from {founded.starts_on}: public data at most; freedom to publish: high",
        f"Stage 1, from {founded.starts_on + dt.timedelta(days=30)}: operations: look at records; "
        "freedom to publish: high",
    ]
    assert [len(answer.allowed) for answer in paper.answers(scope)] == [2] * 10
    query = next(answer for answer in paper.answers(scope) if answer.operation == "Query")
    assert query.allowed == [True, False]


# --- what may be said -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda s: s[0].update({"from": "2020-01-01"}), "stages_gap"),
        (lambda s: s[1].update({"from": "2090-01-01"}), "stages_gap"),
        (lambda s: s[1]["less"].update({"max_tier": "highly_restricted"}), "stage_beyond"),
        (lambda s: s[1]["less"].update({"datasets": ["everything"]}), "stage_beyond"),
        (lambda s: s[1]["less"].update({"operations": ["export"]}), "stage_beyond"),
        (lambda s: s[1].update({"from": s[0]["from"]}), "bad_value"),
        (lambda s: s[1].update({"key": "s0"}), "bad_value"),
        (lambda s: s[1].update({"title": " "}), "bad_value"),
        (lambda s: s[1].update({"freedom": "some"}), "bad_value"),
        (lambda s: s[1].update({"from": "soon"}), "bad_value"),
        (lambda s: s[1].update({"less": {"retention_days": 1}}), "bad_value"),
        (lambda s: s[1].update({"less": ["max_tier"]}), "bad_value"),
        (lambda s: s[1]["less"].update({"max_tier": "secret"}), "bad_value"),
        (lambda s: s.pop(), "bad_value"),
        (lambda s: s.extend(s * 7), "bad_value"),
        (lambda s: s.__setitem__(0, "open"), "bad_value"),
    ],
)
def test_stages_that_do_not_hold_together_are_refused(
    world: World, founded: Fellowship, spoil: Any, code: str
) -> None:
    scope = drafted_scope(world, founded)
    asked = rows(founded, {"max_tier": "public"}, {})
    spoil(asked)
    with pytest.raises(Refused) as error:
        services.edit_scope(scope=scope, changes={"stages": asked}, by=world.manager)
    assert error.value.refusal.code == code
    assert founded.scopes.get().stages == []


def test_a_stage_follows_the_clause_that_bounds_it(world: World, founded: Fellowship) -> None:
    asked = rows(founded, {"operations": ["view", "query"]}, {})
    scope = drafted_scope(world, founded, stages=asked)
    scope = services.edit_scope(scope=scope, changes={"operations": ["view"]}, by=world.manager)
    assert [stage["less"] for stage in scope.stages] == [{}, {}]


# --- what changes, and how --------------------------------------------------------------------


def test_postponing_the_wider_stage_allows_less_at_once(world: World, founded: Fellowship) -> None:
    case = staged(world, founded)
    later = rows(case, {"max_tier": "public", "datasets": []}, {})
    later[1]["from"] = (case.starts_on + dt.timedelta(days=60)).isoformat()
    scope = amended_scope(world, case, stages=later)
    assert (scope.state, scope.route) == ("signed", "at_once")


def test_bringing_it_forward_allows_more(world: World, founded: Fellowship) -> None:
    case = staged(world, founded)
    sooner = rows(case, {"max_tier": "public", "datasets": []}, {})
    sooner[1]["from"] = (case.starts_on + dt.timedelta(days=5)).isoformat()
    routed = services.preview(case, {"stages": sooner}, world.manager)
    assert routed.route == "board"
    day = case.starts_on + dt.timedelta(days=5)
    assert routed.changes[0].cited == f"2.2 Datasets, “Stage 1” from {day}"
    assert {c.kind for c in routed.changes} == {"wider"}


@pytest.mark.parametrize(
    "change", [{"title": "Study"}, {"switch": "The mentor agrees."}, {"freedom": "low"}]
)
def test_what_a_stage_says_beyond_access_is_agreed_by_both(
    world: World, founded: Fellowship, change: dict[str, str]
) -> None:
    case = staged(world, founded)
    asked = rows(case, {"max_tier": "public", "datasets": []}, {})
    asked[1].update(change)
    routed = services.preview(case, {"stages": asked}, world.manager)
    assert (routed.route, [c.kind for c in routed.changes]) == ("signatures", ["wording"])


def test_a_day_moved_without_effect_is_no_narrowing(world: World, founded: Fellowship) -> None:
    case = signed(world, founded, stages=rows(founded, {}, {}))
    asked = rows(case, {}, {})
    asked[1]["from"] = (case.starts_on + dt.timedelta(days=50)).isoformat()
    assert services.preview(case, {"stages": asked}, world.manager).route == "signatures"


def test_differences_say_the_stage_and_say_it_once(world: World, founded: Fellowship) -> None:
    old = drafted_scope(world, founded)
    new = services.draft_scope(fellowship=founded, by=world.manager)
    new.stages = rows(founded, {}, {"operations": ["view"]}, {"operations": ["view"]})
    day = founded.starts_on + dt.timedelta(days=30)
    old.stages = []
    said = [(d.cited, d.text, d.direction) for d in differences(old, new)]
    where = f"2.3 Allowed operations, “Stage 1” from {day}"
    assert said == [
        (where, "Query removed", "narrower"),
        (where, "Run code on it removed", "narrower"),
    ]
    assert [c.kind for c in routed_changes(old, new)] == ["narrower", "narrower", "wording"]


# --- generation -------------------------------------------------------------------------------


def test_a_hybrid_residency_brings_its_stages(world: World) -> None:
    furnish(program=world.program, by=world.manager, **usual.OFFERS)
    case = founded_fellowship(
        world, fellowship_model="hybrid", track="product_facing", output_type="prototype-control"
    )
    scope = case.scopes.get()
    assert policy.coherent(scope) is None
    assert policy.handled(scope) is None
    found = stages.read(scope.stages)
    assert [(s.title, str(s.freedom)) for s in found] == [
        (s.name, str(s.freedom)) for s in usual.RESIDENCY
    ]
    assert found[0].since == case.starts_on
    tiers = [stretch.terms.max_tier for stretch in scope.stretches()]
    assert tiers == ["public", "restricted", "restricted", "internal"]
    assert [item["title"].split(":")[0] for item in scope.checkpoints] == [
        "Before “Controlled study”",
        "Before “Work on the control”",
        "Before “Writing up”",
        "Final review",
    ]
    assert scope.sources["stages"] == "the model Hybrid residency v1"


@pytest.mark.parametrize(
    ("answers", "tier", "environment", "source"),
    [
        (
            {"fellowship_model": "controlled_access"},
            "restricted",
            "controlled",
            "the track Controlled access v1 and the model Controlled-access fellowship v1",
        ),
        (
            {"fellowship_model": "open_methods"},
            "public",
            "controlled",
            "the model Open methods fellowship v1, the narrowest of what was chosen",
        ),
        (
            {"output_type": "policy-memo"},
            "internal",
            "controlled",
            "the output type Policy memo v1, the narrowest of what was chosen",
        ),
    ],
)
def test_the_narrowest_template_wins_and_is_named(
    world: World, answers: dict[str, str], tier: str, environment: str, source: str
) -> None:
    furnish(program=world.program, by=world.manager, **usual.OFFERS)
    scope = founded_fellowship(world, **answers).scopes.get()
    assert (scope.max_tier, scope.environment) == (tier, environment)
    assert scope.sources["max_tier"] == source


def test_a_clause_that_was_changed_loses_its_source(world: World, founded: Fellowship) -> None:
    scope = founded.scopes.get()
    assert scope.sources["question"] == "the proposal, version 1"
    scope = services.edit_scope(
        scope=scope, changes={"question": "Whether it falls by 10 points."}, by=world.manager
    )
    assert "question" not in scope.sources
    assert scope.sources["objective"] == "the proposal, version 1"


# --- consistency ------------------------------------------------------------------------------


def test_own_equipment_is_refused_by_the_tiers_handling(world: World, founded: Fellowship) -> None:
    scope = drafted_scope(world, founded, environment="own")
    with pytest.raises(Refused) as error:
        services.offer_scope(scope=scope, by=world.manager)
    found = error.value.refusal
    assert (found.code, found.field) == ("tier_handling", "environment")
    assert "2.1 Highest data tier" in found.reason
    assert "Data handling standard" in found.rule or "data handling" in found.rule.lower()


def test_own_equipment_in_a_stage_of_public_data_is_fine(world: World, founded: Fellowship) -> None:
    asked = rows(founded, {"max_tier": "public"}, {"environment": "controlled"})
    scope = drafted_scope(world, founded, environment="own", stages=asked)
    assert services.offer_scope(scope=scope, by=world.manager).state == "offered"


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"question": "AI safety in general."}, "question"),
        ({"operations": ["view", "download"]}, "code_may_leave"),
        ({"operations": ["train"]}, "operations"),
        ({"operations": []}, "operations"),
        ({"datasets": []}, "max_tier"),
        ({"code_may_leave": True}, "code_may_leave"),
        ({"credit": []}, "credit"),
        ({"checkpoints": [{"key": "c1", "title": "Late", "due": "2090-01-01"}]}, "checkpoints"),
    ],
)
def test_what_does_not_fit_together_is_remarked(
    world: World, founded: Fellowship, changes: dict[str, Any], clause: str
) -> None:
    plain = drafted_scope(world, founded)
    assert clause not in {remark.clause for remark in policy.remarks(plain)}
    scope = drafted_scope(world, founded, **changes)
    assert clause in {remark.clause for remark in policy.remarks(scope)}


def test_a_key_stands_for_one_milestone_or_checkpoint(world: World, founded: Fellowship) -> None:
    twice = [{"key": "m1", "title": "Review", "due": "2026-12-01"}]
    with pytest.raises(Refused) as error:
        drafted_scope(world, founded, checkpoints=twice)
    assert error.value.refusal.code == "key_twice"


# --- the form ---------------------------------------------------------------------------------


def test_the_form_says_back_what_it_shows(world: World, founded: Fellowship) -> None:
    asked = rows(founded, {"max_tier": "public", "datasets": []}, {"operations": ["view"]})
    scope = drafted_scope(world, founded, stages=asked)
    shown = ScopeForm(scope=scope)
    posted = {
        bound.name: value for bound in shown if (value := bound.value()) not in (None, [], "")
    } | {f"stage-2-{name}": "" for name in ("title",)}
    form = ScopeForm(posted, scope=scope)
    assert form.is_valid(), form.errors
    assert form.changes() == {}
    posted["stage-1-operations"] = ["view", "query"]
    posted["operations"] = ["view", "query"]
    form = ScopeForm(posted, scope=scope)
    assert form.is_valid(), form.errors
    made = form.changes()
    assert made["operations"] == ["view", "query"]
    assert [row["less"] for row in made["stages"]] == [{"max_tier": "public", "datasets": []}, {}]
