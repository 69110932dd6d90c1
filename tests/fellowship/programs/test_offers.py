"""What a programme offers: versions with reason and difference, retiring, two people at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.programs import usual, versions
from fellowship.programs.models import FellowshipModel, OutputType, StageStandard, Track
from fellowship.programs.services import (
    found_program,
    furnish,
    offer_again,
    retire_offer,
    revise_terms,
)
from fellowship.programs.terms import Milestone, ResidencyStage
from tests.scenarios.world import SETUP, World


def client_of(world: World, name: str) -> Client:
    """A browser signed in as this person; nobody's for an empty name."""
    client = Client()
    if name:
        client.force_login(world.fresh(name))
    return client


def page_of(world: World, *parts: str) -> str:
    """An address below the programme's."""
    return "/".join(("/calls/programmes", world.program.slug, *parts, ""))


def track(world: World) -> Track:
    """The track the tests change."""
    return Track.objects.select_related("program__realm").get(
        program=world.program, key="open_methods"
    )


TRACK = ("track", "open_methods")
SENT = {
    "summary": "What is studied in the open.",
    "approval": "The board.",
    "communication": "Open by default.",
    "version": "1",
    "reason": "Asked by three applicants.",
}


def test_a_change_makes_a_version_that_says_who_when_and_why(world: World) -> None:
    manager = client_of(world, "manager")
    for _ in range(2):
        done = manager.post(page_of(world, *TRACK, "change"), SENT)
        assert (done.status_code, done["Location"]) == (302, page_of(world, *TRACK))
    found = versions.versions(track(world))
    assert [(v.number, v.by, v.reason) for v in found] == [
        (2, world.manager, "Asked by three applicants."),
        (1, world.manager, ""),
    ]
    event = Event.objects.get(verb="programs.revise_terms")
    assert event.reason == "Asked by three applicants."
    assert '"fields":["summary"],"version":2' in event.body
    for name in ("", "applicant", "manager"):
        shown = client_of(world, name).get(page_of(world, *TRACK)).content.decode()
        assert "in the open" in "".join(re.findall("<ins>(.*?)</ins>", shown))
        old = client_of(world, name).get(page_of(world, *TRACK, "1")).content.decode()
        assert "What is studied.</dd>" in old
        assert "An earlier version" in old
        assert (str(world.manager) in shown) == (name == "manager")
    assert manager.get(page_of(world, *TRACK, "3")).status_code == 404


def test_two_people_at_once_lose_nothing(world: World) -> None:
    revise_terms(term=track(world), version=1, by=world.admin, reason="First.", approval="Nobody.")
    manager = client_of(world, "manager")
    late = manager.post(page_of(world, *TRACK, "change"), SENT)
    text = late.content.decode()
    assert late.status_code == 422
    assert "version 2 stands now" in text
    assert "Version 2 was saved after you opened this page." in text
    assert "<ins>Nobody" in text
    assert '<input type="hidden" name="version" value="2">' in text
    assert track(world).version == 2
    shown = {name: late.context["form"][name].value() for name in SENT if name != "version"}
    assert shown == {
        "summary": "What is studied in the open.",
        "approval": "Nobody.",
        "communication": "Open by default.",
        "reason": "Asked by three applicants.",
    }
    sent = manager.post(page_of(world, *TRACK, "change"), {**shown, "version": "2"})
    assert sent.status_code == 302
    assert (track(world).version, track(world).approval) == (3, "Nobody.")


def test_an_owner_changes_with_a_reason(world: World) -> None:
    sent = {"owner": "steward", "standard": "Least that serves.", "version": "1"}
    url = page_of(world, "standard", "access", "change")
    manager = client_of(world, "manager")
    refused = manager.post(url, {**sent, "reason": ""})
    assert list(refused.context["form"].errors) == ["reason"]
    assert manager.post(url, {**sent, "reason": "Priya leads access now."}).status_code == 302
    found = StageStandard.objects.select_related("program__realm").get(stage="access")
    assert found.owner == world.steward
    newest, first = versions.versions(found)
    assert [
        (c.label, c.before, c.after) for c in versions.changes(first.record, newest.record)
    ] == [
        ("owner", str(world.manager), str(world.steward)),
        ("standard", "How we access.", "Least that serves."),
    ]


def test_standards_are_for_those_bound_by_them(world: World) -> None:
    for url in (page_of(world, "stages"), page_of(world, "standard", "access")):
        assert client_of(world, "mentor").get(url).status_code == 200, url
        for name in ("", "stranger"):
            assert client_of(world, name).get(url).status_code == 404, url


def test_others_change_no_terms(world: World) -> None:
    before = Event.objects.count()
    for name in ("", "stranger", "applicant", "mentor"):
        client = client_of(world, name)
        for step in ("change", "retire"):
            url = page_of(world, *TRACK, step)
            answer = client.post(url, SENT)
            assert answer.status_code == (404 if name else 401), "what was written comes back"
    chair = client_of(world, "chair")
    for url in (
        page_of(world, *TRACK, "change"),
        page_of(world, *TRACK, "retire"),
    ):
        assert "Only a programme manager" in chair.get(url).content.decode()
        assert chair.post(url, SENT).status_code == 422
    assert chair.post(page_of(world, "usual")).status_code == 403
    with pytest.raises(Refused, match="sets it up"):
        revise_terms(term=track(world), version=1, by=world.fresh("chair"), reason="x", summary="x")
    assert Event.objects.count() == before


