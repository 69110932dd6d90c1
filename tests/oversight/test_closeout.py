"""Closing: only when nothing is owed, once, with a package that comes out the same again."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import bagit
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from fellowship.history.models import Event
from fellowship.history.verify import verify
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from oversight import services
from oversight.closeout import package
from oversight.closeout.crate import CRATE, PROCESS
from oversight.models import Closeout
from scoping.models import Fellowship
from tests.scenarios import findings as finding_scenes
from tests.scenarios.oversight import Case, settle
from tests.scenarios.world import World
from tests.support import kept


@pytest.fixture(scope="module")
def kept_settled(
    kept_world: World, kept_case: Case, django_db_blocker: DjangoDbBlocker
) -> Iterator[Case]:
    """The same case as the other tests', led further: none of those runs after it."""
    with kept.built(
        lambda: settle(kept_world, copy.deepcopy(kept_case)), django_db_blocker
    ) as settled:
        yield settled


@pytest.fixture
def settled(kept_settled: Case, world: World) -> Case:
    """A case in which nothing is owed any more."""
    return copy.deepcopy(kept_settled)


def _close(world: World, case: Case, name: str = "manager") -> Closeout:
    return services.close_fellowship(
        fellowship=case.fellowship, by=world.fresh(name), reason="All is done."
    )


def test_it_does_not_close_while_something_is_owed(world: World, case: Case) -> None:
    with pytest.raises(Refused) as refused:
        _close(world, case)
    assert refused.value.refusal.code == "obligations_open"
    for label in ("Every finding has its disposition", "Every publication released", "deleted"):
        assert label in refused.value.refusal.reason
    client = Client()
    client.force_login(world.fresh("manager"))
    page = client.get(reverse("oversight:closeout", args=[case.fellowship.ref])).content.decode()
    assert "It cannot close while this is open" in page
    assert "To do" in page


def test_many_things_owed_cost_no_more_and_the_first_are_named(world: World, case: Case) -> None:
    client = Client()
    client.force_login(world.fresh("manager"))
    url = reverse("oversight:closeout", args=[case.fellowship.ref])
    costs = []
    for more in (11, 60):
        made = [
            finding_scenes.reported(world, case.fellowship, title=f"Form {n}", evidence=[])
            for n in range(more)
        ]
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            page = client.get(url).content.decode()
        costs.append(len(caught))
    assert costs[0] == costs[1] <= 25
    assert "and 62 others" in page
    assert made[-1].ref not in page


def test_it_closes_once_by_the_right_person(world: World, settled: Case) -> None:
    with pytest.raises(Refused) as refused:
        _close(world, settled, "steward")
    assert refused.value.refusal.code.startswith(("wrong_role", "not_"))
    closed = _close(world, settled)
    events = Event.objects.filter(verb="oversight.close_fellowship")
    assert _close(world, settled) == closed
    assert events.count() == 1
    assert Fellowship.objects.get(pk=settled.fellowship.pk).state == "closed"
    assert verify().ok


def test_what_was_owed_is_named_in_german_after_it_closed(world: World, settled: Case) -> None:
    closed = _close(world, settled)
    client = Client()
    client.force_login(world.manager)
    page = client.get(f"/closeout/{settled.fellowship.ref}/", headers={"Accept-Language": "de"})
    text = page.content.decode()
    label = next(
        one["label"]
        for one in json.loads(closed.facts)["obligations"]
        if one["key"] == "scoping.milestones"
    )
    assert label == "Milestones accepted or excepted"
    assert "Meilensteine angenommen oder ausgenommen" in text
    assert label not in text


