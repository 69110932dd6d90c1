"""On-call holds one passage because of an alarm: never a work, never for long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.notices.models import Notice
from governance import containment, founding
from governance import services as governance
from publications import services
from publications.containment import KEY
from publications.models import Objection, Publication
from tests.scenarios import publications as scenario
from tests.scenarios.governance import adopted_rule, raised_escalation
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db


def passage(work: Publication) -> str:
    assert work.latest is not None
    return " ".join(work.latest.text.split()[2:6])


def refusal_of(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code, refused.value.refusal.field


def held(work: Publication, by: Any, **values: Any) -> Objection:
    wanted = {"passage": passage(work), "ground": "material_misuse_risk", "harm": "ESC-1: it works"}
    return services.hold_passage(publication=work, by=by, **{**wanted, **values})


def test_it_is_held_as_long_as_the_policy_allows(world: World) -> None:
    parameters = {**founding.parameters("publication_policy"), "alarm_hold": "5 calendar days"}
    adopted_rule(world, "publication_policy", parameters)
    case = signed_fellowship(world, world.other_applicant)
    one = held(scenario.submitted(world, case), world.oncall)
    assert one.until is not None
    assert dt.timedelta(days=4) < one.until - now() <= dt.timedelta(days=5)


def test_a_passage_is_held_once_for_two_weeks_and_the_author_is_told(world: World) -> None:
    work = scenario.submitted(world)
    one = held(work, world.oncall)
    assert held(work, world.oncall, passage=passage(work).replace(" ", "\n  ")) == one
    assert held(work, world.chair) == one
    assert one.until is not None
    assert dt.timedelta(days=13) < one.until - now() <= dt.timedelta(days=14)
    assert (one.ask, one.state, one.raised_by) == ("delay", "open", world.oncall)
    assert one.owner in (world.policy_reviewer, world.legal_reviewer)
    told = Notice.objects.filter(recipient=work.fellowship.fellow, title__contains=one.ref)
    assert told.count() == 1
    assert work.objections.standing().get() == one


def test_what_is_no_hold_is_refused(world: World) -> None:
    work = scenario.submitted(world)
    assert work.latest is not None
    for values, expected in (
        ({"passage": "words that stand nowhere in it"}, ("no_passage", "passage")),
        ({"passage": "  "}, ("no_passage", "passage")),
        ({"passage": work.latest.text}, ("whole_work", "passage")),
        ({"ground": "we_dislike_it"}, ("no_ground", "ground")),
    ):
        assert refusal_of(lambda values=values: held(work, world.oncall, **values)) == expected
    assert refusal_of(lambda: held(work, world.mentor)) == ("wrong_role", "")
    draft = scenario.drafted(world, work.fellowship)
    assert refusal_of(lambda: held(draft, world.oncall)) == ("wrong_state", "work")


def test_the_alarms_page_holds_it_and_says_what_is_wrong_where_it_was_typed(world: World) -> None:
    work = scenario.submitted(world)
    alarm = raised_escalation(world, subject=work.fellowship)
    night = Client()
    night.force_login(world.fresh("oncall"))
    url = alarm.get_absolute_url()
    assert "Hold one passage of a publication" in night.get(url).content.decode()
    means = containment.get(KEY)
    assert means is not None
    sent = {
        "actions": [KEY],
        "text": "Held what shows how.",
        means.field("work"): work.ref,
        means.field("passage"): "nowhere",
        means.field("ground"): "material_misuse_risk",
    }
    wrong = night.post(f"{url}contain/", sent)
    assert wrong.status_code == 422
    assert "Copy the passage word for word" in wrong.content.decode()
    assert "Held what shows how." in wrong.content.decode()
    assert not Objection.objects.exists()
    good = night.post(f"{url}contain/", {**sent, means.field("passage"): passage(work)})
    assert good.status_code == 302
    assert Objection.objects.get().publication == work
    assert Objection.objects.get().ref in alarm.steps.get(step="contained").text


def test_without_a_work_under_way_nothing_of_the_kind_is_offered(world: World) -> None:
    work = scenario.drafted(world)
    alarm = raised_escalation(world, subject=work.fellowship)
    assert KEY not in [means.key for means in containment.available(alarm)]
    other = raised_escalation(world, kind="data_leak")
    said = {"escalation": other, "by": world.oncall, "text": "x", "actions": [KEY]}
    assert refusal_of(lambda: governance.contain(**said))[0] == "no_work"
