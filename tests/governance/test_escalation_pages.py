"""The pages and the API of alarms and of the rota, as people use them at night."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.clocks.services import sweep
from fellowship.kernel.time import frozen, now
from governance import containment, services
from governance.models import Escalation, EscalationPage, OncallAbsence, Rota, Watch
from tests.scenarios import findings as finding_scenes
from tests.scenarios.governance import closed_escalation, raised_escalation
from tests.scenarios.oncall import colleague, first_line, second_line
from tests.scenarios.world import World

PLAIN = "The bucket lies open."
ALARM = {"kind": "data_leak", "severity": "high", "summary": "A name is in an output."}


def client(world: World, name: str) -> Client:
    found = Client()
    found.force_login(world.fresh(name))
    return found


def page(world: World, name: str, url: str) -> str:
    answer = client(world, name).get(url)
    assert answer.status_code == 200, url
    return str(answer.content.decode())


def test_the_link_in_the_header_carries_the_page_one_came_from(world: World) -> None:
    about = f"/calls/{world.call.ref}/"
    shown = page(world, "manager", about)
    link = re.search(r'href="(/escalations/new/\?from=[^"]+)"', shown)
    assert link is not None
    form = page(world, "manager", link[1])
    assert f'value="{world.call.ref}"' in form
    sent = {**ALARM, "reference": world.call.ref}
    answer = client(world, "manager").post("/escalations/new/", sent)
    alarm = Escalation.objects.get()
    assert answer.url == alarm.get_absolute_url()  # type: ignore[attr-defined]
    assert (alarm.subject_type, alarm.subject_id) == ("programs.call", world.call.pk)


@pytest.mark.parametrize("came_from", ["/nowhere/", "/", "//evil.example/x", "/rules/", "x"])
def test_nonsense_in_the_link_leaves_the_reference_empty(world: World, came_from: str) -> None:
    answer = client(world, "manager").get("/escalations/new/", {"from": came_from})
    assert answer.status_code == 200
    assert 'name="reference" value' not in answer.content.decode()


def test_a_page_of_somebody_elses_record_fills_in_nothing(world: World) -> None:
    alarm = raised_escalation(world)
    answer = page(world, "reviewer", f"/escalations/new/?from={alarm.get_absolute_url()}")
    assert alarm.ref not in answer.replace(f"from={alarm.get_absolute_url()}", "")


def test_the_header_has_no_such_link_for_those_without_a_part(world: World) -> None:
    assert "/escalations/new/" not in page(world, "stranger", "/")


def test_an_alarm_from_the_night_to_its_review(world: World) -> None:
    first_line(world)
    case = finding_scenes.reported(world)
    alarm = raised_escalation(world, subject=case.fellowship)
    night = client(world, "oncall")
    url = alarm.get_absolute_url()
    shown = night.get(url).content.decode()
    assert "You are paged: acknowledge" in shown
    assert shown.index('id="acknowledge"') < shown.index("What was raised")
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("acknowledge", {}),
        ("contain", {"text": "Off.", "actions": ["findings.call_product_owner"]}),
        ("verify", {"text": "Tried."}),
        ("prevent", {"text": "A filter, Nightly, by May."}),
    )
    for step, sent in steps:
        assert night.post(f"{url}{step}/", sent).status_code == 302, step
    missing = night.post(f"{url}close/", {"cause": "x", "effect": "y"})
    assert missing.status_code == 422
    assert "Name the findings that came of it" in missing.content.decode()
    wrong = night.post(f"{url}close/", {"cause": "x", "effect": "y", "findings": "FND-1999-001"})
    assert "FND-1999-001 is no finding you may see." in wrong.content.decode()
    done = night.post(f"{url}close/", {"cause": "x", "effect": "y", "findings": case.ref})
    assert done.status_code == 302
    alarm.refresh_from_db()
    assert (alarm.state, alarm.findings.get().finding_id) == ("closed", case.pk)
    closed = night.get(url).content.decode()
    assert f'href="{case.get_absolute_url()}"' in closed
    assert "answered by" in closed
    assert f'Came of <a href="{url}">' in page(world, "oncall", case.get_absolute_url())
    owner = page(world, "product_owner", url)
    assert "Called in" in owner
    assert "A prompt reveals" in owner


def test_what_a_means_asks_is_needed_once_it_is_chosen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    def hold(*, escalation: Escalation, by: Any, reason: str, passage: str) -> str:
        used.append(passage)
        return "Held."

    monkeypatch.setattr(containment, "_means", {})
    asks = (containment.Ask("passage", "Passage"),)
    containment.register("tests.hold", "Hold a passage", hold, asks=lambda e: asks)
    alarm = raised_escalation(world)
    services.contain(escalation=alarm, by=world.oncall, text="Off.")
    night, url = client(world, "oncall"), f"{alarm.get_absolute_url()}act/"
    nothing = night.post(url, {"text": ""})
    assert (nothing.status_code, "Choose what to do." in nothing.content.decode()) == (422, True)
    missing = night.post(url, {"actions": ["tests.hold"]})
    assert "This is needed to hold a passage." in missing.content.decode()
    sent = {"actions": ["tests.hold"], "tests_hold_passage": "the secret"}
    assert night.post(url, sent).status_code == 302
    assert used == ["the secret"]
    assert alarm.steps.latest("id").text == "Held."
    alarm.refresh_from_db()
    assert alarm.state == "contained"


def test_a_serious_incident_is_reported_within_its_days_or_said_to_be_none(world: World) -> None:
    alarm = raised_escalation(world)
    night, url = client(world, "oncall"), alarm.get_absolute_url()
    for _ in range(2):
        assert night.post(f"{url}harm/", {"harm": "cybersecurity_breach"}).status_code == 302
    duty = alarm.duties.get()
    assert duty.due_at == alarm.raised_at + dt.timedelta(days=5)
    shown = night.get(url).content.decode()
    assert "Serious cybersecurity breach" in shown
    assert "Reported within 2 calendar days." in shown
    to = f"{url}duties/{duty.pk}/"
    assert night.post(f"{to}lift/", {"because": "It was a test."}).status_code == 422
    assert night.post(f"{to}report/", {"sent_to": ""}).status_code == 422
    sent = {"sent_to": "EU AI Office", "receipt": "SI-88"}
    assert night.post(f"{to}report/", sent).status_code == 302
    duty.refresh_from_db()
    assert (duty.sent_to, duty.receipt, duty.sent_by) == ("EU AI Office", "SI-88", world.oncall)
    assert client(world, "mentor").post(f"{to}report/", sent).status_code == 404
    assert night.post(f"{url}duties/99999/report/", sent).status_code == 404


def test_the_rota_is_kept_on_its_page(world: World) -> None:
    other = colleague(world)
    keeper, url = client(world, "manager"), f"/oncall/{world.program.slug}/"
    assert "No rota is set" in page(world, "oncall", url)
    assert client(world, "oncall").get("/oncall/").url == url  # type: ignore[attr-defined]
    at = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0) - dt.timedelta(hours=1)
    line = {
        "line": 1,
        "name": "First line",
        "every_days": 7,
        "starts_at": f"{at:%Y-%m-%dT%H:%M}",
        "member_1": world.oncall.pk,
        "member_3": other.pk,
    }
    twice = keeper.post(f"{url}line/", {**line, "member_3": world.oncall.pk})
    assert (twice.status_code, "has a turn already" in twice.content.decode()) == (422, True)
    assert keeper.post(f"{url}line/", line).status_code == 302
    assert [m.user for m in Rota.objects.get().members.all()] == [world.oncall, other]
    night = client(world, "oncall")
    period = {
        "starts_at": f"{at + dt.timedelta(days=1):%Y-%m-%dT%H:%M}",
        "ends_at": f"{at + dt.timedelta(days=2):%Y-%m-%dT%H:%M}",
    }
    away = {**period, "user": world.oncall.pk, "note": "A wedding"}
    assert night.post(f"{url}away/", away).status_code == 302
    stand = {**period, "user": other.pk, "line": 1, "reason": "Swapped"}
    assert night.post(f"{url}stand-in/", stand).status_code == 302
    assert night.post(f"{url}hand-over/", {"line": 1, "text": "Look at it."}).status_code == 302
    shown = page(world, "nightly", url)
    assert "Handed over to you" in shown
    assert "Look at it." in shown
    watch = Watch.objects.get(user=other)
    assert client(world, "nightly").post(f"/oncall/watches/{watch.pk}/take/").status_code == 302
    assert client(world, "oncall").post(f"/oncall/watches/{watch.pk}/take/").status_code == 404
    absence = OncallAbsence.objects.get()
    assert night.post(f"/oncall/away/{absence.pk}/cancel/").status_code == 302
    assert "A wedding" not in page(world, "oncall", url)
    refused = client(world, "steward").post(f"{url}line/", {**line, "name": "Other"})
    assert refused.status_code == 422
    assert "may set the on-call rota" in refused.content.decode()
    for name in ("mentor", "applicant", "stranger"):
        assert client(world, name).get(url).status_code == 404
    assert night.post(f"{url}nonsense/", {}).status_code == 404


def test_the_home_of_who_is_on_call_names_the_handover(world: World) -> None:
    first_line(world, starts_at=now() - dt.timedelta(days=6, hours=12))
    from fellowship.clocks.services import sweep

    sweep(now())
    assert "Hand over on-call" in page(world, "oncall", "/")
    services.hand_over(program=world.program, line=1, text="Quiet.", by=world.oncall)
    assert "Hand over on-call" not in page(world, "oncall", "/")
    assert "Read what you are handed" in page(world, "nightly", "/")


def test_an_alarm_by_api_is_raised_once_and_taken_through_its_steps(world: World) -> None:
    first_line(world)
    night = client(world, "oncall")
    url = reverse("api:escalations-list")
    sent = {**ALARM, "reference": world.call.ref}

    def post(path: str, body: dict[str, Any]) -> Any:
        return night.post(path, body, content_type="application/json")

    first = post(url, sent).json()
    assert post(url, sent).json() == first
    assert Escalation.objects.get().occurrences == 1
    assert [p["person"] for p in first["pages"]] == [str(world.oncall)]
    one = f"{url}{first['ref']}/"
    for verb, body in (
        ("acknowledge", {}),
        ("harm", {"harm": "death"}),
        ("contain", {"text": "Off."}),
        ("act", {"actions": ["findings.call_product_owner"]}),
        ("verify", {"text": "Tried."}),
        ("reopen", {"text": "It came back."}),
        ("contain", {"text": "Off again."}),
        ("verify", {"text": "Tried."}),
        ("prevent", {"text": "A filter."}),
        ("report", {"harm": "death", "sent_to": "EU AI Office"}),
        ("close", {"review": "Known cause.", "none_found": "Ours."}),
    ):
        answer = post(f"{one}{verb}/", body)
        assert answer.status_code == 200, (verb, answer.content)
    told = night.get(one).json()
    assert (told["state"], told["review"], told["none_found"]) == (
        "closed",
        "Known cause.",
        "Ours.",
    )
    assert told["duties"][0]["sent_at"] is not None
    assert post(f"{one}close/", {"review": "x", "findings": ["FND-1"]}).status_code == 409


def test_an_ended_line_is_no_longer_shown_and_ends_by_api_for_who_keeps_it_alone(
    world: World,
) -> None:
    line = first_line(world)
    url, api = f"/oncall/{world.program.slug}/", reverse("api:oncall-rotas-end", args=[line.pk])
    said = client(world, "chair").post(api, {"reason": "Nor this."}, "application/json")
    line.refresh_from_db()
    assert (said.json()["code"], line.ended_at) == ("wrong_role", None)
    for _ in range(2):
        sent = {"reason": "Another system pages."}
        answer = client(world, "manager").post(api, sent, "application/json")
        assert answer.status_code == 200
    line.refresh_from_db()
    assert line.ended_at is not None
    assert "No rota is set" in page(world, "manager", url)


def test_the_rota_by_api(world: World) -> None:
    first_line(world)
    night = client(world, "oncall")
    rotas = night.get(reverse("api:oncall-rotas-list")).json()["results"]
    assert rotas[0]["members"] == ["oncall", "nightly"]
    duty = night.get(reverse("api:oncall-rotas-duty", args=[rotas[0]["id"]])).json()
    assert duty["person"] == "oncall"
    later = (now() + dt.timedelta(days=8)).isoformat()
    path = reverse("api:oncall-rotas-duty", args=[rotas[0]["id"]])
    assert night.get(path, {"at": later}).json()["person"] == "nightly"
    assert night.get(path, {"at": "nonsense"}).json()["person"] == "oncall"
    period = {"starts_at": now().isoformat(), "ends_at": later, "program": world.program.slug}
    url = reverse("api:oncall-overrides-list")
    stand = {**period, "user": "nightly", "reason": "Swapped."}
    made = night.post(url, stand, content_type="application/json")
    assert made.status_code == 201
    assert night.get(path).json()["person"] == "nightly"
    assert night.post(f"{url}{made.json()['id']}/cancel/").status_code == 200
    wrong = night.post(url, {**stand, "user": "mentor"}, content_type="application/json")
    assert wrong.json()["detail"] == "Nobody of this username is called in this programme."
    away = night.post(
        reverse("api:oncall-absences-list"), {**period, "user": "oncall"}, "application/json"
    )
    assert away.status_code == 201
    assert client(world, "mentor").get(reverse("api:oncall-rotas-list")).json()["results"] == []


def test_the_pages_ask_as_much_for_many_as_for_one(world: World) -> None:
    first_line(world)
    counts = []
    alarm = closed_escalation(world)
    night = client(world, "oncall")
    for number in range(1, 4):
        with CaptureQueriesContext(
            connection,
        ) as told:
            night.get(alarm.get_absolute_url())
            night.get(f"/oncall/{world.program.slug}/")
        counts.append(len(told))
        later = now() + dt.timedelta(days=number)
        period: dict[str, Any] = {
            "starts_at": later,
            "ends_at": later + dt.timedelta(days=1),
            "by": world.oncall,
        }
        services.be_away(program=world.program, user=world.oncall, **period)
        first_line(world, line=number + 1, name=f"Line {number + 1}")
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 45
    assert EscalationPage.objects.exists()


def test_who_raises_what_is_open_already_follows_it_with_their_own_words_alone(
    world: World,
) -> None:
    alarm = raised_escalation(world, subject=world.call, by=world.steward, summary=PLAIN)
    sent = {**ALARM, "kind": alarm.kind, "reference": world.call.ref, "summary": "I see it too."}
    answer = client(world, "mentor").post("/escalations/new/", sent, follow=True)
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "On-call has this alarm already" in shown
    assert "I see it too." in shown
    assert alarm.summary not in shown
    assert "The next word to you" not in shown
    told = client(world, "mentor").get(f"/api/v1/escalations/{alarm.ref}/").json()
    assert (alarm.summary in str(told), told["raised_by"]) == (False, "")


def test_the_raiser_reads_their_own_words_and_the_fellow_none_of_them(world: World) -> None:
    case = finding_scenes.reported(world)
    alarm = raised_escalation(world, subject=case.fellowship, by=world.mentor, summary=PLAIN)
    assert alarm.summary in page(world, "mentor", alarm.get_absolute_url())
    fellow = client(world, "applicant")
    assert alarm.fellow == world.applicant
    for url in (alarm.get_absolute_url(), f"/api/v1/escalations/{alarm.ref}/"):
        shown = fellow.get(url).content.decode()
        assert "Somebody raised an alarm about your case" in shown
        assert alarm.summary not in shown
        assert str(world.mentor) not in shown


def test_a_means_alone_contains_and_nothing_at_all_does_not(world: World) -> None:
    alarm = raised_escalation(world)
    night, url = client(world, "oncall"), f"{alarm.get_absolute_url()}contain/"
    nothing = night.post(url, {})
    assert nothing.status_code == 422
    assert "Choose what to do at once, or say what was done." in nothing.content.decode()
    assert night.post(url, {"actions": ["findings.call_product_owner"]}).status_code == 302
    alarm.refresh_from_db()
    assert alarm.state == "contained"
    assert alarm.steps.latest("id").text == f"Called in: {world.product_owner}."
    assert f"You are called in: {alarm.title}" in page(world, "product_owner", "/")


def test_what_one_is_paged_for_stands_before_what_is_overdue(world: World) -> None:
    late = raised_escalation(world, severity="low")
    with frozen(late.acknowledge_by + dt.timedelta(days=1)):
        first_line(world)
        paged = raised_escalation(world, severity="critical", subject=world.call)
        home = page(world, "oncall", "/")
    assert f"You are paged: {paged.title}" in home
    assert home.index("You are paged") < home.index(f"Acknowledge: {late.title}")


def test_a_line_is_ended_from_its_page_with_a_reason(world: World) -> None:
    line = first_line(world)
    keeper = client(world, "oncall")
    assert f"End line 1: {line.name}" in page(world, "oncall", f"/oncall/{world.program.slug}/")
    url = f"/oncall/lines/{line.pk}/end/"
    assert client(world, "auditor").post(url, {"reason": "x"}).status_code in (302, 403)
    assert Rota.objects.get(pk=line.pk).ended_at is None
    assert keeper.post(url, {"reason": "Another team takes it."}).status_code == 302
    assert Rota.objects.get(pk=line.pk).ended_at is not None


def test_who_is_paged_is_named_and_afterwards_that_nobody_answered(world: World) -> None:
    first_line(world)
    second_line(world)
    alarm = raised_escalation(world, severity="critical")
    start, quarter = now(), dt.timedelta(minutes=15)
    url = alarm.get_absolute_url()
    for number in range(1, 5):
        sweep(start + number * quarter)
    with frozen(start + 4 * quarter + dt.timedelta(minutes=1)):
        last = EscalationPage.objects.latest("number")
        others = page(world, "manager", url)
        assert f"{last.user} is paged now." in others
        assert "The chair, the programme manager and the sponsor have been told." in others
        assert "The chair, the programme manager and the sponsor were told." in others
    for number in range(5, 10):
        sweep(start + number * quarter)
    with frozen(start + 12 * quarter):
        for name in ("oncall", "chair", "manager"):
            shown = page(world, name, url)
            assert "Nobody who was paged has answered." in shown
            assert ("You are paged" in shown, "to answer by" in shown) == (False, False)
        assert "was paged" not in page(world, "mentor", url)
