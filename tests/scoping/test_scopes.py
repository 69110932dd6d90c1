"""Drafting, offering, signing and amending scopes of work."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance.models import Matter
from governance.services import withdraw_matter
from scoping import document, services
from scoping.home import signatures
from scoping.models import Fellowship, ScopeOfWork, Signature
from scoping.queries import signed_scope
from tests.scenarios.governance import decide_on
from tests.scenarios.scoping import (
    amended_scope,
    drafted_scope,
    offered_scope,
    sign_both,
    signed_fellowship,
)
from tests.scenarios.world import World


def refused(call: Any) -> str:
    """The code with which `call` is refused."""
    with pytest.raises(Refused) as error:
        call()
    assert error.value.refusal.reason
    return error.value.refusal.code


def test_offering_fixes_the_text(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    assert scope.state == "offered"
    assert scope.text_hash == document.text_hash(scope)
    assert document.is_intact(scope)
    code = refused(
        lambda: services.edit_scope(scope=scope, changes={"tools": "Any"}, by=world.manager)
    )
    assert code == "not_a_draft"


def test_a_draft_with_a_gap_is_not_offered(world: World, founded: Fellowship) -> None:
    scope = drafted_scope(world, founded, deliverables="")
    assert refused(lambda: services.offer_scope(scope=scope, by=world.manager)) == "incomplete"


def test_offering_twice_offers_once(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    events, notices = Event.objects.count(), Notice.objects.count()
    services.offer_scope(scope=scope, by=world.manager)
    assert (Event.objects.count(), Notice.objects.count()) == (events, notices)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("mentor", "wrong_role"),
        ("manager", "separation"),
        ("steward", "wrong_role"),
        ("board_legal", "wrong_role"),
        ("other_applicant", "wrong_role"),
        ("auditor", "wrong_role"),
    ],
)
def test_who_does_not_sign(world: World, founded: Fellowship, name: str, code: str) -> None:
    scope = offered_scope(world, founded)
    person = world.people[name]
    found = refused(lambda: services.sign_scope(scope=scope, text_hash=scope.text_hash, by=person))
    assert found == code
    assert not Signature.objects.exists()


def test_both_sides_sign_the_same_text(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    first = services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)
    assert (first.side, first.capacity) == ("fellow", "Fellow")
    assert signed_scope(scope.fellowship) is None
    second = services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.sponsor)
    assert (second.side, second.capacity) == ("company", "Sponsor")
    case = Fellowship.objects.get(pk=scope.fellowship_id)
    assert case.state == "access"
    assert signed_scope(case) == scope
    kinds = sorted(case.milestones.values_list("kind", flat=True))
    assert kinds == ["checkpoint"] * 2 + ["deliverable"] * 3
    assert not Clock.objects.about(case).running().exists()


def test_another_hash_is_refused(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    call = lambda: services.sign_scope(scope=scope, text_hash="0" * 64, by=world.applicant)  # noqa: E731
    assert refused(call) == "text_changed"


def test_a_text_changed_behind_our_back_is_not_signed(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    with journal.acting("test.tamper", by=journal.System("test")):
        scope.datasets = ["everything"]
        scope.save()
        journal.record(subject=scope)
    call = lambda: services.sign_scope(  # noqa: E731
        scope=scope, text_hash=scope.text_hash, by=world.applicant
    )
    assert refused(call) == "text_changed"


def test_signing_twice_signs_once(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    first = services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)
    events = Event.objects.count()
    again = services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)
    assert again == first
    assert Event.objects.count() == events


def test_one_side_signs_once(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.chair)
    call = lambda: services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.sponsor)  # noqa: E731
    assert refused(call) == "signed"
    with pytest.raises(IntegrityError), transaction.atomic():
        _sign_anyway(scope, world)


def _sign_anyway(scope: ScopeOfWork, world: World) -> None:
    with journal.acting("test.sign", by=world.sponsor):
        Signature.objects.create(
            scope=scope, person=world.sponsor, side="company", capacity="x", text_hash="1"
        )


def test_open_conditions_of_the_board_hold_the_signature(world: World) -> None:
    from tests.scenarios.proposals import decided_proposal

    proposal = decided_proposal(world, "approve_with_conditions")
    scope = offered_scope(world, Fellowship.objects.get(proposal=proposal))
    call = lambda: services.sign_scope(  # noqa: E731
        scope=scope, text_hash=scope.text_hash, by=world.applicant
    )
    with pytest.raises(Refused):
        call()


def test_a_failing_ledger_changes_nothing(
    world: World, founded: Fellowship, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = offered_scope(world, founded)
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no ledger")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError):
            services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.chair)
    scope.refresh_from_db()
    assert scope.state == "offered"
    assert Signature.objects.count() == 1
    assert Fellowship.objects.get().state == "scope"


def test_silence_of_the_fellow_lets_the_offer_lapse(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    clock = Clock.objects.about(scope.fellowship).running().get()
    assert (clock.holder, clock.holder_user) == ("you", world.applicant)
    with frozen(clock.due_at + dt.timedelta(minutes=1)):
        sweep()
        scope.refresh_from_db()
        assert scope.state == "lapsed"
        assert refused(
            lambda: services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)
        )
        again = services.amend(
            fellowship=scope.fellowship, changes={}, by=world.manager, reason="Offered anew."
        )
        assert (again.number, again.state) == (2, "draft")


def test_silence_of_the_company_never_costs_the_fellow(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)
    clock = Clock.objects.about(scope.fellowship).running().get()
    assert clock.holder == "us"
    with frozen(clock.due_at + dt.timedelta(days=40)):
        sweep()
        scope.refresh_from_db()
        assert scope.state == "offered"
        told = Notice.objects.filter(kind="scoping.signature_overdue")
        assert {n.recipient for n in told} == {world.chair, world.sponsor, world.manager}
        services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.chair)
    scope.refresh_from_db()
    assert scope.state == "signed"


def test_widening_above_the_tier_goes_to_the_board(world: World, signed: Fellowship) -> None:
    scope = amended_scope(world, signed, operations=["view", "query", "run_code", "export"])
    scope = services.offer_scope(scope=scope, by=world.manager)
    assert scope.state == "with_board"
    matter = Matter.objects.get(kind="scoping.amendment")
    rows = matter.dossier.body["sections"][0]["rows"]
    assert rows == [["2.3 Allowed operations", "Export from the environment added"]]
    decide_on(world, scope)
    scope.refresh_from_db()
    assert scope.state == "offered"
    sign_both(world, scope)
    assert "export" in signed_scope(signed).operations  # type: ignore[union-attr]


@pytest.mark.parametrize(("outcome", "state"), [("deny", "withdrawn"), ("defer", "draft")])
def test_what_the_board_does_not_approve(
    world: World, signed: Fellowship, outcome: str, state: str
) -> None:
    scope = amended_scope(world, signed, datasets=["refusal-logs", "raw-transcripts"])
    scope = services.offer_scope(scope=scope, by=world.manager)
    decide_on(world, scope, outcome)
    scope.refresh_from_db()
    assert scope.state == state
    assert signed_scope(signed).number == 1  # type: ignore[union-attr]


def test_a_matter_withdrawn_gives_the_draft_back(world: World, signed: Fellowship) -> None:
    scope = amended_scope(world, signed, retention_days=90)
    scope = services.offer_scope(scope=scope, by=world.manager)
    matter = Matter.objects.get(kind="scoping.amendment")
    withdraw_matter(matter=matter, by=world.manager, reason="Not needed.")
    scope.refresh_from_db()
    assert scope.state == "draft"


def test_widening_within_the_low_tiers_needs_no_board(world: World) -> None:
    case = signed_fellowship(world, max_tier="public")
    scope = amended_scope(world, case, datasets=["refusal-logs", "public-benchmark"])
    assert services.offer_scope(scope=scope, by=world.manager).state == "offered"


def test_the_fellow_may_amend_and_withdraw(world: World, signed: Fellowship) -> None:
    scope = services.amend(
        fellowship=signed,
        changes={"tools": "A local notebook as well."},
        by=world.applicant,
        reason="Faster plots.",
    )
    assert scope.proposed_side == "fellow"
    assert refused(lambda: services.offer_scope(scope=scope, by=world.applicant))
    services.edit_scope(scope=scope, changes={"tools": "Two notebooks."}, by=world.applicant)
    services.withdraw_scope(scope=scope, by=world.applicant, reason="Not needed.")
    scope.refresh_from_db()
    assert scope.state == "withdrawn"


def test_one_version_on_its_way_at_a_time(world: World, signed: Fellowship) -> None:
    amended_scope(world, signed, retention_days=40)
    code = refused(lambda: amended_scope(world, signed, retention_days=50))
    assert code == "version_pending"


def test_an_amendment_that_says_the_same_is_refused(world: World, signed: Fellowship) -> None:
    assert refused(lambda: amended_scope(world, signed, retention_days=30)) == "no_change"


def test_the_role_named_in_the_signed_version_approves_changes(
    world: World, signed: Fellowship
) -> None:
    scope = services.offer_scope(
        scope=amended_scope(world, signed, tools="Notebooks."), by=world.manager
    )
    call = lambda: services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.sponsor)  # noqa: E731
    assert refused(call) == "wrong_role"
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.chair)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"retention_days": -1}, "retention_days"),
        ({"retention_days": True}, "retention_days"),
        ({"max_tier": "secret"}, "max_tier"),
        ({"operations": ["steal"]}, "operations"),
        ({"datasets": "logs"}, "datasets"),
        ({"datasets": ["x" * 201]}, "datasets"),
        ({"tools": "x" * 20_001}, "tools"),
        ({"code_may_leave": "yes"}, "code_may_leave"),
        ({"milestones": [{"key": "m1", "title": "T", "due": "soon"}]}, "milestones"),
        ({"milestones": [{"key": "m 1", "title": "T", "due": "2026-01-01"}]}, "milestones"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_clause_refuses_what_it_cannot_hold(
    world: World, founded: Fellowship, changes: dict[str, Any], field: str
) -> None:
    scope = drafted_scope(world, founded)
    with pytest.raises(Refused) as error:
        services.edit_scope(scope=scope, changes=changes, by=world.manager)
    assert error.value.refusal.field == field
    before = document.values(ScopeOfWork.objects.get(pk=scope.pk))
    assert before == document.values(drafted := ScopeOfWork.objects.get(pk=scope.pk))
    assert drafted.state == "draft"


def test_an_amendment_moves_the_plan(world: World, signed: Fellowship) -> None:
    first = signed.milestones.first()
    assert first is not None
    services.deliver_milestone(milestone=first, evidence="Protocol v1.", by=world.applicant)
    scope = signed_scope(signed)
    assert scope is not None
    plan = [
        {**scope.milestones[0], "due": "2031-01-01"},
        {**scope.milestones[1], "title": "Harness and docs"},
        {"key": "m9", "title": "Talk", "due": (now().date()).isoformat()},
    ]
    new = services.offer_scope(
        scope=amended_scope(world, signed, milestones=plan), by=world.manager
    )
    sign_both(world, new)
    found = {m.key: m for m in signed.milestones.all()}
    assert found["m1"].due_on == first.due_on
    assert found["m2"].title == "Harness and docs"
    assert found["m3"].state == "excepted"
    assert found["m9"].state == "planned"


def test_every_verb_leaves_its_event(world: World, signed: Fellowship) -> None:
    verbs = set(Event.objects.filter(verb__startswith="scoping.").values_list("verb", flat=True))
    assert verbs == {
        "scoping.found_fellowship",
        "scoping.draft_scope",
        "scoping.assign_mentor",
        "scoping.record_training",
        "scoping.edit_scope",
        "scoping.offer_scope",
        "scoping.sign_scope",
        "scoping.enter_stage",
    }


def test_a_signer_of_the_company_is_told_once_and_reads_one_deadline(
    world: World, founded: Fellowship
) -> None:
    scope = offered_scope(world, founded)
    told = Notice.objects.filter(kind="scoping.to_sign", recipient=world.chair)
    assert not told.exists()
    case = scope.fellowship
    for kind in ("scoping.signature", "scoping.countersignature"):
        clock = Clock.objects.about(case).open().get(kind=kind)
        item = next(i for i in signatures(world.fresh("chair"), now()) if i.case_ref == case.ref)
        assert (item.due, item.silence) == (clock.due_at, clock.silence)
        if kind == "scoping.signature":
            services.sign_scope(scope=scope, text_hash=scope.text_hash, by=case.fellow)
    assert told.count() == 1
