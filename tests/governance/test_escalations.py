"""Escalations: raised by anyone, answered against the clock, the fellow told at each step."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.clocks import queries as clocks
from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import frozen
from fellowship.notices.models import Notice
from governance import containment, services
from governance.models import Escalation, Matter
from governance.policy import escalations as policy
from tests.scenarios.governance import closed_escalation, decide, raised_escalation
from tests.scenarios.world import World


def refused(call: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal


@pytest.fixture
def fellow(world: World) -> Any:
    """The applicant, now a fellow."""
    grant_role(
        user=world.applicant, realm=world.program.realm, role=roles.FELLOW, by=System("test")
    )
    return world.fresh("applicant")


def test_an_alarm_pages_on_call_at_once_and_starts_the_clock_of_its_severity(world: World) -> None:
    at = dt.datetime(2094, 3, 1, 3, tzinfo=dt.UTC)
    with frozen(at):
        escalation = raised_escalation(world)
    assert escalation.acknowledge_by == at + dt.timedelta(hours=1)
    told = Notice.objects.filter(kind="governance.escalation")
    assert {n.recipient for n in told} == {world.oncall, world.chair, world.manager}
    assert all(n.urgent for n in told)
    clock = clocks.current(escalation, "governance.acknowledgement")
    assert clock is not None
    assert clock.due_at == escalation.acknowledge_by


def test_not_acknowledged_in_time_the_next_in_line_are_told_once(world: World) -> None:
    escalation = raised_escalation(world)
    for _ in range(2):
        sweep(escalation.acknowledge_by + dt.timedelta(days=30))
    late = Notice.objects.filter(kind="governance.escalation_late")
    assert {n.recipient for n in late} == {world.chair, world.manager, world.sponsor}
    assert late.count() == 3


def test_acknowledged_the_clock_stops(world: World) -> None:
    escalation = raised_escalation(world)
    for _ in range(2):
        services.acknowledge(escalation=escalation, by=world.oncall)
    sweep(escalation.acknowledge_by + dt.timedelta(days=1))
    assert not Notice.objects.filter(kind="governance.escalation_late").exists()
    verbs = [e.verb for e in timeline(escalation)]
    assert verbs.count("governance.acknowledge_escalation") == 1


def test_the_same_alarm_folds_into_the_open_one(world: World) -> None:
    first = raised_escalation(world)
    again = raised_escalation(world, by=System("access.check"), summary="Once more.")
    other = raised_escalation(world, kind="data_leak")
    assert again == first != other
    assert again.occurrences == 2
    assert list(first.steps.values_list("step", "text")) == [
        ("raised", "A prompt reveals another person's conversation."),
        ("occurred", "Once more."),
    ]
    assert Notice.objects.filter(kind="governance.escalation").about(first).count() == 3


def test_after_it_is_closed_the_same_is_a_new_alarm(world: World) -> None:
    first = closed_escalation(world)
    assert raised_escalation(world) != first


def test_without_a_subject_nothing_folds(world: World) -> None:
    first = raised_escalation(world, subject=None)
    assert raised_escalation(world, subject=None, summary="Another.") != first


def test_alarms_are_refused_for_what_they_lack_alone(world: World) -> None:
    for values, code in (
        ({"by": world.stranger}, "wrong_role"),
        ({"kind": "nuisance"}, "unknown_kind"),
        ({"severity": "awful"}, "unknown_severity"),
        ({"summary": "  "}, "no_summary"),
    ):
        assert refused(lambda values=values: raised_escalation(world, **values)).code == code


def test_the_fellow_hears_of_each_step_and_of_the_next_word(world: World, fellow: Any) -> None:
    at = dt.datetime(2094, 3, 1, 9, tzinfo=dt.UTC)
    with frozen(at):
        escalation = raised_escalation(world, by=fellow)
        services.acknowledge(escalation=escalation, by=world.oncall, text="We are on it.")
        services.inform(escalation=escalation, by=world.oncall, text="Switched off.")
    escalation.refresh_from_db()
    assert escalation.fellow == fellow
    assert escalation.next_word_by == at + dt.timedelta(hours=24)
    told = Notice.objects.filter(kind="governance.escalation_word", recipient=fellow)
    assert [n.title.rpartition(":")[0] for n in told.order_by("id")] == [
        "An escalation about your work was raised",
        "Your escalation is acknowledged",
        "Word on your escalation",
    ]
    assert told.latest("id").body == (
        "Switched off.\n\nThe next word is due by 2 March 2094, 09:00 UTC."
    )
    sweep(at + dt.timedelta(hours=25))
    late = Notice.objects.filter(kind="governance.escalation_late", title__contains="waits")
    assert {n.recipient for n in late} == {world.chair, world.oncall, world.manager}


def test_closing_ends_the_promise_and_keeps_the_review_inside(world: World, fellow: Any) -> None:
    escalation = closed_escalation(world, by=fellow)
    assert (escalation.state, escalation.next_word_by) == ("closed", None)
    assert clocks.current(escalation, "governance.next_word") is None
    shown = escalation.steps.filter(shown_to_fellow=True).values_list("step", flat=True)
    assert list(shown) == ["raised", "acknowledged", "contained", "verified", "prevented"]
    word = Notice.objects.filter(recipient=fellow, title__startswith="Your escalation is closed")
    assert escalation.review not in word.get().body


def test_nobody_else_answers(world: World) -> None:
    escalation = raised_escalation(world)
    for name in ("mentor", "steward", "board_legal", "auditor", "stranger"):
        refusal = policy.may_answer(escalation, world.people[name], "acknowledge")
        assert refusal is not None, name
        assert refusal.code == "wrong_role"


def test_the_order_of_steps_and_their_texts_are_required(world: World) -> None:
    escalation, by = raised_escalation(world), world.oncall
    assert (
        refused(lambda: services.verify(escalation=escalation, by=by, text="x")).code
        == "wrong_state"
    )
    assert (
        refused(lambda: services.close(escalation=escalation, by=by, review="x")).code
        == "wrong_state"
    )
    assert (
        refused(lambda: services.contain(escalation=escalation, by=by, text=" ")).code == "no_text"
    )
    services.contain(escalation=escalation, by=by, text="Switched off.")
    services.verify(escalation=escalation, by=by, text="Tried again.")
    assert (
        refused(lambda: services.close(escalation=escalation, by=by, review="x")).code
        == "wrong_state"
    )
    assert (
        refused(lambda: services.prevent(escalation=escalation, by=by, text=" ")).code == "no_text"
    )
    services.prevent(escalation=escalation, by=by, text="A test.")
    assert (
        refused(lambda: services.close(escalation=escalation, by=by, review=" ")).code
        == "no_review"
    )
    assert (
        refused(lambda: services.close(escalation=escalation, by=by, review="x")).code
        == "no_findings"
    )
    assert (
        refused(lambda: services.inform(escalation=escalation, by=by, text="x")).code == "no_fellow"
    )
    reopened = services.reopen(escalation=escalation, by=by, text="It came back.")
    assert reopened.state == "acknowledged"


def test_containing_acknowledges_too_and_uses_its_means_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    def suspend(*, escalation: Escalation, by: Any, reason: str) -> str:
        used.append(reason)
        return "Two grants were suspended."

    monkeypatch.setattr(containment, "_means", {})
    containment.register("tests.suspend", "Suspend grants", suspend)
    containment.register("tests.other", "Other", suspend, applies=lambda escalation: False)
    escalation = raised_escalation(world)
    assert [means.key for means in containment.available(escalation)] == ["tests.suspend"]
    assert (
        refused(
            lambda: services.contain(
                escalation=escalation, by=world.oncall, text="x", actions=["no.such"]
            )
        ).code
        == "unknown_means"
    )
    for _ in range(2):
        contained = services.contain(
            escalation=escalation,
            by=world.oncall,
            text="Switched off.",
            actions=["tests.suspend", "tests.suspend"],
        )
    assert used == [f"{escalation.ref}: Switched off."]
    assert contained.acknowledged_by == world.oncall
    assert contained.steps.latest("id").text == "Switched off.\nTwo grants were suspended."


def test_where_a_means_fails_nothing_is_contained(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> str:
        raise RuntimeError("unreachable")

    monkeypatch.setattr(containment, "_means", {})
    containment.register("tests.broken", "Broken", broken)
    escalation = raised_escalation(world)
    with pytest.raises(RuntimeError):
        services.contain(escalation=escalation, by=world.oncall, text="x", actions=["tests.broken"])
    escalation.refresh_from_db()
    assert escalation.state == "raised"


def test_working_time_counts_for_lesser_alarms(world: World) -> None:
    friday = dt.datetime(2094, 3, 5, 15, tzinfo=dt.UTC)
    with frozen(friday):
        escalation = raised_escalation(world, severity="medium")
    assert escalation.acknowledge_by == dt.datetime(2094, 3, 8, 15, tzinfo=dt.UTC)


def test_an_alarm_is_told_to_nobody_who_may_not_open_it(world: World) -> None:
    declare_conflict(
        user=world.manager,
        subject=world.cohort,
        realm=world.program.realm,
        kind="personal",
        statement="A relative is the fellow.",
        by=world.manager,
    )
    escalation = raised_escalation(world)
    sweep(escalation.acknowledge_by + dt.timedelta(minutes=1))
    told = {
        kind: {n.recipient for n in Notice.objects.filter(kind=f"governance.{kind}")}
        for kind in ("escalation", "escalation_late")
    }
    assert told == {
        "escalation": {world.oncall, world.chair},
        "escalation_late": {world.chair, world.sponsor},
    }


def test_the_fellow_of_a_case_is_told_of_its_alarm_in_public_words(world: World) -> None:
    proposal = SimpleNamespace(fellowship=SimpleNamespace(fellow=world.applicant))
    assert policy.fellow_of(proposal) == world.applicant  # type: ignore[arg-type]
    assert policy.fellow_of(world.cohort) is None


# --- before the board -----------------------------------------------------------------------


def before_the_board(world: World) -> tuple[Escalation, Matter]:
    escalation = raised_escalation(world, fellow=world.applicant)
    services.contain(escalation=escalation, by=world.oncall, text="Stopped.")
    services.verify(escalation=escalation, by=world.oncall, text="Tried again: it holds.")
    services.prevent(escalation=escalation, by=world.oncall, text="A test.")
    said = {"review": "Known cause.", "none_found": "Nothing of the model's."}
    matters = [
        services.refer_escalation(escalation=escalation, by=world.oncall, **said) for _ in range(2)
    ]
    assert matters[0] == matters[1]
    return escalation, matters[0]


def test_the_board_closes_a_verified_escalation_or_has_it_taken_up_again(world: World) -> None:
    escalation, matter = before_the_board(world)
    client = Client()
    client.force_login(world.fresh("oncall"))
    page = client.get(escalation.get_absolute_url()).content.decode()
    assert "With the board" in page
    assert "Close with this review" not in page
    for call in (
        lambda: services.close(escalation=escalation, by=world.oncall, review="x"),
        lambda: services.reopen(escalation=escalation, by=world.oncall, text="x"),
    ):
        with pytest.raises(Refused) as caught:
            call()
        assert caught.value.refusal.code == "with_board"
    assert world.applicant.pk in matter.parties.values_list("user_id", flat=True)
    decide(world, matter)
    escalation.refresh_from_db()
    assert (escalation.state, escalation.closed_by) == ("closed", world.chair)
    assert escalation.review == "Known cause."


def test_denied_it_is_taken_up_again_and_deferred_it_stays(world: World) -> None:
    escalation, matter = before_the_board(world)
    decide(world, matter, "defer")
    escalation.refresh_from_db()
    assert escalation.state == "prevented"
    client = Client()
    client.force_login(world.fresh("oncall"))
    sent = {"cause": "A gap.", "effect": "None.", "none_found": "It was ours."}
    assert client.post(f"{escalation.get_absolute_url()}refer/", sent).status_code == 302
    again = Matter.objects.live().get(kind="governance.escalation")
    decide(world, again, "deny")
    escalation.refresh_from_db()
    assert escalation.state == "acknowledged"
    assert again.ref in escalation.steps.get(step="reopened").text


def test_only_a_verified_escalation_goes_to_the_board_with_its_review(world: World) -> None:
    escalation = raised_escalation(world)
    for by, code in ((world.board_legal, "wrong_role"), (world.oncall, "wrong_state")):
        with pytest.raises(Refused) as caught:
            services.refer_escalation(escalation=escalation, by=by, review="x")
        assert caught.value.refusal.code == code
