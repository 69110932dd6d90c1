"""Rules as versions: drafted, decided, in force by the clock, pinned by cases, compared."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from fellowship.accounts.models import User
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import frozen, now
from fellowship.programs.services import found_program
from governance import founding, rules, services
from governance.models import RulePin, RuleVersion
from governance.states import RuleKind
from tests.governance.test_pages import page
from tests.scenarios.governance import decide, decide_on, proposed_rule
from tests.scenarios.world import World


def refused(call: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal


def drafted(world: World, **values: Any) -> RuleVersion:
    parameters = copy.deepcopy(founding.parameters("publication_policy"))
    parameters["windows"]["methods"] = "21 calendar days"
    defaults: dict[str, Any] = {
        "program": world.program,
        "kind": "publication_policy",
        "parameters": parameters,
        "title": "Faster methods papers",
        "prose": founding.prose("publication_policy").replace("is permitted", "is welcome"),
        "rationale": "Reviews take ten days.",
        "owner": world.sponsor,
        "by": world.manager,
    }
    return services.draft_rule(**{**defaults, **values})


def adopted(world: World, **values: Any) -> RuleVersion:
    rule = drafted(world, **values)
    decide(world, proposed_rule(world, rule))
    rule.refresh_from_db()
    return rule


# --- founding -------------------------------------------------------------------------------


def test_a_new_programme_has_one_version_of_every_kind(world: World) -> None:
    in_force = rules.all_in_force(world.program)
    assert set(in_force) == set(RuleKind.values)
    assert {rule.version for rule in in_force.values()} == {1}
    assert {rule.owner for rule in in_force.values()} == {world.sponsor}
    assert {rule.author for rule in in_force.values()} == {world.admin}
    assert all(rule.text_hash == rule.content_hash() for rule in in_force.values())


def test_founded_twice_is_founded_once(world: World) -> None:
    again = services.adopt_founding_rules(program=world.program, by=world.admin)
    assert set(again) == set(RuleKind.values)
    assert RuleVersion.objects.count() == len(RuleKind.values)
    founded = timeline(world.program).filter(verb="governance.adopt_founding_rules")
    assert founded.count() == 1


def test_founding_takes_two_people(world: World) -> None:
    program = found_program(slug="empty", name="Empty", purpose="None.", by=System("test"))

    def found(by: Any, sponsor: User | None = None) -> str:
        return refused(
            lambda: services.adopt_founding_rules(program=program, by=by, sponsor=sponsor)
        ).code

    assert found(System("test")) == "no_sponsor"
    assert found(world.admin, world.sponsor) == "wrong_role"
    assert found(System("test"), world.sponsor) == "wrong_role_sponsor"
    program.sponsor = world.sponsor
    with journal.acting("tests.name", by=System("test")):
        program.save()
        journal.record(subject=program, realm_id=program.pk)
    assert found(world.manager) == "wrong_role"
    overrides = {"exceptions": {**founding.parameters("exceptions"), "reminder_days": [14]}}
    made = services.adopt_founding_rules(program=program, by=System("test"), overrides=overrides)
    assert made["exceptions"].params.reminder_days == (14,)


# --- drafting -------------------------------------------------------------------------------


def test_drafting_is_for_manager_and_board(world: World) -> None:
    for name in ("stranger", "applicant", "auditor", "sponsor", "admin"):
        refusal = refused(lambda name=name: drafted(world, by=world.people[name]))
        assert refusal.code == "wrong_role"


def test_a_draft_that_does_not_fit_is_refused_with_the_parameter(world: World) -> None:
    parameters = founding.parameters("publication_policy")
    for values, field, text in (
        (
            {"parameters": {**parameters, "silence": "hold"}},
            "parameters.silence",
            "A window that ends without a word: must be one",
        ),
        ({"kind": "manners"}, "kind", "Choose one of the listed kinds"),
        ({"title": " "}, "title", "Give the rule a title."),
        ({"prose": ""}, "prose", "Write the rule"),
        ({"rationale": ""}, "rationale", "Say why the rule changes."),
    ):
        refusal = refused(lambda values=values: drafted(world, **values))
        assert refusal.field == field
        assert refusal.reason.startswith(text)


def test_ballot_rules_must_cover_exactly_the_kinds_there_are(world: World) -> None:
    parameters = founding.parameters("ballot_rules")
    some = dict(parameters["matters"])
    rule = some.pop("governance.exception")
    for matters, text in (
        (some, "missing kinds of matter: governance.exception"),
        ({**parameters["matters"], "no.such": rule}, "unknown kinds of matter: no.such"),
    ):
        refusal = refused(
            lambda matters=matters: drafted(
                world, kind="ballot_rules", parameters={**parameters, "matters": matters}
            )
        )
        assert text in refusal.reason


def test_a_draft_changes_until_it_is_proposed(world: World) -> None:
    rule = drafted(world)
    whole = {
        "parameters": rule.parameters,
        "title": "New title",
        "prose": rule.prose,
        "rationale": rule.rationale,
    }
    for _ in range(2):
        services.edit_rule(rule=rule, by=world.chair, **whole)
    assert [e.verb for e in timeline(rule)] == ["governance.edit_rule", "governance.draft_rule"]
    proposed_rule(world, rule)
    refusal = refused(
        lambda: services.edit_rule(rule=rule, by=world.manager, **{**whole, "title": "Newer"})
    )
    assert refusal.code == "wrong_state"


# --- into force -----------------------------------------------------------------------------


def test_a_rule_comes_into_force_by_decision_with_the_next_number(world: World) -> None:
    before = rules.in_force(world.program, "publication_policy")
    rule = drafted(world)
    assert (rule.version, rule.status, str(rule)) == (None, "draft", "Publication policy, draft")
    matter = proposed_rule(world, rule)
    assert services.propose_rule(rule=rule, by=world.manager) == matter
    assert rules.in_force(world.program, "publication_policy") == before
    assert [s["heading"] for s in matter.dossier.body["sections"]] == [
        "Why",
        "Numbers against Publication policy v1",
        "Words against Publication policy v1",
        "What it would have changed",
        "What was said to it, and what became of it",
        "Text",
    ]
    assert matter.dossier.body["sections"][1]["rows"] == [
        ["Windows, methods, nothing sensitive", "30 calendar days", "21 calendar days"]
    ]
    decide(world, matter)
    rule.refresh_from_db()
    assert (rule.version, rule.status, str(rule)) == (2, "adopted", "Publication policy v2")
    assert rules.in_force(world.program, "publication_policy") == rule
    assert [r.version for r in rules.history(world.program, "publication_policy")] == [2, 1]


def test_nobody_brings_a_rule_into_force_without_a_decision(world: World) -> None:
    rule = drafted(world)
    assert (
        refused(lambda: services.bring_into_force(rule=rule, by=world.chair)).code == "wrong_state"
    )
    proposed_rule(world, rule)
    for by in (world.chair, world.admin, System("anything")):
        refusal = refused(lambda by=by: services.bring_into_force(rule=rule, by=by))
        assert refusal.code == "not_decided"


def test_a_later_time_is_in_force_only_then(world: World) -> None:
    later = now() + dt.timedelta(days=60)
    rule = adopted(world, effective_at=later)
    assert rule.effective_at == later
    assert rules.in_force(world.program, "publication_policy").version == 1
    assert rules.in_force(world.program, "publication_policy", later).version == 2
    with frozen(later - dt.timedelta(seconds=1)):
        assert rules.in_force(world.program, "publication_policy").version == 1
    assert rules.all_in_force(world.program, later)["publication_policy"] == rule
    shown = page(world.chair, rule.get_absolute_url())
    assert "Adopted, not in force yet" in shown
    assert "Cases that began under it" not in shown
    assert "decided on" in shown


def test_a_time_before_the_forerunner_s_is_refused_and_nothing_is_recorded(world: World) -> None:
    adopted(world, effective_at=now() + dt.timedelta(days=60))
    second = drafted(world, title="Sooner")
    matter = proposed_rule(world, second)
    refusal = refused(lambda: decide(world, matter))
    assert refusal.code == "before_its_forerunner"
    second.refresh_from_db()
    assert second.status == "proposed"


def test_denied_and_deferred(world: World) -> None:
    denied, deferred = drafted(world), drafted(world, title="Another")
    proposed_rule(world, denied)
    decide_on(world, denied, "deny")
    proposed_rule(world, deferred)
    decide_on(world, deferred, "defer")
    denied.refresh_from_db()
    deferred.refresh_from_db()
    assert (denied.status, deferred.status) == ("rejected", "draft")
    assert rules.in_force(world.program, "publication_policy").version == 1


def test_a_withdrawn_proposal_is_a_draft_again(world: World) -> None:
    rule = drafted(world)
    matter = proposed_rule(world, rule)
    services.withdraw_matter(matter=matter, by=world.manager, reason="Not ready.")
    rule.refresh_from_db()
    assert rule.status == "draft"


def test_the_database_refuses_an_adopted_version_without_number(world: World) -> None:
    rule = rules.in_force(world.program, "exceptions")
    rule.version = None
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("tests.bend", by=world.admin),
    ):
        rule.save()


def test_drafts_are_for_staff_adopted_rules_for_participants(world: World) -> None:
    rule = drafted(world)
    visible = RuleVersion.objects.visible_to
    assert rule in visible(world.auditor)
    assert rule not in visible(world.stranger)
    assert visible(world.stranger).count() == 0
    assert visible(world.mentor).count() == len(RuleKind.values) + 1


# --- pins -----------------------------------------------------------------------------------


def test_a_case_is_held_to_the_rules_of_its_beginning(world: World) -> None:
    rules.pin(subject=world.call, program=world.program, by=world.manager)
    new = adopted(world)
    rules.pin(subject=world.call, program=world.program, by=world.manager)
    assert rules.pinned(world.call, "publication_policy").version == 1
    assert rules.in_force(world.program, "publication_policy") == new
    assert RulePin.objects.count() == len(RuleKind.values)
    pinned = timeline(world.call).filter(verb="governance.pin_rules")
    assert pinned.count() == 1


def test_a_later_rule_applies_only_by_agreement_of_two(world: World) -> None:
    rules.pin(subject=world.call, program=world.program, by=world.manager)
    new = adopted(world)

    def amend(agreed_by: User, rule: RuleVersion = new) -> RulePin:
        return rules.amend_pin(
            subject=world.call, rule=rule, by=world.manager, agreed_by=agreed_by, reason="Better."
        )

    assert refused(lambda: amend(world.manager)).code == "separation"
    assert refused(lambda: amend(world.applicant, drafted(world))).code == "rule_not_adopted"
    for _ in range(2):
        amend(world.applicant)
    assert rules.pinned(world.call, "publication_policy") == new
    amended = timeline(world.call).filter(verb="governance.amend_pin")
    assert [event.reason for event in amended] == ["Better."]


def test_an_unpinned_case_falls_back_and_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert rules.pinned(world.cohort, "exceptions") == rules.in_force(world.program, "exceptions")
    assert "pinned no exceptions; the one in force applies" in caplog.text
    with pytest.raises(rules.NoRule):
        rules.pinned(world.chair, "exceptions")


def test_a_programme_without_rules_says_so(world: World) -> None:
    program = found_program(slug="empty", name="Empty", purpose="None.", by=System("test"))
    with pytest.raises(rules.NoRule, match="has no exception rules in force"):
        rules.in_force(program, "exceptions")


# --- differences ----------------------------------------------------------------------------


def test_the_difference_in_parameters_and_in_words(world: World) -> None:
    before, after = rules.in_force(world.program, "publication_policy"), drafted(world)
    diff = rules.diff(before, after)
    assert diff.parameters == [
        rules.ParameterChange("windows.methods", "30 calendar days", "21 calendar days")
    ]
    assert [(w.kind, w.text) for w in diff.words if w.kind != "same"] == [
        ("removed", "permitted."),
        ("added", "welcome."),
    ]
    assert "".join(w.text for w in diff.words if w.kind != "removed") == after.prose
    assert "".join(w.text for w in diff.words if w.kind != "added") == before.prose
    assert rules.diff(before, before).empty


def test_what_a_version_would_have_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_whatifs", {})
    rule = drafted(world)
    assert rules.what_if(rule) == []

    @rules.whatif("publication_policy", of="works submitted")
    def windows(program: Any, before: Any, after: Any) -> list[rules.Difference]:
        was, would = str(before.windows.methods), str(after.windows.methods)
        return [
            rules.Difference("PUB-1", "/", was, would),
            rules.Difference("PUB-2", "/", was, would, record=rule),
        ]

    (found,) = rules.what_if(rule)
    assert found.caption == "Of the works submitted, 2 would have gone otherwise."
    assert [(d.case, d.before, d.after) for d in found.differences] == [
        ("PUB-1", "30 calendar days", "21 calendar days"),
        ("PUB-2", "30 calendar days", "21 calendar days"),
    ]
    (shown,) = rules.what_if(rule, world.stranger)
    assert [d.case for d in shown.differences] == ["PUB-1"]
    assert len(rules.what_if(rule, world.manager)[0].differences) == 2
