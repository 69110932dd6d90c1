"""Exceptions: asked for with reasons, decided by others, live by the clock alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from fellowship.accounts.services import declare_conflict
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import frozen, now
from fellowship.programs.models import ChecklistItem
from fellowship.programs.policy import launch_gap
from governance import exceptions, kinds, services
from governance.models import ExceptionRecord, Matter
from governance.views import exceptions as exception_pages
from tests.scenarios.governance import (
    decide,
    decide_on,
    granted_exception,
    requested_exception,
    sent_back,
)
from tests.scenarios.world import World

DAY = dt.timedelta(days=1)
KIND = "control_not_implemented"


def refused(call: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal


def test_a_request_goes_to_the_board_with_its_reasons(world: World) -> None:
    exception = requested_exception(world)
    matter = Matter.objects.get(kind="governance.exception", subject_id=exception.pk)
    assert exception.state == "requested"
    assert not exception.is_live()
    assert matter.title == "Control not implemented: Output filter not yet shipped"
    assert matter.referred_by == world.manager
    assert set(matter.parties.values_list("user_id", flat=True)) == {
        world.manager.pk,
        world.product_owner.pk,
    }
    assert [s["heading"] for s in matter.dossier.body["sections"]] == [
        "Term",
        "Why the rule cannot be kept",
        "What it opens",
        "Risk meanwhile",
        "What makes up for it",
        "How that is tested",
    ]


def test_asked_twice_is_one_request(world: World) -> None:
    until = now() + 60 * DAY
    first = requested_exception(world, expires_at=until)
    assert requested_exception(world, expires_at=until) == first
    assert Matter.objects.count() == 1


def test_requests_that_say_too_little_are_refused_at_their_field(world: World) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"title": " "}, "no_title", "title"),
        ({"rationale": ""}, "no_rationale", "rationale"),
        ({"risk": ""}, "no_risk", "risk"),
        ({"compensating_measure": ""}, "no_compensating_measure", "compensating_measure"),
        ({"measure_test": " "}, "no_measure_test", "measure_test"),
        ({"kind": "holiday"}, "unknown_kind", "kind"),
        ({"expires_at": now() - DAY}, "ends_before_start", "expires_at"),
        ({"expires_at": now() + 181 * DAY}, "too_long", "expires_at"),
        ({"kind": "late_training", "expires_at": now() + 15 * DAY}, "too_long", "expires_at"),
        ({"owner": world.stranger}, "wrong_role_owner", "owner"),
        ({"by": world.stranger}, "wrong_role", ""),
    ]
    for values, code, field in cases:
        refusal = refused(lambda values=values: requested_exception(world, **values))
        assert (refusal.code, refusal.field) == (code, field)
    assert not ExceptionRecord.objects.exists()


def test_the_term_is_refused_with_its_rule(world: World) -> None:
    refusal = refused(lambda: requested_exception(world, expires_at=now() + 181 * DAY))
    assert refusal.reason == ("Control not implemented is excepted for at most 180 calendar days.")
    assert refusal.rule == "Exception rules v1"


def test_granted_it_is_live_by_the_clock_and_not_a_minute_longer(
    world: World, exception: ExceptionRecord
) -> None:
    end = exception.expires_at
    assert exception.approved_by == world.chair
    assert exception.decision is not None
    for at, live in (
        (exception.starts_at - DAY, False),
        (exception.starts_at, True),
        (end - dt.timedelta(microseconds=1), True),
        (end, False),
        (end + 30 * DAY, False),
    ):
        assert exception.is_live(at) is live
        assert ExceptionRecord.objects.live(at).filter(pk=exception.pk).exists() is live
        assert exceptions.covered(world.cohort, KIND, at) is live
    assert not exceptions.covered(world.cohort, "late_training")
    assert not exceptions.covered(world.call, KIND)


def test_one_refused_and_sent_back_by_a_review_may_be_granted(world: World) -> None:
    exception = requested_exception(world)
    again = sent_back(world, decide_on(world, exception, "deny"))
    exception.refresh_from_db()
    assert exception.state == "requested"
    assert kinds.get("governance.exception").may_reopen(exception) is None
    with frozen(exception.expires_at):
        over = kinds.get("governance.exception").may_reopen(exception)
    assert over is not None
    assert over.code == "expired"
    decide(world, again)
    exception.refresh_from_db()
    assert exception.is_live()


def test_nobody_is_covered_backwards(world: World) -> None:
    start = now() - 10 * DAY
    exception = granted_exception(world, starts_at=start)
    assert exception.starts_at == exception.approved_at
    assert not exceptions.covered(world.cohort, KIND, start + DAY)


def test_who_asks_does_not_approve(world: World) -> None:
    exception = requested_exception(world, by=world.chair, owner=world.product_owner)
    refusal = refused(lambda: decide_on(world, exception))
    assert refusal.code == "separation_party"
    exception.refresh_from_db()
    assert exception.state == "requested"


def test_denied_and_deferred_are_not_granted(world: World) -> None:
    for outcome in ("deny", "defer"):
        exception = requested_exception(world, title=f"Try {outcome}")
        decide_on(world, exception, outcome)
        exception.refresh_from_db()
        assert exception.state == "refused"
        assert not exception.is_live()


def test_one_whose_time_is_over_is_not_granted_any_more(world: World) -> None:
    exception = requested_exception(world, expires_at=now() + DAY)
    with frozen(now() + 2 * DAY):
        refusal = refused(lambda: decide_on(world, exception))
    assert refusal.code == "already_over"


def test_an_extension_is_a_new_decision_that_shows_the_earlier_ones(
    world: World, exception: ExceptionRecord
) -> None:
    second = granted_exception(world, extends=exception, expires_at=now() + 90 * DAY)
    third = requested_exception(world, extends=second, expires_at=now() + 120 * DAY)
    assert (exception.renewals, second.renewals, third.renewals) == (0, 1, 2)
    assert exceptions.earlier(third) == [second, exception]
    dossier = Matter.objects.get(subject_id=third.pk, kind="governance.exception").dossier
    told = {section["heading"]: section for section in dossier.body["sections"]}
    rows = told["Earlier exceptions it extends"]["rows"]
    assert [row[0] for row in rows] == [second.ref, exception.ref]
    refusal = refused(lambda: requested_exception(world, subject=world.call, extends=exception))
    assert refusal.code == "not_an_extension"


def test_a_subject_stays_covered_while_any_exception_covers_it(
    world: World, exception: ExceptionRecord
) -> None:
    granted_exception(world, extends=exception, expires_at=now() + 90 * DAY)
    services.end_exception(exception=exception, by=world.product_owner, reason="Replaced.")
    assert exceptions.covered(world.cohort, KIND)
    assert exceptions.covering(world.cohort, KIND).count() == 1


def test_ended_early_the_rule_applies_at_once(world: World, exception: ExceptionRecord) -> None:
    assert (
        refused(
            lambda: services.end_exception(exception=exception, by=world.mentor, reason="x")
        ).code
        == "wrong_role"
    )
    for _ in range(2):
        services.end_exception(exception=exception, by=world.product_owner, reason="Shipped.")
    assert not exceptions.covered(world.cohort, KIND)
    assert [e.verb for e in timeline(exception)].count("governance.end_exception") == 1


def test_one_that_has_ended_by_itself_is_not_ended_again(
    world: World, exception: ExceptionRecord
) -> None:
    with frozen(exception.expires_at):
        refusal = refused(
            lambda: services.end_exception(exception=exception, by=world.manager, reason="x")
        )
    assert refusal.code == "already_over"


def test_withdrawn_with_its_matter_and_the_other_way_round(world: World) -> None:
    first, second = requested_exception(world), requested_exception(world, title="Another")
    assert (
        refused(
            lambda: services.withdraw_exception(exception=first, by=world.mentor, reason="x")
        ).code
        == "wrong_role"
    )
    for _ in range(2):
        services.withdraw_exception(exception=first, by=world.manager, reason="Shipped.")
    matter = Matter.objects.get(subject_id=second.pk, kind="governance.exception")
    services.withdraw_matter(matter=matter, by=world.manager, reason="Shipped.")
    assert set(Matter.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert set(ExceptionRecord.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_a_launch_gap_is_covered_by_its_exception_alone(world: World) -> None:
    item = ChecklistItem.objects.filter(program=world.program).first()
    assert item is not None
    item.done_at = item.done_by = None
    with journal.acting("tests.undo", by=world.manager):
        item.save()
        journal.record(subject=item)
    assert launch_gap(world.call) is not None
    granted_exception(world, subject=world.program, kind="launch_gap", expires_at=now() + 30 * DAY)
    assert launch_gap(world.call) is None
    with frozen(now() + 31 * DAY):
        assert launch_gap(world.call) is not None


def test_who_sees_the_register(world: World, exception: ExceptionRecord) -> None:
    declare_conflict(
        user=world.auditor,
        subject=world.cohort,
        realm=world.program.pk,
        kind="personal",
        statement="A friend.",
        by=world.auditor,
    )
    seen = {
        name
        for name in world.people
        if exception in ExceptionRecord.objects.visible_to(world.fresh(name))
    }
    assert seen == {
        *("chair", "manager", "steward", "oncall", "sponsor", "product_owner"),
        *("board_research", "board_product", "board_security", "board_legal", "board_policy"),
    }


@pytest.mark.parametrize(
    "bend",
    [
        {"approved_by": "manager"},
        {"approved_at": None},
        {"state": "requested"},
        {"risk": ""},
        {"expires_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_the_database_refuses_what_must_not_be(
    world: World, exception: ExceptionRecord, bend: dict[str, Any]
) -> None:
    for name, value in bend.items():
        setattr(exception, name, world.people[value] if name == "approved_by" else value)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("tests.bend", by=world.admin),
    ):
        exception.save()


def test_a_continued_exception_names_its_record_to_whom_may_see_it(world: World) -> None:
    requested_exception(world)
    matter = Matter.objects.get()
    about = ExceptionRecord(subject_type="governance.matter", subject_id=matter.pk)
    assert exception_pages._reference(about, world.chair) == matter.ref
    assert exception_pages._reference(about, world.stranger) == ""


def test_an_extension_with_the_board_says_what_covers_meanwhile_and_is_asked_for_once(
    world: World,
) -> None:
    live = granted_exception(world, world.program)
    client = Client()
    client.force_login(world.fresh("manager"))
    ask = f"/exceptions/new/?extends={live.ref}"
    assert ask in client.get(live.get_absolute_url()).content.decode()
    sent = {
        "program": world.program.pk,
        "title": live.title,
        "kind": live.kind,
        "owner": live.owner_id,
        "rationale": "It slipped.",
        "risk": live.risk,
        "compensating_measure": live.compensating_measure,
        "measure_test": live.measure_test,
        "expires_on": f"{now() + dt.timedelta(days=900):%Y-%m-%d}",
    }
    refused = client.post(ask, sent)
    assert refused.context["form"].errors.keys() == {"expires_on"}
    sent["expires_on"] = f"{now() + dt.timedelta(days=60):%Y-%m-%d}"
    asked = client.post(ask, sent, follow=True).content.decode()
    assert "Another exception still covers the same" in asked
    shown = client.get(live.get_absolute_url()).content.decode()
    assert "is with the board, to continue it" in shown
    assert ask not in shown
