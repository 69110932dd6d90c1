"""Files of findings: every real file goes in or is refused with a reason; hostile ones are never
a server error; what is known is found, with the rule by which it was."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fellowship.clocks.models import Clock
from fellowship.history.models import Event
from fellowship.kernel import blobs, journal, saying
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from findings import services
from findings.importing import FORMATS, Candidate, Parsed, Unreadable
from findings.importing.matching import index
from findings.models import Artifact, Finding, FindingImport, ImportRow
from scoping.models import Fellowship
from tests.governance.test_board_race import at_once
from tests.scenarios import findings as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World, make_world

FOLDERS = {
    "sarif": ("sarif/samples", "*.sarif"),
    "avid": ("avid", "AVID-*.json"),
    "inspect": ("inspect-logs/tests", "*.*"),
    "garak": ("garak/tests", "*.jsonl"),
}
COUNTS = {
    # files, files refused as a whole, rows that are findings, rows refused
    "sarif": (30, 8, 51, 4),
    "avid": (86, 0, 86, 0),
    "inspect": (9, 1, 4, 4),
    "garak": (3, 0, 1, 3),
}


def real(folder: Path, file_format: str) -> list[Path]:
    where, pattern = FOLDERS[file_format]
    return sorted(path for path in (folder / where).rglob(pattern) if path.is_file())


def read(file_format: str, data: bytes) -> Parsed | str:
    """What a file holds, or why it is not taken."""
    try:
        return FORMATS[file_format](data)
    except Unreadable as error:
        return str(error)


@pytest.mark.parametrize("file_format", FOLDERS)
def test_every_real_file_is_read_or_refused_with_a_reason(
    shared_data: Path, file_format: str
) -> None:
    files = real(shared_data, file_format)
    taken, refused, whole = 0, 0, 0
    for path in files:
        parsed = read(file_format, path.read_bytes())
        if isinstance(parsed, str):
            assert parsed.endswith("."), path
            whole += 1
            continue
        found = [row for row in parsed.rows if isinstance(row, Candidate)]
        assert all(row.title and row.claim for row in found), path
        assert all((row.hits or 0) <= (row.trials or 0) for row in found), path
        assert all(row.reason for row in parsed.rows if not isinstance(row, Candidate)), path
        taken, refused = taken + len(found), refused + len(parsed.rows) - len(found)
    assert (len(files), whole, taken, refused) == COUNTS[file_format]


def test_calibrations_are_no_reports_and_the_one_with_nan_is_told(shared_data: Path) -> None:
    said = {}
    for path in (shared_data / "garak/garak/data/calibration").glob("*.json"):
        with pytest.raises(Unreadable) as refused:
            FORMATS["garak"](path.read_bytes())
        said[path.name] = str(refused.value)
    assert len(said) == 5
    assert all("calibration" in reason for reason in said.values())
    assert [name for name, reason in said.items() if "NaN" in reason] == [
        "calibration-alpha-202407.json"
    ]


def test_what_a_real_file_says_is_kept(shared_data: Path) -> None:
    sarif = FORMATS["sarif"]((shared_data / "sarif/samples/RuleMetadata.sarif").read_bytes())
    (row,) = sarif.rows
    assert isinstance(row, Candidate)
    assert row.title == "TUT1001: The URI '//C:/code/dev' is invalid."
    assert row.severity == "high"
    assert row.spot == "SarifSamples TUT1001 at test.json, line 15:8"
    garak = FORMATS["garak"](
        (shared_data / "garak/tests/_assets/analyze/test_with_ci.report.jsonl").read_bytes()
    )
    (row,) = garak.rows
    assert isinstance(row, Candidate)
    assert (row.hits, row.trials, row.systems) == (13, 50, (("test", ""),))
    assert "14% to 38%, by bootstrap" in row.conditions
    avid = FORMATS["avid"]((shared_data / "avid/reports/2026/AVID-2026-R0073.json").read_bytes())
    (row,) = avid.rows
    assert isinstance(row, Candidate)
    assert (row.identity, row.harm, len(row.systems)) == ("AVID-2026-R0073", "serious", 14)
    path = next((shared_data / "inspect-logs").rglob("log_streaming.eval"))
    (row,) = FORMATS["inspect"](path.read_bytes()).rows
    assert isinstance(row, Candidate)
    assert (row.hits, row.trials) == (1, 4)


def sarif(*results: dict[str, Any], **run: Any) -> bytes:
    driver = {"name": "Scan", "rules": [{"id": "R1"}]}
    whole = {"results": list(results), "tool": {"driver": driver}, **run}
    return json.dumps({"version": "2.1.0", "runs": [whole]}).encode()


def result(said: str, **values: Any) -> dict[str, Any]:
    return {"ruleId": "R1", "message": {"text": said}, **values}


def at_line(number: int, uri: str = "a.py") -> list[dict[str, Any]]:
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": number}}
    return [{"physicalLocation": place}]


def zipped(name: str, data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return made.getvalue()


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "empty": ("sarif", b"  \n", "It is empty"),
    "html": ("sarif", b"<html>", "expecting value at line 1"),
    "nan": ("sarif", b'{"runs": [NaN]}', "holds NaN"),
    "infinity": ("avid", b'{"description": {"value": -Infinity}}', "holds -Infinity"),
    "deep": ("sarif", b'{"runs": ' + b"[" * 100_000, "deeper than 200"),
    "deep objects": ("avid", b'{"a":' * 100_000, "deeper than 200"),
    "digits": ("sarif", b'{"runs": ' + b"9" * 5_000 + b"}", "limit"),
    "utf16": ("sarif", '{"runs": []}'.encode("utf-16"), "It is UTF-16"),
    "latin1": ("avid", '{"a": "é"}'.encode("latin-1"), "not UTF-8 text: byte 7"),
    "list": ("sarif", b"[]", "no “runs”"),
    "other json": ("avid", b'{"a": 1}', "no AVID report"),
    "no lines": ("garak", b'{"a": 1}\n', "entry_type"),
    "torn zip": ("inspect", b"PK\x03\x04 and nothing", "archive cannot be read"),
    "zip of nothing": ("inspect", zipped("a.txt", b"x"), "archive cannot be read"),
    "zip of no log": ("inspect", zipped("header.json", b"[]"), "no JSON object"),
    "bomb": ("inspect", zipped("header.json", b" " * 51_000_000), "larger than"),
    "many": ("sarif", sarif(*[result(str(n)) for n in range(5_001)]), "5,001 rows"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(name: str) -> None:
    file_format, data, said = HOSTILE[name]
    with pytest.raises(Unreadable, match=said):
        FORMATS[file_format](data)


def test_a_row_that_turns_the_direction_of_reading_is_refused_and_the_others_stay() -> None:
    found = FORMATS["sarif"](sarif(result("safe \u202eelif"), result("Plain\x00\ud800 text.")))
    refused, taken = found.rows
    assert "U+202E" in getattr(refused, "reason", "")
    assert isinstance(taken, Candidate)
    assert taken.title == "R1: Plain text."


def test_nonsense_in_every_place_of_a_sarif_file_is_read_as_nothing() -> None:
    whole = json.loads(sarif(result("A", locations=at_line(1), level="error", taxa=[{"id": "x"}])))

    def every(value: Any, put: Callable[[Any], None]) -> None:
        for wrong in (None, 7, "x", [], {}, [None], {"text": [1]}):
            put(wrong)
            assert read("sarif", json.dumps(whole).encode())
        put(value)

    def walk(node: Any) -> None:
        steps = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in list(steps):
            every(value, lambda wrong, key=key: node.__setitem__(key, wrong))
            if isinstance(value, (dict, list)):
                walk(value)

    walk(whole)


# --- de-duplication and services ----------------------------------------------------------------


@pytest.fixture
def case(world: World) -> Fellowship:
    return signed_fellowship(world)


def bring(case: Fellowship, data: bytes, by: Any = None, **said: Any) -> FindingImport:
    values = {"file_format": "sarif", "name": "scan.sarif", **said}
    return services.read_import(fellowship=case, data=data, by=by or case.fellow, **values)


def confirm(brought: FindingImport, by: Any = None, **said: Any) -> FindingImport:
    values = {"severity": "medium", "system": "Assistants chat", **said}
    by = by or brought.fellowship.fellow
    return services.confirm_import(brought=brought, by=by, **values)


def outcomes(brought: FindingImport) -> list[tuple[str, str]]:
    return list(brought.rows.order_by("place").values_list("outcome", "reason"))


@pytest.mark.django_db
def test_a_file_is_read_then_confirmed_and_each_finding_has_clock_history_and_event(
    case: Fellowship, world: World
) -> None:
    data = sarif(result("One", locations=at_line(1)), result("Two", locations=at_line(2)))
    brought = bring(case, data)
    assert (brought.new, Finding.objects.count(), brought.confirmed_at) == (2, 0, None)
    brought = confirm(brought)
    found = list(Finding.objects.order_by("pk"))
    assert [f.title for f in found] == ["R1: One", "R1: Two"]
    assert {f.system for f in found} == {"Assistants chat"}
    assert blobs.read(brought.sha256) == data
    assert Artifact.objects.get().sha256 == brought.sha256
    for finding in found:
        assert [e.artifact.sha256 for e in finding.evidence.all()] == [brought.sha256]
        assert Clock.objects.about(finding).open().get().due_at == finding.due_at
        assert finding.history.count() == 1
        told = Event.objects.filter(subject_type="findings.finding", subject_id=finding.pk)
        assert [event.verb for event in told] == ["findings.report"]
        assert told.get().realm_id == world.program.pk
    notice = Notice.objects.get(kind="findings.imported")
    assert notice.title == f"2 findings imported into {case.ref}"
    assert notice.recipient == world.product_owner


@pytest.mark.django_db
def test_the_same_file_twice_does_nothing_twice(case: Fellowship) -> None:
    data = sarif(result("One"))
    first = confirm(bring(case, data))
    events = Event.objects.count()
    second = confirm(bring(case, data))
    assert (first, Event.objects.count(), Finding.objects.count()) == (second, events, 1)
    assert services.outcome_of(second, again=True).duplicates == 1


@pytest.mark.django_db
def test_each_rule_of_de_duplication_says_by_what_it_found_it(case: Fellowship) -> None:
    long = "The tool runs what a document tells it to run at once"
    confirm(
        bring(
            case,
            sarif(
                result("A", fingerprints={"v1": "f00"}),
                result("B", locations=at_line(3)),
                result("C"),
                result(long),
            ),
        )
    )
    refs = {f.title: f.ref for f in Finding.objects.all()}
    again = bring(
        case,
        sarif(
            result("Other words", fingerprints={"v1": "f00"}),
            result("B again", locations=at_line(3)),
            result("B", locations=at_line(9)),
            result("C"),
            result(f"{long}!"),
            result("New", locations=at_line(4)),
            result("New", locations=at_line(4)),
        ),
    )
    ruled = f"Title alike by 100%, same technique, as {refs[f'R1: {long}']}."
    assert outcomes(again) == [
        ("duplicate", f"Same v1 f00 as {refs['R1: A']}."),
        (
            "duplicate",
            f"Same rule and place, Scan R1 at a.py, line 3, as {refs['R1: B']}.",
        ),
        ("new", ""),
        ("duplicate", f"Same title and technique as {refs['R1: C']}."),
        ("duplicate", ruled),
        ("new", ""),
        (
            "duplicate",
            "Same rule and place, Scan R1 at a.py, line 4, as row 6 of this file.",
        ),
    ]
    with saying.override("de"):
        first, last = again.rows.get(place=1), again.rows.get(place=5)
        assert str(first.reason) == f"Gleich in v1 f00 wie {refs['R1: A']}."
        alike = "Titel zu 100% ähnlich, gleich in Technik, wie"
        assert str(last.reason) == f"{alike} {refs[f'R1: {long}']}."
    confirm(again)
    repeated = again.rows.get(place=7)
    assert repeated.finding == again.rows.get(place=6).finding


@pytest.mark.django_db
def test_an_import_tells_nobody_of_findings_of_others(world: World, case: Fellowship) -> None:
    mine = Candidate("Refusals decay after 40 turns", "…", technique="AML.T0054")
    mine = dataclasses.replace(mine, systems=(("Assistants chat", ""),))
    scenario.reported(world, case)
    assert index(case, [mine], case.fellow).find(mine) is not None
    assert index(case, [mine], journal.System("import_findings")).find(mine) is not None
    assert index(case, [mine], world.stranger).find(mine) is None


@pytest.mark.django_db
def test_rows_are_left_out_and_reported_all_the_same_before_it_is_confirmed(
    world: World, case: Fellowship
) -> None:
    confirm(bring(case, sarif(result("Known"))))
    brought = bring(case, sarif(result("Known"), result("Unwanted"), result("Wanted")))
    known, unwanted, _ = brought.rows.order_by("place")
    for row in (known, unwanted):
        row.belongs_to = brought
    with pytest.raises(Refused) as refused:
        services.mark_row(row=known, mark="report", by=world.manager)
    assert refused.value.refusal.code == "not_yours"
    services.mark_row(row=known, mark="report", by=case.fellow)
    services.mark_row(row=unwanted, mark="leave", by=case.fellow)
    done = confirm(brought)
    assert (done.new, done.duplicates, done.refused) == (2, 0, 1)
    assert Finding.objects.filter(title="R1: Known").count() == 2
    with pytest.raises(Refused, match="This import is confirmed"):
        services.mark_row(row=unwanted, mark="judge", by=case.fellow)


@pytest.mark.django_db
def test_what_the_file_does_not_say_is_asked_of_the_person(
    case: Fellowship, shared_data: Path
) -> None:
    path = shared_data / "garak/tests/_assets/analyze/test_with_ci.report.jsonl"
    brought = bring(case, path.read_bytes(), file_format="garak", name=path.name)
    with pytest.raises(Refused) as refused:
        confirm(brought, severity="")
    assert refused.value.refusal.field == "severity"
    confirm(brought, severity="high")
    finding = Finding.objects.get()
    assert (finding.hits, finding.trials, finding.system) == (13, 50, "test")
    assert "Chosen for the whole file" in finding.severity_reason


@pytest.mark.django_db
def test_only_the_fellow_brings_files(world: World, case: Fellowship) -> None:
    for person in (world.manager, world.product_owner, world.mentor):
        with pytest.raises(Refused) as refused:
            bring(case, sarif(result("One")), by=person)
        assert refused.value.refusal.code == "not_yours"
    assert not FindingImport.objects.exists()


@pytest.mark.django_db
def test_queries_of_an_import_grow_with_batches_not_with_rows(case: Fellowship) -> None:
    counts = []
    for size in (3, 300):
        found = [result(f"Row {n} of {size}", locations=at_line(n, str(size))) for n in range(size)]
        brought = bring(case, sarif(*found))
        with CaptureQueriesContext(connection) as caught:
            confirm(brought)
        counts.append(len(caught))
    assert Finding.objects.count() == 303
    assert counts[1] <= counts[0] + 12, counts


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_same_file_brought_and_confirmed_twice_at_once_is_one_import() -> None:
    case = signed_fellowship(make_world("-import"))
    data = sarif(result("One"), result("Two"))

    def both() -> Any:
        return confirm(bring(case, data)).pk

    done = at_once(both, both)
    assert not [one for one in done if isinstance(one, Exception)], done
    assert len(set(done)) == 1
    assert (FindingImport.objects.count(), Finding.objects.count()) == (1, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("file_format", FOLDERS)
def test_the_command_takes_all_real_files_and_says_how_many(
    case: Fellowship, world: World, shared_data: Path, file_format: str, capsys: Any
) -> None:
    files = [str(path) for path in real(shared_data, file_format)]
    args = (*files, "--format", file_format, "--program", world.program.slug)
    call_command("import_findings", *args)
    out, err = capsys.readouterr()
    _, whole, taken, refused = COUNTS[file_format]
    last = out.splitlines()[-1]
    made = Finding.objects.count()
    assert last == f"new {made}, duplicate {taken - made}, refused {whole + refused}"
    assert ImportRow.objects.filter(outcome="duplicate").count() == taken - made
    reasons = [line for line in err.splitlines() if ": note: " not in line]
    assert len(reasons) == whole + refused
    call_command("import_findings", *files[:9], *args[len(files) :])
    out, _ = capsys.readouterr()
    assert out.splitlines()[-1].startswith("new 0, duplicate ")
    assert Finding.objects.count() == made
