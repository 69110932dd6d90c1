"""What a case owes before it closes and only people can say: texts, things back, exceptions."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.web import work
from oversight import policy, services
from oversight.closeout import package
from oversight.models import ClosingText, Handback, Waiver
from scoping import closeout
from scoping import services as scoping
from tests.scenarios.governance import raised_escalation
from tests.scenarios.oversight import Case
from tests.scenarios.world import World

NAMED = {
    "findings.disposition",
    "findings.translation",
    "findings.artifacts",
    "publications.outcome",
    "access.escrow",
    "access.accounts",
    "closing.summary",
    "closing.fellow_review",
    "closing.mentor_review",
    "closing.held",
    "scoping.talent",
    "scoping.milestones",
    "governance.conditions",
    "governance.escalations",
}
"""An obligation of each room; datasets have one each beside these."""


def _client(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.fresh(name))
    return client


def _owed(case: Case) -> dict[str, closeout.Obligation]:
    return {item.key: item for item in closeout.obligations(case.fellowship)}


def test_every_room_asks(case: Case) -> None:
    owed = _owed(case)
    assert set(owed) >= NAMED | {f"access.deletion.{case.dataset.ref}"}
    assert all(owed[key].required for key in NAMED)
    assert owed["findings.artifacts"].detail == "1 registered."
    assert not owed["closing.held"].met
    assert owed["closing.held"].detail == "Nobody has listed what was handed out."


def test_what_is_owed_leads_only_where_its_reader_may_go(world: World, case: Case) -> None:
    alarm = raised_escalation(world, subject=case.fellowship, by=world.oncall)
    owed = _owed(case)
    accounts, escalations = owed["access.accounts"], owed["governance.escalations"]
    assert alarm.ref in escalations.detail
    for item, name, url in (
        (escalations, "oncall", alarm.get_absolute_url()),
        (escalations, "mentor", ""),
        (accounts, "steward", reverse("access:targets")),
        (accounts, "mentor", ""),
        (owed["closing.summary"], "mentor", owed["closing.summary"].url),
    ):
        assert item.url_for(world.fresh(name)) == url, (item.key, name)
    for name, opens in (("steward", True), ("mentor", False)):
        page = _client(world, name).get(f"/access/cases/{case.fellowship.ref}/").content.decode()
        assert accounts.label in page
        assert (f'href="{accounts.url}"' in page.partition("<main")[2]) is opens, name


@pytest.mark.parametrize(
    ("kind", "author", "refusal"),
    [
        ("summary", "applicant", ("mentor", "wrong_role")),
        ("summary", "manager", ("sponsor", "wrong_role")),
        ("fellow_review", "applicant", ("manager", "not_yours")),
        ("mentor_review", "mentor", ("applicant", "not_yours")),
    ],
)
def test_each_side_writes_its_own(
    world: World, case: Case, kind: str, author: str, refusal: tuple[str, str]
) -> None:
    other, code = refusal
    said: dict[str, Any] = {"fellowship": case.fellowship, "kind": kind}
    with pytest.raises(Refused) as refused:
        services.write_closing_text(**said, text="Not mine.", by=world.fresh(other))
    assert refused.value.refusal.code == code
    by = world.fresh(author)
    row = services.write_closing_text(**said, text="It went well.", by=by)
    assert services.write_closing_text(**said, text="It went well. ", by=by) == row
    assert _owed(case)[f"closing.{kind}"].met
    again = services.write_closing_text(**said, text="On the whole.", by=by)
    assert (again.pk, again.text) == (row.pk, "On the whole.")
    events = Event.objects.filter(verb="oversight.write_closing_text")
    assert events.count() == 2
    assert "On the whole" not in "".join(events.values_list("body", flat=True))


@pytest.mark.parametrize(
    ("kind", "text"), [("summary", "  "), ("poem", "Roses."), ("summary", "x" * 10_001)]
)
def test_a_text_that_says_nothing_is_not_kept(
    world: World, case: Case, kind: str, text: str
) -> None:
    with pytest.raises(Refused):
        services.write_closing_text(
            fellowship=case.fellowship, kind=kind, text=text, by=world.applicant
        )
    assert not ClosingText.objects.exists()


def test_what_was_handed_out_comes_back(world: World, case: Case) -> None:
    given: dict[str, Any] = {"fellowship": case.fellowship, "kind": "property", "what": "Laptop  7"}
    with pytest.raises(Refused) as refused:
        services.list_handback(**given, by=world.applicant)
    assert refused.value.refusal.code == "wrong_role"
    row = services.list_handback(**given, by=world.steward)
    assert services.list_handback(**given, by=world.manager) == row
    assert _owed(case)["closing.held"].detail == "Still out: Laptop 7"
    with pytest.raises(Refused, match="Something is listed"):
        services.list_handback(fellowship=case.fellowship, kind="nothing", by=world.steward)
    with pytest.raises(Refused, match="Say how"):
        services.settle_handback(handback=row, by=world.oncall, reason=" ")
    back = services.settle_handback(handback=row, by=world.oncall, reason="At the desk.")
    assert services.settle_handback(handback=row, by=world.steward, reason="Again.") == back
    assert Handback.objects.get().how == "At the desk."
    assert _owed(case)["closing.held"].met


def test_that_there_was_nothing_is_said_by_a_person(world: World, case: Case) -> None:
    services.list_handback(fellowship=case.fellowship, kind="nothing", by=world.manager)
    assert _owed(case)["closing.held"].met
    services.list_handback(
        fellowship=case.fellowship, kind="account", what="Chat", by=world.manager
    )
    assert not _owed(case)["closing.held"].met


@pytest.mark.parametrize("name", ["manager", "steward", "applicant", "mentor", "admin"])
def test_only_chair_and_sponsor_except(world: World, case: Case, name: str) -> None:
    with pytest.raises(Refused) as refused:
        services.except_obligation(
            fellowship=case.fellowship, key="scoping.talent", by=world.fresh(name), reason="No."
        )
    assert refused.value.refusal.code == "wrong_role"


def test_some_may_be_excepted_and_the_deletion_of_data_never(world: World, case: Case) -> None:
    asked: dict[str, Any] = {"fellowship": case.fellowship, "by": world.chair}
    for key, code in (
        (f"access.deletion.{case.dataset.ref}", "not_waivable"),
        ("findings.disposition", "not_waivable"),
        ("findings.artifacts", "met"),
        ("nonsense", "unknown_obligation"),
    ):
        with pytest.raises(Refused) as refused:
            services.except_obligation(**asked, key=key, reason="Never mind.")
        assert refused.value.refusal.code == code, key
    with pytest.raises(Refused, match="Say why"):
        services.except_obligation(**asked, key="scoping.talent", reason=" ")
    row = services.except_obligation(**asked, key="scoping.talent", reason="A post elsewhere.")
    assert services.except_obligation(**asked, key="scoping.talent", reason="Again.") == row
    found = _owed(case)["scoping.talent"]
    assert found.met
    assert found.excuse is not None
    assert (found.excuse.by, found.excuse.reason) == (str(world.chair), "A post elsewhere.")
    assert Waiver.objects.count() == 1


def test_a_ledger_that_fails_excepts_nothing(
    world: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("the ledger is gone")

    monkeypatch.setattr(journal, "_recorder", [fail])
    with pytest.raises(RuntimeError):
        services.except_obligation(
            fellowship=case.fellowship, key="scoping.talent", by=world.chair, reason="No post."
        )
    with pytest.raises(RuntimeError):
        services.list_handback(fellowship=case.fellowship, kind="nothing", by=world.manager)
    with pytest.raises(RuntimeError):
        services.write_closing_text(
            fellowship=case.fellowship, kind="summary", text="All.", by=world.applicant
        )
    assert not Waiver.objects.exists()
    assert not Handback.objects.exists()
    assert not ClosingText.objects.exists()


def test_who_excepted_does_not_close(world: World, case: Case) -> None:
    services.except_obligation(
        fellowship=case.fellowship, key="scoping.talent", by=world.chair, reason="No post."
    )
    items = [item for item in closeout.obligations(case.fellowship) if item.met]
    scoping.end(fellowship=case.fellowship, by=world.applicant, reason="Done.")
    ended = type(case.fellowship).objects.get(pk=case.fellowship.pk)
    found = policy.may_close(ended, world.chair, items)
    assert found is not None
    assert found.code == "separation"
    assert policy.may_close(ended, world.manager, items) is None


def test_the_page_offers_each_what_is_theirs(world: World, case: Case) -> None:
    url = reverse("oversight:closeout", args=[case.fellowship.ref])
    for name in ("manager", "applicant", "auditor"):
        assert "Close without one of these" not in _client(world, name).get(url).content.decode()
    chair = _client(world, "chair")
    assert "Close without one of these" in chair.get(url).content.decode()
    to = reverse("oversight:except_obligation", args=[case.fellowship.ref, "scoping.talent"])
    assert chair.post(to, {"reason": "A post elsewhere."}).status_code == 302
    page = chair.get(url).content.decode()
    assert "A post elsewhere." in page
    assert "Excepted" in page
    text = reverse("oversight:closing_text", args=[case.fellowship.ref, "fellow_review"])
    fellow = _client(world, "applicant")
    assert fellow.post(text, {"text": ""}).status_code == 422
    assert fellow.post(text, {"text": "Good."}).status_code == 302
    assert "Good." in _client(world, "auditor").get(text).content.decode()
    assert _client(world, "other_applicant").get(text).status_code == 404
    things = reverse("oversight:handbacks", args=[case.fellowship.ref])
    steward = _client(world, "steward")
    assert steward.post(things, {"kind": "property", "what": ""}).status_code == 422
    assert steward.post(things, {"kind": "property", "what": "Badge 9"}).status_code == 302
    back = reverse("oversight:settle_handback", args=[Handback.objects.get().pk])
    assert steward.post(back, {"reason": "In the drawer."}).status_code == 302
    assert "In the drawer." in steward.get(things).content.decode()


def test_reviews_wait_on_the_first_page_of_who_writes_them(world: World, case: Case) -> None:
    def asked(name: str) -> list[str]:
        return [item.title for item in work.of(world.fresh(name), now()).mine]

    title = f"Write your review of {case.fellowship.ref}"
    assert title not in asked("applicant")
    scoping.end(fellowship=case.fellowship, by=world.applicant, reason="The work is done.")
    assert title in asked("applicant")
    assert title in asked("mentor")
    assert title not in asked("manager")
    services.write_closing_text(
        fellowship=case.fellowship, kind="mentor_review", text="Well done.", by=world.mentor
    )
    services.except_obligation(
        fellowship=case.fellowship, key="closing.fellow_review", by=world.sponsor, reason="Ill."
    )
    assert title not in [*asked("applicant"), *asked("mentor")]


def test_it_all_goes_into_the_package(world: World, case: Case) -> None:
    services.write_closing_text(
        fellowship=case.fellowship, kind="summary", text="Refusals decay.", by=world.applicant
    )
    services.list_handback(
        fellowship=case.fellowship, kind="property", what="Badge 9", by=world.steward
    )
    services.except_obligation(
        fellowship=case.fellowship, key="scoping.talent", by=world.chair, reason="No post."
    )
    made = package.of_case(case.fellowship)
    bag = zipfile.ZipFile(io.BytesIO(made.content))
    root = bag.namelist()[0].split("/")[0]

    def read(name: str) -> str:
        return bag.read(f"{root}/data/{name}").decode()

    owed = {o["key"]: o for o in json.loads(read("fellowship.json"))["obligations"]}
    assert owed["scoping.talent"]["excepted"]["reason"] == "No post."
    assert json.loads(read("reviews.json"))[0]["text"] == "Refusals decay."
    assert json.loads(read("handback.json"))["held"][0]["what"] == "Badge 9"
    page = read("index.html")
    for words in ("Refusals decay.", "Badge 9", "No post.", "Excepted"):
        assert words in page
    verbs = {json.loads(line)["verb"] for line in read("events.jsonl").splitlines()}
    assert verbs >= {"oversight.write_closing_text", "oversight.except_obligation"}
