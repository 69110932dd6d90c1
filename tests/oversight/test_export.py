"""Exports verify without us, and no forged one does."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.services import create_token, declare_conflict, grant_role
from fellowship.history import keys, merkle
from fellowship.history.models import Event
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.web.sheets import parquet, tables, writers
from oversight import services
from oversight.export import bundle, making
from oversight.export.nodes import Tree
from oversight.export.packing import Progress
from oversight.models import Extract, ExtractRun
from oversight.policy import may_take_export
from oversight.tasks import make_exports
from tests.fellowship.history.test_merkle import oracle
from tests.scenarios.oversight import Case
from tests.scenarios.world import SETUP, World, make_person, make_world
from tests.support.exports import exported, unpacked, verified


def _exported(world: World, to: Path, file_format: str = "jsonl", *more: str) -> Path:
    return exported(world.program.slug, to, file_format, *more)


def test_an_export_in_each_format_verifies_and_each_changed_file_is_refused(
    world: World, case: Case, tmp_path: Path
) -> None:
    for file_format in tables.FORMATS:
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


@pytest.mark.skipif(not parquet.INSTALLED, reason="Parquet is an extra: pyarrow is not installed")
def test_parquet_has_typed_columns_and_exact_values(world: World, tmp_path: Path) -> None:
    import pyarrow.parquet as pq  # type: ignore[import-not-found, unused-ignore]

    folder = _exported(world, tmp_path, "parquet")
    table = pq.read_table(folder / "events.parquet")
    (lines,) = [(folder / "log.jsonl").read_text().splitlines()]
    bodies = [json.loads(json.loads(line)["body"]) for line in lines]
    assert table.column("uid").to_pylist() == [body["uid"] for body in bodies]
    at = table.column("at").to_pylist()
    assert at == [dt.datetime.fromisoformat(body["at"]) for body in bodies]
    assert str(table.schema.field("index").type) == "int64"
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
    theirs = oracle([str(i).encode() for i in range(size)])
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
            proof = theirs.prove_inclusion(i + 1, size)
            assert sorted([leaves[i], *path]) == sorted(proof.path)
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
        assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Download" in page
    made = Extract.objects.latest("pk")
    assert made.sha256 in page
    taken = client.get(reverse("oversight:extract_file", args=[world.program.slug, made.pk]))
    content = _content(taken)
    assert hashlib.sha256(content).hexdigest() == made.sha256
    assert (taken["Content-Length"], taken["ETag"]) == (str(made.size), f'"{made.sha256}"')
    verbs = Event.objects.filter(verb__startswith="oversight.").order_by("id")
    asked, made_it = "oversight.ask_export", "oversight.finish_export"
    listed = [v for v in verbs.values_list("verb", flat=True) if v.endswith(("_export", "view"))]
    assert listed == [asked, made_it, asked, made_it, "oversight.view", "oversight.view"]
    finished = Event.objects.filter(verb=made_it).latest("id")
    assert json.loads(finished.body)["change"]["sha256"] == made.sha256
    assert verified(unpacked(content, tmp_path / "x"))[0] == 0
    assert client.post(url, {"file_format": "exe"}).status_code == 422
    other = Client()
    other.force_login(world.fresh("manager"))
    assert other.post(url, {"file_format": "csv"}).status_code == 404
    assert other.get(taken.request["PATH_INFO"]).status_code == 404


def _content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def _status(client: Client, url: str, headers: dict[str, str] | None = None) -> int:
    answer = client.get(url, headers=headers)
    _content(answer)
    return int(answer.status_code)


def _made(world: World, **asked: Any) -> Extract:
    """An export of the auditor, made."""
    extract = services.ask_export(
        program=world.program, scope=asked, file_format="jsonl", by=world.fresh("auditor")
    )
    assert making.make(extract, tell=False)
    extract.refresh_from_db()
    return extract


def test_a_download_that_broke_off_goes_on_where_it_stopped(world: World) -> None:
    made = _made(world)
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:extract_file", args=[world.program.slug, made.pk])
    whole = _content(client.get(url))
    size = len(whole)
    for asked, start, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=1000-", 1000, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=10-{size + 10}", 10, size),
    ):
        answer = client.get(url, headers={"Range": asked})
        assert answer.status_code == 206, asked
        assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert (answer["Content-Length"], _content(answer)) == (str(end - start), whole[start:end])
    for asked in (f"bytes={size}-", "bytes=9-3", "bytes=-0"):
        answer = client.get(url, headers={"Range": asked})
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}"), asked
    for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=x-"):
        assert _status(client, url, {"Range": asked}) == 200, asked
    other = {"Range": "bytes=1000-", "If-Range": '"another"'}
    assert _status(client, url, other) == 200
    same = {"Range": "bytes=1000-", "If-Range": f'"{made.sha256}"'}
    assert _status(client, url, same) == 206
    assert Event.objects.filter(verb="oversight.view").count() == 8  # each time it began anew


def test_a_large_export_is_made_apart_and_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "SMALL", 3)
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:export", args=[world.program.slug])
    answer = client.post(url, {"file_format": "csv", "reference": ""})
    page = client.get(answer["Location"]).content.decode()
    assert "Being made" in page
    extract = Extract.objects.get()
    file = reverse("oversight:extract_file", args=[world.program.slug, extract.pk])
    assert client.get(file).status_code == 409
    making._say(extract, Progress(7, 40, 123_456, "history/findings.historicalfinding.csv"))
    page = client.get(answer["Location"]).content.decode()
    assert "7 of 40 files written" in page
    assert "now <code>history/findings" in page
    making._beside(extract, "json").unlink()
    assert make_exports() == "1 made"
    assert make_exports() == "0 made"
    notice = Notice.objects.get(kind="oversight.export")
    assert (notice.title, notice.recipient) == ("Your export is ready", world.auditor)
    assert client.get(notice.url).status_code == 200
    assert _status(client, file) == 200
    assert making.progress(extract) is None


def test_one_process_makes_it_and_another_takes_over_from_the_dead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = services.ask_export(
        program=world.program, scope={}, file_format="csv", by=world.fresh("auditor")
    )
    assert making._claimed(extract)
    assert not making.make(extract, tell=True)  # the other one lives
    monkeypatch.setattr(making, "STILL", -1)
    left = making._beside(extract, "4711.part")
    for attempt in (2, 3):
        left.write_bytes(b"half")
        assert making._claimed(extract)
        assert not left.exists(), "what the dead one wrote is of no use"
        assert ExtractRun.objects.get().attempt == attempt
    assert not making.make(extract, tell=True)
    extract.refresh_from_db()
    assert extract.failure.startswith("The process that made it ended three times")
    assert Notice.objects.get(kind="oversight.export").title == "Your export could not be made"
    assert not Extract.objects.waiting().exists()


def test_whatever_goes_wrong_is_said_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(bundle, "write", broken)
    extract = services.ask_export(
        program=world.program, scope={}, file_format="csv", by=world.fresh("auditor")
    )
    assert making.make(extract, tell=True)
    extract.refresh_from_db()
    assert extract.failure == making._BROKE
    assert not list(making._beside(extract, "x").parent.glob(f"{extract.uid}*"))
    again = services.finish_export(
        extract=extract,
        sha256="a" * 64,
        **dict.fromkeys(("size", "events", "rows", "log_size"), 1),
        fits=True,
        tell=False,
        by=making.BY,
    )
    assert again.made_at is None


def test_the_file_is_for_who_asked_for_it_while_it_is_kept(world: World) -> None:
    made = _made(world)
    at = now()
    auditor = world.fresh("auditor")
    assert may_take_export(made, auditor, at) is None
    later = at + dt.timedelta(days=7)
    refused = may_take_export(made, auditor, later)
    assert refused
    assert refused.code == "no_longer_kept"
    assert list(making.named()) == [made.sha256]
    with frozen(later):
        assert list(making.named()) == []
    other = make_person("second-auditor")
    grant_role(user=other, realm=world.program.realm, role=roles.AUDITOR, by=world.admin)
    refused = may_take_export(made, other, at)
    assert refused
    assert refused.code == "not_yours"
    declare_conflict(
        user=auditor,
        subject=world.call,
        realm=world.program.pk,
        kind="other",
        statement="A friend’s call.",
        by=auditor,
    )
    refused = may_take_export(made, auditor, at)
    assert refused
    assert refused.code == "conflict_since"


def test_an_export_has_the_scope_that_was_asked_for(world: World, case: Case) -> None:
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:export", args=[world.program.slug])
    ref = case.finding.ref
    assert f'value="{ref}"' in client.get(url, {"reference": ref}).content.decode()
    for reference, whole in ((ref, False), (case.fellowship.ref, True)):
        said = {"file_format": "jsonl", "reference": reference, **({"case": "on"} if whole else {})}
        page = client.get(client.post(url, said)["Location"]).content.decode()
        made = Extract.objects.latest("pk")
        scope, _ = making.scope_of(made)
        assert made.events == scope.events().count() > 0
        assert reference in page
        assert ("the whole case" in page) == whole
    answer = client.post(url, {"file_format": "csv", "reference": "FND-1999-001"})
    assert answer.status_code == 422
    assert "has the reference FND-1999-001" in answer.content.decode()
    tomorrow = (now() + dt.timedelta(days=1)).isoformat()[:16]
    assert client.post(url, {"file_format": "csv", "as_of": tomorrow}).status_code == 422


def test_the_api_asks_follows_and_takes_by_the_same_rules(world: World) -> None:
    def client(name: str) -> Client:
        _, secret = create_token(user=world.fresh(name), scopes=["write"], by=SETUP)
        return Client(headers={"Authorization": f"Bearer {secret}"})

    auditor, manager = client("auditor"), client("manager")
    url = reverse("api:exports-list")
    said = {"program": world.program.slug, "format": "jsonl", "reference": world.call.ref}
    answer = auditor.post(url, said, content_type="application/json")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["scope"], made["failure"]) == ({"reference": world.call.ref}, "")
    assert made["events"] > 0
    assert auditor.get(url).json()["results"][0]["sha256"] == made["sha256"]
    file = auditor.get(reverse("api:exports-file", args=[made["id"]]))
    assert hashlib.sha256(_content(file)).hexdigest() == made["sha256"]
    wrong = auditor.post(url, {**said, "format": "exe"}, content_type="application/json")
    assert wrong.status_code == 400
    for nonsense in ({"kinds": ["\x00"]}, {"actors": [10**30]}, {"as_of": "9999-12-31T23:59:59Z"}):
        answer = auditor.post(url, {**said, **nonsense}, content_type="application/json")
        assert answer.status_code == 400, nonsense
    assert manager.post(url, said, content_type="application/json").status_code == 409
    assert manager.get(url).json()["results"] == []
    assert manager.get(reverse("api:exports-file", args=[made["id"]])).status_code == 404


def test_an_export_and_its_list_cost_the_same_whatever_their_number(world: World) -> None:
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:export", args=[world.program.slug])
    counted = []
    for more in (1, 2, 20):
        for _ in range(more):
            made = services.ask_export(
                program=world.program, scope={}, file_format="csv", by=world.fresh("auditor")
            )
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            client.get(url)
        with CaptureQueriesContext(connection) as one:
            client.get(made.get_absolute_url())
        counted.append((len(caught), len(one)))
    assert len({lists for lists, _ in counted}) == 1
    assert len({pages for _, pages in counted}) == 1
    assert counted[0][0] <= 20


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