def test_what_is_retired_is_offered_no_more_and_stays_readable(world: World) -> None:
    manager, public = client_of(world, "manager"), client_of(world, "")
    call = f"/calls/{world.call.ref}/"
    assert f'{page_of(world, *TRACK)}"' in public.get(call).content.decode()
    for _ in range(2):
        retire_offer(offer=track(world), by=world.manager, reason="Nobody chose it.")
    assert Event.objects.filter(verb="programs.retire_offer").count() == 1
    assert f'{page_of(world, *TRACK)}"' not in public.get(call).content.decode()
    assert (
        "Retired: offered to no new proposal" in public.get(page_of(world, *TRACK)).content.decode()
    )
    offered = manager.post(page_of(world, *TRACK, "retire"), {"reason": "Asked for again."})
    assert offered.status_code == 302
    offer_again(offer=track(world), by=world.manager, reason="Twice.")
    assert Event.objects.filter(verb="programs.offer_again").count() == 1
    assert track(world).retired_by is None
    assert manager.get(page_of(world, "standard", "access", "retire")).status_code == 404


STAGES = {
    "stage-0-name": "Groundwork",
    "stage-0-tier": "public",
    "stage-0-freedom": "high",
    "stage-0-switch": "The mentor accepts the method.",
    "stage-1-name": "Study",
    "stage-1-tier": "restricted",
    "stage-1-freedom": "moderate",
    "stage-1-switch": "",
    "stage-2-name": "",
    "stage-2-tier": "",
    "stage-2-freedom": "",
    "stage-2-switch": "",
    "version": "1",
    "reason": "Agreed in March.",
}


@pytest.fixture
def hybrid(world: World) -> FellowshipModel:
    """The hybrid residency of the usual five."""
    furnish(program=world.program, by=world.manager, **usual.OFFERS)
    return FellowshipModel.objects.get(program=world.program, key="hybrid")


def test_the_stages_of_a_residency_are_data_on_every_page(
    world: World, hybrid: FellowshipModel
) -> None:
    assert hybrid.residency() == list(usual.RESIDENCY)
    manager = client_of(world, "manager")
    assert "Open groundwork" in manager.get(page_of(world, "residency")).content.decode()
    assert manager.post(page_of(world, "residency"), STAGES).status_code == 302
    hybrid.refresh_from_db()
    assert hybrid.version == 2
    assert hybrid.residency() == [
        ResidencyStage.read(
            {"name": "Groundwork", "tier": "public", "freedom": "high",
             "switch": "The mentor accepts the method."}
        ),
        ResidencyStage.read(
            {"name": "Study", "tier": "restricted", "freedom": "moderate", "switch": ""}
        ),
    ]  # fmt: skip
    for url in (f"/calls/{world.call.ref}/", page_of(world, "model", "hybrid")):
        assert "The mentor accepts the method." in Client().get(url).content.decode(), url


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"stage-0-name": ""}, ["stage-0-name"]),
        ({"stage-1-tier": "", "stage-1-freedom": "total"}, ["stage-1-freedom", "stage-1-tier"]),
        ({"stage-0-switch": ""}, ["stage-0-switch"]),
        ({f"stage-1-{n}": "" for n in ("name", "tier", "freedom")}, ["__all__"]),
        ({"version": "first", "stage-1-name": "a\x00"}, ["stage-1-name", "version"]),
    ],
)
def test_a_half_written_stage_is_named_at_its_field(
    world: World, hybrid: FellowshipModel, changes: dict[str, str], fields: list[str]
) -> None:
    response = client_of(world, "manager").post(page_of(world, "residency"), {**STAGES, **changes})
    assert response.status_code == 422
    assert fields == [f for f in sorted(response.context["form"].errors) if f in fields]
    hybrid.refresh_from_db()
    assert hybrid.version == 1


def test_a_new_programme_starts_from_the_usual(db: None) -> None:
    program = found_program(slug="new", name="New", purpose="Begin.", by=SETUP)
    for _ in range(2):
        furnish(program=program, by=SETUP, **usual.OFFERS)
    assert program.tracks.count() == len(Track.Key)
    assert program.models.count() == len(FellowshipModel.Key)
    assert sorted(program.output_types.values_list("name", flat=True)) == [
        "Dataset audit", "Evaluation harness", "Interpretability study", "Policy memo",
        "Prototype control", "Red-teaming method",
    ]  # fmt: skip
    assert Event.objects.filter(verb="programs.furnish").count() == 1


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Protocol\nweek 12 – Harness", [Milestone("Protocol"), Milestone("Harness", 12)]),
        ("Week 4: A\nWeek 4: B", None),
        ("Week 9: A\nWeek 4: B", None),
        ("Week 999: A", None),
    ],
)
def test_milestones_may_have_weeks(
    world: World, lines: str, expected: list[Milestone] | None
) -> None:
    sent: dict[str, Any] = {
        "name": "Evaluation harness",
        "access_level": "Internal",
        "reviews": "Scientific and policy",
        "publication_timeline": "30 days",
        "milestones": lines,
        "version": "1",
        "reason": "Planned in weeks.",
    }
    url = page_of(world, "output", "eval-harness", "change")
    response = client_of(world, "manager").post(url, sent)
    if expected is None:
        assert list(response.context["form"].errors) == ["milestones"]
    else:
        assert response.status_code == 302
        assert OutputType.objects.get(key="eval-harness").template() == expected


def test_a_failing_ledger_changes_no_terms(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(journal, "_recorder", [fail])
    for done in (
        lambda: revise_terms(
            term=track(world), version=1, by=world.manager, reason="x", summary="x"
        ),
        lambda: retire_offer(offer=track(world), by=world.manager, reason="x"),
    ):
        with pytest.raises(RuntimeError):
            done()
    assert (track(world).version, track(world).retired_at) == (1, None)
    assert len(versions.versions(track(world))) == 1
