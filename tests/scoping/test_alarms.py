"""An alarm about a case reaches its fellow: in public words, with each step, and at home."""

from __future__ import annotations

import datetime as dt

from fellowship.kernel.time import now
from fellowship.notices.models import Notice
from governance import containment
from governance import services as governance
from governance.models import Escalation
from scoping import services
from scoping.models import Fellowship, Suspension
from tests.governance.test_pages import page, post
from tests.scenarios.world import World

SECRET = "The gateway log shows two sessions at once."


def alarm(world: World, case: Fellowship) -> Escalation:
    return governance.raise_escalation(
        kind="data_leak", severity="high", summary=SECRET, subject=case, by=world.oncall
    )


def test_the_fellow_sees_the_alarm_without_the_raisers_words(
    world: World, signed: Fellowship
) -> None:
    escalation = alarm(world, signed)
    fellow = world.fresh("applicant")
    assert escalation.fellow == fellow
    assert escalation.ref in page(fellow, "/escalations/")
    assert f"Escalation of your work: {escalation.get_kind_display()}" in page(fellow, "/")
    shown = page(fellow, escalation.get_absolute_url())
    assert SECRET not in shown
    assert str(world.oncall) not in shown
    assert "Somebody raised an alarm about your case" in shown
    told = Notice.objects.get(kind="governance.escalation_word")
    assert (told.recipient, SECRET in told.body) == (fellow, False)
    answered = page(world.fresh("oncall"), escalation.get_absolute_url())
    assert SECRET in answered
    assert "Word to the fellow" in answered
    assert "The fellow reads this." in answered


def test_the_suspension_an_alarm_brings_names_it_once(world: World, signed: Fellowship) -> None:
    escalation = alarm(world, signed)
    means = containment.available(escalation)
    governance.contain(
        escalation=escalation,
        by=world.oncall,
        text="Shut everything.",
        actions=[one.key for one in means],
    )
    assert Suspension.objects.get().reason == f"{escalation.ref}: Shut everything."


def test_home_of_a_suspended_fellow_says_who_lifts_it_and_when(
    world: World, signed: Fellowship
) -> None:
    services.suspend(fellowship=signed, by=world.oncall, reason="A leak.")
    home = page(world.fresh("applicant"), "/")
    assert "Suspended: nothing of this fellowship is reachable" in home
    assert "Security on-call, the programme manager or the chair" in home
    services.lift(
        suspension=Suspension.objects.get(), by=world.manager, reason="It was a false alarm."
    )
    assert "Suspended:" not in page(world.fresh("applicant"), "/")
    until = now() + dt.timedelta(days=3)
    services.suspend(fellowship=signed, by=world.oncall, reason="Again.", until=until)
    assert "It ends by itself at that time." in page(world.fresh("applicant"), "/")


def test_an_empty_reason_is_summed_up_once(world: World, signed: Fellowship) -> None:
    services.suspend(fellowship=signed, by=world.oncall, reason="A leak.")
    text = post(world.fresh("manager"), f"/fellowships/{signed.ref}/people/lift/", 422)
    assert text.count("data-error-summary") == 1