def test_a_ledger_that_fails_closes_nothing(
    world: World, settled: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = journal._recorder[0]

    def fail(scope: journal.Scope, **values: object) -> object:
        if scope.verb == "oversight.close_fellowship":
            raise RuntimeError("the ledger is gone")
        return recorder(scope, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "_recorder", [fail])
    with pytest.raises(RuntimeError):
        _close(world, settled)
    assert not Closeout.objects.exists()
    assert Fellowship.objects.get(pk=settled.fellowship.pk).state == "close_out"


def test_the_package_is_a_bag_and_a_crate_and_comes_out_the_same(
    world: World, settled: Case, tmp_path: Path
) -> None:
    closed = _close(world, settled)
    first = package.of_case(settled.fellowship)
    assert first.sha256 == closed.package_sha256
    call_command("build_closeout", closed.fellowship.ref, "--out", str(tmp_path / "a.zip"))
    assert (tmp_path / "a.zip").read_bytes() == first.content

    folder = _unpacked(first.content, tmp_path / "out")
    bag = bagit.Bag(str(folder))
    bag.validate()
    assert bag.info["External-Identifier"] == closed.fellowship.ref
    crate = json.loads((folder / "data/ro-crate-metadata.json").read_text())
    _check_crate(crate, folder / "data")
    lines = (folder / "data/events.jsonl").read_text().splitlines()
    known = set(Event.objects.values_list("leaf_hash", flat=True))
    assert {hashlib.sha256(b"\x00" + line.encode()).hexdigest() for line in lines} <= known
    assert len(lines) > 40
    page = (folder / "data/index.html").read_text()
    for words in (settled.finding.ref, settled.control.ref, settled.grant.ref, "Reduced".lower()):
        assert words in page.lower() or words in page


def test_what_changes_later_does_not_change_the_package(world: World, settled: Case) -> None:
    closed = _close(world, settled)
    finding_scenes.count(world, settled.control, "after", 1, 90)
    assert package.of_case(settled.fellowship).sha256 == closed.package_sha256
    finding_scenes.reported(world, settled.fellowship, title="Found afterwards", evidence=[])
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:closeout", args=[settled.fellowship.ref])
    page = client.get(url).content.decode()
    assert "As it stood when it closed" in page
    assert "1 answered by a verified control" in page
    assert "To do" not in page


def test_a_package_that_is_not_the_one_kept_is_not_written(
    world: World, settled: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = _close(world, settled)
    monkeypatch.setitem(package.NAMES, "index.html", ("text/html", "Something else"))
    with pytest.raises(CommandError, match="run verify_ledger"):
        call_command("build_closeout", closed.fellowship.ref, "--out", str(tmp_path / "a.zip"))
    assert not (tmp_path / "a.zip").exists()


def test_before_closing_the_same_record_gives_the_same_bytes(case: Case) -> None:
    assert package.of_case(case.fellowship).sha256 == package.of_case(case.fellowship).sha256


def test_the_package_is_for_those_who_answer_for_the_case(world: World, case: Case) -> None:
    url = reverse("oversight:package", args=[case.fellowship.ref])
    answers = {}
    for name in ("manager", "auditor", "applicant", "mentor", "other_applicant"):
        client = Client()
        client.force_login(world.fresh(name))
        answers[name] = client.get(url).status_code
    assert answers == {
        "manager": 200,
        "auditor": 200,
        "applicant": 403,
        "mentor": 403,
        "other_applicant": 404,
    }


def test_each_kind_of_fact_has_its_file(case: Case, tmp_path: Path) -> None:
    data = _unpacked(package.of_case(case.fellowship).content, tmp_path) / "data"
    assert {p.name for p in data.iterdir()} >= {"releases.json", "escrow.json", "access.json"}
    assert set(package.NAMES) == {p.name for p in data.iterdir()} - {"ro-crate-metadata.json"}


def _unpacked(content: bytes, to: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = packed.namelist()
        assert names == sorted(names)
        assert len({entry.date_time for entry in packed.infolist()}) == 1
        packed.extractall(to)
    (folder,) = to.iterdir()
    return folder


def _check_crate(crate: dict[str, object], data: Path) -> None:
    """The requirements of RO-Crate 1.1 and of Process Run Crate 0.5 that bear on us."""
    graph: list[dict[str, object]] = crate["@graph"]  # type: ignore[assignment]
    by_id = {str(entity["@id"]): entity for entity in graph}
    assert len(by_id) == len(graph)
    descriptor = by_id["ro-crate-metadata.json"]
    assert descriptor["conformsTo"] == {"@id": CRATE}
    assert descriptor["about"] == {"@id": "./"}
    root = by_id["./"]
    assert root["conformsTo"] == {"@id": PROCESS}
    assert {"name", "description", "datePublished", "license"} <= set(root)
    parts = {part["@id"] for part in root["hasPart"]}  # type: ignore[attr-defined]
    files = {p.name for p in data.iterdir()} - {"ro-crate-metadata.json"}
    assert files <= parts
    kinds = ("File", "Dataset")
    assert {i for i, e in by_id.items() if e["@type"] in kinds} - {"./"} == parts
    for entity in graph:
        for value in entity.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and not str(item["@id"]).startswith("http"):
                    assert item["@id"] in by_id, item
    actions = [e for e in graph if e["@type"] == "CreateAction"]
    assert actions
    for action in actions:
        assert {"instrument", "object", "result", "agent", "endTime"} <= set(action)
        assert {"@id": action["@id"]} in root["mentions"]  # type: ignore[operator]
