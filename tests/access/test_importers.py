"""Foreign formats: each sample with its outcome, facets by their schemas, files as streams."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from access import rows, services
from access.importers import FORMATS, facets, native
from access.management.commands import ingest_events
from access.models import AccessEvent, EventBatch, Grant
from access.rows import BadRow
from tests.scenarios import access as scenario
from tests.scenarios.world import World


def read(name: str, data: bytes | dict[str, Any]) -> list[Any]:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return list(FORMATS[name](io.BytesIO(body)))


def code(raw: Any) -> str:
    """Why the row would be refused; empty where it would be kept."""
    try:
        received = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
        rows.read(0, raw, source="s", received_at=received)
    except BadRow as bad:
        return bad.code
    return ""


# --- OpenLineage

SAMPLES = {
    "client/python/tests/example_full_event.json": ["person", "person"],
    "client/python/tests/serde_example_dataset_event.json": ["no_run"],
    "client/python/tests/serde_example_job_event.json": ["no_run"],
    "client/python/tests/serde_example_run_event.json": ["no_zone"],
    "proxy/fluentd/docker/test-complete.json": ["person", "person"],
    "proxy/fluentd/docker/test-start.json": ["person", "person"],
    "proxy/fluentd/events/event_full.json": ["facet"],
    "proxy/fluentd/events/event_invalid_dataset_facet.json": ["facet"],
    "proxy/fluentd/events/event_invalid_input_dataset_facet.json": ["facet"],
    "proxy/fluentd/events/event_invalid_job_facet.json": ["facet"],
    "proxy/fluentd/events/event_invalid_output_dataset_facet.json": ["facet"],
    "proxy/fluentd/events/event_invalid_run_facet.json": ["facet"],
    "proxy/fluentd/events/event_no_run_id.json": ["no_run"],
    "proxy/fluentd/events/event_simple.json": ["person", "person", "person"],
    "spec/tests/example_full_event.json": ["person"],
}
"""What becomes of each act of each sample; those that name nobody lack a person alone."""


def test_every_openlineage_sample_has_its_outcome(shared_data: Path) -> None:
    folder = shared_data / "openlineage"
    found = {
        path.relative_to(folder).as_posix(): [
            code(row) for row in read("openlineage", path.read_bytes())
        ]
        for path in sorted(folder.rglob("*.json"))
        if "eventTime" in path.read_text()
        and "/spec/facets/" not in path.as_posix()
        and path.name != "OpenLineage.json"
    }
    assert found == SAMPLES


def test_every_facet_sample_of_the_specification_is_right(shared_data: Path) -> None:
    checked = 0
    for path in sorted((shared_data / "openlineage" / "spec" / "tests").glob("*Facet/*.json")):
        for key, facet in json.loads(path.read_text()).items():
            known = [schema for (_, name), schema in facets._schemas().items() if name == key]
            assert known, path
            assert any(schema.is_valid({key: facet}) for schema in known), path
            checked += 1
    assert checked == 44


def lineage(state: str = "START", **values: Any) -> dict[str, Any]:
    run = {"runId": "69f4acab-b87d-4fc0-b27b-8ea950370ff3", "facets": {}}
    run["facets"] = {"fellowship": {"_producer": "x", "_schemaURL": "x", "person": "lea@x.org"}}
    return {
        "eventType": state,
        "eventTime": "2026-11-03T10:53:52.427343999Z",
        "run": run,
        "job": {"namespace": "n", "name": "j"},
        "inputs": [{"namespace": "n", "name": "données-😀"}],
        "outputs": [{"namespace": "n", "name": "out"}],
        "producer": "x",
        "schemaURL": "x",
        **values,
    }


def test_a_pair_of_start_and_complete_is_one_act_for_each_dataset() -> None:
    pair = [lineage(), lineage("COMPLETE", outputs=[{"namespace": "n", "name": "late"}])]
    lines = "\n".join(map(json.dumps, pair)).encode()
    for body in (lines, json.dumps(pair).encode()):
        found = read("openlineage", body)
        assert [(r["dataset"], r["details"]["state"]) for r in found] == [
            ("données-😀", "START"),
            ("out", "START"),
            ("late", "COMPLETE"),
        ]
    apart = [read("openlineage", one)[0] for one in pair]
    assert len({row["id"] for row in apart}) == 2
    assert [code(row) for row in apart] == ["", ""], "nanoseconds are cut to microseconds"


def test_one_event_over_many_lines_is_read() -> None:
    assert len(read("openlineage", json.dumps(lineage(), indent=2).encode())) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"eventTime": "2026-11-03T10:53:52"}, "no_zone"),
        ({"eventTime": None}, "at"),
        ({"eventType": "PAUSE"}, "state"),
        ({"run": {"runId": 7}}, "no_run"),
        ({"run": "x"}, "no_run"),
        ({"job": {"facets": {"sql": {"_producer": "x", "_schemaURL": "x", "query": 7}}}}, "facet"),
        ({"job": {"facets": {"mine": {"_producer": "x"}}}}, "facet"),
        ({"job": {"facets": {"mine": 7}}}, "facet"),
        ({"job": {"facets": [1]}}, "facet"),
        ({"job": {"facets": {"sql": {"_producer": "x", "_schemaURL": "x", "_deleted": True}}}}, ""),
        ({"inputs": 7}, ""),
        ({"inputs": [7, {"namespace": "n", "name": "x" * 300}]}, "dataset"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(values: dict[str, Any], expected: str) -> None:
    assert code(read("openlineage", lineage(**values))[0]) == expected


def test_ids_too_long_are_told_apart_by_their_hash() -> None:
    named = [{"namespace": "n" * 190, "name": f"t{n}"} for n in range(2)]
    found = read("openlineage", lineage(inputs=named, outputs=[]))
    assert len({row["id"] for row in found}) == 2
    assert all(len(row["id"]) <= 200 for row in found)


# --- Inspect

LOGS = {
    "analysis/test_logs/2025-05-12T20-28-13-04-00_no-samples.json": (1, 1, 198),
    "analysis/test_logs/2025-05-12T20-28-26-04-00_security-guide.json": (1, 6, 1992),
    "analysis/test_logs_choices/mmlu-summary-choices.eval": (1, 1, 156),
    "log/test_eval_log/log_formats.json": (1, 1, 68),
    "log/test_eval_log/log_read_sample.eval": (1, 1, 69),
    "log/test_eval_log/log_streaming.eval": (1, 4, 258),
    "log/test_list_logs/2024-11-05T13-31-45-05-00_input-task_8zXjbRzCWrL9GXiXo2vus9.json": (
        1,
        2,
        463,
    ),
    "log/test_list_logs/custom.eval": (1, 2, 489),
    "scorer/logs/2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval": (1, 10, 640),
}
"""Acts of code, model calls, tokens of all calls."""


def test_every_inspect_sample_is_read(shared_data: Path) -> None:
    folder = shared_data / "inspect-logs" / "tests"
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".eval")):
        acts = read("inspect", path.read_bytes())
        calls = [a for a in acts if a["kind"] == "model_call"]
        tokens = sum(a["details"]["tokens"] for a in calls)
        found[path.relative_to(folder).as_posix()] = (len(acts) - len(calls), len(calls), tokens)
        assert len({a["id"] for a in acts}) == len(acts)
        assert {code({**a, "person": "lea"}) for a in acts} == {""}
    assert found == LOGS


def inspect_log(*events: dict[str, Any]) -> dict[str, Any]:
    sample = {"id": 1, "epoch": 1, "events": list(events)}
    evaluation = {
        "eval_id": "e1",
        "created": "2026-11-03T10:00:00Z",
        "metadata": {"person": "lea@x.org"},
        "dataset": {"name": "refusal-logs", "samples": 3},
    }
    return {"status": "success", "eval": evaluation, "samples": [sample]}


def test_tools_and_the_sandbox_are_acts_of_code() -> None:
    at = {"timestamp": "2026-11-03T10:00:01Z"}
    found = read(
        "inspect",
        inspect_log(
            {**at, "event": "tool", "function": "bash", "error": {"type": "timeout"}},
            {**at, "event": "sandbox", "action": "exec", "cmd": "ls /data"},
            {**at, "event": "model", "model": "m", "output": {"usage": {"total_tokens": 7}}},
            {**at, "event": "state"},
        ),
    )
    assert [row["details"] for row in found[1:]] == [
        {"sample": "1:1", "tool": "bash", "failed": True},
        {"sample": "1:1", "sandbox": "exec", "command": "ls /data"},
        {"sample": "1:1", "model": "m", "tokens": 7},
    ]
    assert {row["person"] for row in found} == {"lea@x.org"}


def test_a_log_cut_short_and_a_broken_sample_lose_nothing_else() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("_journal/start.json", json.dumps({"eval": inspect_log()["eval"]}))
        archive.writestr("samples/1_epoch_1.json", "{")
    found = read("inspect", held.getvalue())
    assert found[0]["details"]["status"] == "started"
    assert [row.code for row in found[1:]] == ["sample"]


@pytest.mark.parametrize("data", [b"{}", b"[]", b"nope", b"PK\x03\x04nope", b""])
def test_what_is_no_log_is_said(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an Inspect log"):
        read("inspect", data)


# --- files


def command(capsys: pytest.CaptureFixture[str], path: Path, *args: str) -> str:
    call_command("ingest_events", str(path), *args)
    return capsys.readouterr().out.strip()


def lines(grant: Grant, count: int) -> bytes:
    return b"\n".join(json.dumps(scenario.event(grant, n)).encode() for n in range(count))


def test_lines_are_read_as_they_come_and_long_ones_cut() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, into: Any) -> int:
            line = b'{"id": 1}\n'
            into[: len(line)] = line
            self.given += 1
            return len(line)

    raw = Endless()
    rows_read = native.stream(io.BufferedReader(raw, 64))
    assert [next(rows_read) for _ in range(3)] == [{"id": 1}] * 3
    assert raw.given < 50
    long = b'{"id": 1}\n{"id": "' + b"x" * 3_000_000 + b'"}\n{"id": 2}'
    assert read("native", long) == [{"id": 1}, native.LINE_TOO_LONG, {"id": 2}]
    assert read("native", b"\n \n[1, 2]") == [1, 2]
    assert read("native", b"") == []


def test_a_file_ended_midway_goes_on_where_it_was(
    world: World,
    grant: Grant,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest_events, "BATCH", 10)
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress(lines(grant, 35)))
    done: list[int] = []

    def killed(**values: Any) -> Any:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return services.ingest(**values)

    options = ("--program", world.program.slug)
    monkeypatch.setattr(ingest_events, "ingest", killed)
    with pytest.raises(KeyboardInterrupt):
        command(capsys, path, *options)
    assert AccessEvent.objects.count() == 20
    monkeypatch.setattr(ingest_events, "ingest", services.ingest)
    said = command(capsys, path, *options)
    assert said == "accepted 15, out of scope 0, duplicate 20, refused 0"
    assert (AccessEvent.objects.count(), EventBatch.objects.count()) == (35, 4)


def test_many_refused_rows_are_counted_and_the_first_are_named(
    world: World, grant: Grant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"nope\n" * 120 + lines(grant, 1))
    call_command("ingest_events", str(path), "--program", world.program.slug)
    told = capsys.readouterr()
    assert told.out.strip() == "accepted 1, out of scope 0, duplicate 0, refused 120"
    assert told.err.splitlines()[-1] == "and 70 more"
    assert len(told.err.splitlines()) == 51


def test_a_broken_gzip_is_said(world: World, tmp_path: Path) -> None:
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(b"{}\n" * 100)[:-9])
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("ingest_events", str(path), "--program", world.program.slug)
