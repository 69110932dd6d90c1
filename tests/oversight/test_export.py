"""Exports verify without us, and no forged one does."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from fellowship.history import keys, merkle
from fellowship.history.models import Event
from fellowship.kernel.time import now
from fellowship.web.sheets import writers
from oversight.export.nodes import Tree
from tests.scenarios.oversight import Case
from tests.scenarios.world import World, make_world
from tests.support.exports import exported, verified


def _exported(world: World, to: Path, file_format: str = "jsonl", *more: str) -> Path:
    return exported(world.program.slug, to, file_format, *more)


def test_an_export_in_each_format_verifies_and_each_changed_file_is_refused(
    world: World, case: Case, tmp_path: Path
) -> None:
    for file_format in writers.WRITERS:
        folder = _exported(world, tmp_path, file_format)
        code, said = verified(folder, "--key", str(keys.verifier()))
        assert (code, said.strip().splitlines()[-1]) == (0, "VERIFIED."), said
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    assert len(names) > 30
    for name in [
        "log.jsonl",
        "proofs.csv",
        "checkpoint",
        "public-key.txt",
        "manifest.json",
        "manifest.sig",
        "columns.json",
        *[n for n in names if n.startswith(("events", "history/findings"))],
    ]:
        _refused_when_changed(folder, name)


def _refused_when_changed(folder: Path, name: str) -> None:
    path = folder / name
    kept = path.read_bytes()
    path.write_bytes(kept[:-2] + bytes([kept[-2] ^ 1]) + kept[-1:])
    code, said = verified(folder)
    assert (code, "NOT VERIFIED" in said) == (1, True), name
    path.unlink()
    assert verified(folder)[0] == 1, name
    path.write_bytes(kept)


def test_an_added_file_and_another_key_are_refused(world: World, tmp_path: Path) -> None:
    folder = _exported(world, tmp_path)
    code, said = verified(folder, "--key", "other+00000000+AAAA")
    assert (code, "another key than yours" in said) == (1, True)
    (folder / "history" / "extra.jsonl").write_text("{}\n")
    code, said = verified(folder)
    assert (code, "it was added" in said) == (1, True)


def test_who_forges_the_manifest_too_still_fails_at_the_root(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log's own key over a false log: the checkpoint signed before does not fit."""
    import hashlib

    from oversight.export import bundle

    folder = _exported(world, tmp_path)
    log = folder / "log.jsonl"
    lines = log.read_text().splitlines()
    entry = json.loads(lines[3])
    entry["body"] = entry["body"].replace('"reason":"', '"reason":"not ', 1)
    lines[3] = json.dumps(entry)
    log.write_text("\n".join(lines) + "\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["log.jsonl"]["sha256"] = hashlib.sha256(log.read_bytes()).hexdigest()
    text = json.dumps(manifest)
    (folder / "manifest.json").write_text(text)
    (folder / "manifest.sig").write_text(bundle._signed(text))
    code, said = verified(folder)
    assert code == 1
    assert f"the event at index {entry['index']} is not the one that was sealed there" in said


def test_a_programme_s_export_holds_nothing_of_another(world: World, tmp_path: Path) -> None:
    other = make_world("-b")
    folder = _exported(world, tmp_path)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    realms = set(
        Event.objects.filter(uid__in=[e["uid"] for e in events]).values_list("realm_id", flat=True)
    )
    assert realms == {world.program.pk}
    text = "".join(p.read_text() for p in folder.rglob("*.jsonl"))
    assert other.call.ref not in text
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["events"] == len(events)
    assert verified(folder)[0] == 0


def test_a_period_and_an_instant_bound_what_goes_out(world: World, tmp_path: Path) -> None:
    tomorrow = (now() + dt.timedelta(days=1)).date().isoformat()
    folder = _exported(world, tmp_path, "csv", "--from", tomorrow)
    assert json.loads((folder / "manifest.json").read_text())["events"] == 0
    assert verified(folder)[0] == 0
    at = Event.objects.filter(realm_id=world.program.pk).order_by("id")[5].at
    folder = _exported(world, tmp_path, "jsonl", "--as-of", at.isoformat())
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert events
    assert max(dt.datetime.fromisoformat(e["at"]) for e in events) == at
    assert list((folder / "as-of").glob("*.jsonl"))
    assert verified(folder)[0] == 0


def test_cells_are_no_formulas(tmp_path: Path) -> None:
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "plain", '=HYPERLINK("http://x")']
    for value in hostile:
        told = writers.safe(value)
        assert told == (value if value == "plain" else f"'{value}")
    held = io.BytesIO()
    writers.write_csv(held, ["a"], [[v] for v in hostile])
    rows = list(csv.reader(io.StringIO(held.getvalue().decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows[1:]] == [writers.safe(v) for v in hostile]
    book = io.BytesIO()
    writers.write_xlsx(book, ["a"], [[v] for v in hostile])
    with zipfile.ZipFile(io.BytesIO(book.getvalue())) as packed:
        assert "<f>" not in packed.read("xl/worksheets/sheet1.xml").decode()


def test_negative_numbers_stay_numbers_and_none_is_empty() -> None:
    assert writers.safe(-5) == -5
    assert writers.safe(None) == ""
    assert writers.safe(True) == "true"
    assert writers.safe({"a": 1}) == '{"a": 1}'


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100, 257])
def test_the_nodes_give_each_leaf_its_proof(size: int) -> None:
    leaves = [merkle.leaf(str(i).encode()) for i in range(size)]
    with Tree(iter(leaves)) as tree:
        assert tree.root == merkle.root(leaves)
        chosen, others = [i for i in range(size) if i % 3 != 1], {1, size - 1}
        nodes = {(level, index): found for level, index, found in tree.paths(chosen, others)}
        assert {1, size - 1} - set(chosen) == {i for level, i in nodes if not level} & others
        for i in {*chosen, *others} if size > 1 else chosen:
            path, at = [], i
            for level, width in enumerate(tree.sizes[:-1]):
                if at ^ 1 < width:
                    # A sibling not given is one that can be computed.
                    path.append(nodes.get((level, at ^ 1), tree.at(level, at ^ 1)))
                at >>= 1
            assert path == merkle.inclusion_proof(i, size, merkle.subtrees_of(leaves))
        computable = {(0, i) for i in chosen} - set(nodes)
        for level, width in enumerate(tree.sizes[:-1]):
            known = {i for lev, i in {*nodes, *computable} if lev == level}
            for i in known:
                assert i ^ 1 in known or i ^ 1 >= width, (level, i)
                computable.add((level + 1, i // 2))


def test_the_columns_are_declared_with_their_meaning(world: World, tmp_path: Path) -> None:
    folder = _exported(world, tmp_path, "csv")
    said = json.loads((folder / "columns.json").read_text())
    for path, columns in said.items():
        with (folder / path).open(newline="", encoding="utf-8-sig") as held:
            assert next(csv.reader(held)) == [c["name"] for c in columns], path
        assert all(c["meaning"] and c["type"] for c in columns), path


def test_an_auditor_downloads_it_and_each_time_is_recorded(
    world: World, case: Case, tmp_path: Path
) -> None:
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:export", args=[world.program.slug])
    for _ in range(2):
        answer = client.post(url, {"file_format": "csv"})
        assert answer.status_code == 200
        content = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    assert Event.objects.filter(verb="oversight.export").count() == 2
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(tmp_path / "x")
    assert verified(tmp_path / "x")[0] == 0
    assert client.post(url, {"file_format": "exe"}).status_code == 422
    other = Client()
    other.force_login(world.fresh("manager"))
    assert other.post(url, {"file_format": "csv"}).status_code == 404


def test_an_unknown_programme_is_said_so(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no programme nowhere"):
        call_command(
            "export_history",
            "--program",
            "nowhere",
            "--format",
            "csv",
            "--out",
            str(tmp_path / "x"),
        )
