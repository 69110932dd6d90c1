"""What a machine tells of files that are to leave."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from access.criteria import Limits, of_tiers
from access.models import Grant, Output, Release
from access.outputs import comparing, identifiers, kinds, tables
from access.outputs.checks import File, run
from fellowship.kernel.refusals import Refused
from governance.rules import in_force
from governance.states import RuleKind
from tests.scenarios import releases as scenario
from tests.scenarios.world import World

CARD = "4111 1111 1111 1111"


def limits(**values: Any) -> Limits:
    defaults: dict[str, Any] = {
        "tiers": ("restricted",),
        "kinds": ("table", "figure", "code", "text"),
        "largest_bytes": 5_000_000,
        "smallest_group": 10,
        "record_rows": 200,
        "identifiers_leave": False,
        "rule": "Data handling standard v1",
    }
    return Limits(**{**defaults, **values})


def found(name: str, body: bytes, kind: str = "table", **declared: Any) -> dict[str, str]:
    checks = run(File.of(name, kind, body, declared), limits())
    return {check.criterion: f"{check.result}: {check.detail}" for check in checks}


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(Refused) as error:
        call()
    return error.value.refusal.code, error.value.refusal.reason


def book(rows: list[list[Any]]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Counts")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return made.getvalue()


def packed(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), body)
    return made.getvalue()


@pytest.mark.parametrize(
    ("rows", "declared", "said"),
    [
        (b"turn,n\n5,10\n20,400\n", {}, "passed: No count below 10 in “n”."),
        (
            b"turn,n\n5,9\n20,400\n40,3\n",
            {},
            "failed: “n” is below 10 in 2 rows, the first being (row 1).",
        ),
        (b"turn,n\n5,0\n20,400\n", {}, "passed: No count below 10 in “n”."),
        (b'turn,n\n5,"1,204"\n', {}, "passed: No count below 10 in “n”."),
        (
            b"turn,share\n5,0.4\n",
            {},
            "unknown: No column that counts is declared or recognised by its name.",
        ),
        (
            b"turn,refused\n5,4\n",
            {"count_columns": ["refused"]},
            "failed: “refused” is below 10 in 1 row (row 1).",
        ),
        (
            b"turn,n\n5,40\n",
            {"smallest_group": 4},
            "failed: You declare a group of 4; the least is 10.",
        ),
        (
            b"turn,n\n5,40\n",
            {"smallest_group": 40},
            "passed: No count below 10 in “n”. Declared: no group below 40.",
        ),
    ],
)
def test_small_counts_are_found(rows: bytes, declared: dict[str, Any], said: str) -> None:
    assert found("t.csv", rows, **declared)["smallest_group"] == said


def test_the_same_table_is_read_alike_whatever_holds_it() -> None:
    rows = [["language", "n"], ["en", 41], ["dé", 4]]
    as_csv = "\n".join(",".join(map(str, row)) for row in rows).encode()
    as_tsv = as_csv.replace(b",", b"\t")
    as_json = json.dumps([{"language": a, "n": b} for a, b in rows[1:]]).encode()
    read = {
        name: tables.read(name, body)[0].rows
        for name, body in (
            ("a.csv", as_csv),
            ("a.csv", b"\xef\xbb\xbf" + as_csv),
            ("a.tsv", as_tsv),
            ("a.json", as_json),
            ("a.xlsx", book(rows)),
        )
    }
    assert set(read.values()) == {(("en", "41"), ("dé", "4"))}


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+A1", "-cmd|' /C calc'!A0", "=HYPERLINK(1)"])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(grant: Grant, cell: str) -> None:
    request = scenario.asked(grant)
    body = f'turn,n\n"{cell}",20\n'.encode()
    code, reason = refused(lambda: scenario.output(request, file=scenario.file("a.csv", body)))
    assert (code, reason) == (
        "file_formula",
        "The row 1 holds a formula. Save its values instead.",
    )


def test_numbers_with_signs_are_no_formulas() -> None:
    table = tables.read("a.csv", b"change,n\n-4.2,20\n+3%,30\n- none,40\n")[0]
    assert tables.formula(table) is None


def test_a_formula_in_a_workbook_is_refused(grant: Grant) -> None:
    request = scenario.asked(grant)
    body = book([["n"], [20], ["=SUM(A2:A2)"]])
    code, _ = refused(lambda: scenario.output(request, file=scenario.file("a.xlsx", body)))
    assert code == "file_formula"


def test_rows_that_look_like_records_are_found() -> None:
    many = b"turn,n\n" + b"5,20\n" * 200
    text = "failed: It has 200 rows; from 200 on a table may be records."
    assert found("a.csv", many)["records"] == text
    named = b"user_id,n\n" + b"".join(b"u%d,20\n" % n for n in range(9))
    text = "failed: “user_id” is different in each row: each may be one record."
    assert found("a.csv", named)["records"] == text
    notebook = json.dumps({"cells": [{"outputs": [{}]}, {"outputs": []}]}).encode()
    text = "failed: 1 cell keeps its output: clear them."
    assert found("a.ipynb", notebook, "code")["records"] == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("write to ada.lovelace@example.org", "an e-mail address, in line 1"),
        ("a\nb +44 20 7946 0958", "a telephone number, in line 2"),
        (f"card {CARD}", "a card number, in line 1"),
        ("GB29 NWBK 6016 1331 9268 19", "an IBAN, in line 1"),
        ("key AKIAIOSFODNN7EXAMPLE", "a secret key, in line 1"),
        ("x@y.org\nz@y.org", "2 e-mail addresses, the first in line 1"),
    ],
)
def test_identifiers_are_found_and_not_repeated(text: str, what: str) -> None:
    assert [str(one) for one in identifiers.find(text)] == [what]


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1112", "0.0000000000000001", "v1.2.3", "2026-11-26T04:57:05", "a@b"]
)
def test_what_names_nobody_is_left_alone(text: str) -> None:
    assert identifiers.find(text) == []


def test_no_value_of_a_file_stands_in_what_is_kept(grant: Grant) -> None:
    request = scenario.asked(grant)
    body = b"language,n\nzebra@example.org,3\n"
    output = scenario.output(request, file=scenario.file("a.csv", body))
    kept = json.dumps(output.checks)
    assert output.checks[2]["result"] == "failed"
    assert "zebra" not in kept


# --- kinds and sizes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body", "kind", "code"),
    [
        ("a.csv", b"", "table", "file_empty"),
        ("a.csv", b"x" * 5_000_001, "table", "file_too_large"),
        ("a.csv", b"\x00\x01\x02", "table", "file_content"),
        ("a.csv", b"\xff\xfe\x00a", "table", "file_content"),
        ("a.exe", b"MZ", "code", "file_kind"),
        ("a.svg", b"<svg onload='x'/>", "figure", "file_kind"),
        ("a.html", b"<script>", "text", "file_kind"),
        ("a.png", b"turn,n\n5,20\n", "figure", "file_content"),
        ("a.csv", b"turn,n\n5,20\n", "figure", "file_kind"),
        ("a.safetensors", b"x", "model", "kind_stays"),
        ("a.zip", b"PK\x03\x04", "code", "file_kind"),
        ("a.zip", packed(a_dot_exe=b"MZ"), "code", "file_kind"),
        ("a.zip", packed(a_dot_zip=packed(a_dot_py=b"x = 1")), "code", "file_kind"),
        ("a.zip", packed(___dot__dot__a_dot_py=b"x = 1"), "code", "file_kind"),
        ("a.xlsx", packed(a_dot_py=b"x = 1"), "table", "file_kind"),
        ("a.json", b'{"a": 1}', "table", "file_table"),
        ("..", b"turn,n\n5,20\n", "table", "file_name"),
    ],
)
def test_what_cannot_be_judged_does_not_come_in(
    grant: Grant, name: str, body: bytes, kind: str, code: str
) -> None:
    request = scenario.asked(grant)
    upload = scenario.file("x", body)
    upload.name = name
    got, reason = refused(lambda: scenario.output(request, file=upload, kind=kind))
    assert got == code, reason
    assert not Output.objects.exists()


def test_an_archive_is_listed_and_each_file_looked_through() -> None:
    body = packed(src__fit_dot_py=b"x = 1\n", notes_dot_md=b"write to a@example.org\n")
    assert [e.name for e in kinds.entries("a.zip", body)] == ["src/fit.py", "notes.md"]
    text = "failed: An e-mail address, in line 1 of notes.md."
    assert found("a.zip", body, "code")["identifiers"] == text


def test_the_same_file_twice_is_one_and_under_another_name_is_refused(grant: Grant) -> None:
    request = scenario.asked(grant)
    first = scenario.output(request)
    assert scenario.output(request) == first
    again = scenario.file("other.csv")
    assert refused(lambda: scenario.output(request, file=again))[0] == "file_there"
    other = scenario.file(body=b"turn,n\n5,99\n")
    assert refused(lambda: scenario.output(request, file=other))[0] == "file_name_taken"
    assert Output.objects.count() == 1


# --- limits -----------------------------------------------------------------------------------


def test_where_tiers_meet_the_strictest_of_each_limit_counts(world: World) -> None:
    rule = in_force(world.program, RuleKind.DATA_HANDLING)
    both = of_tiers(rule, ["public", "highly_restricted"])
    alone = of_tiers(rule, ["highly_restricted"])
    assert (both.smallest_group, both.largest_bytes, both.record_rows, both.kinds) == (
        alone.smallest_group,
        alone.largest_bytes,
        alone.record_rows,
        alone.kinds,
    )
    assert (alone.smallest_group, alone.identifiers_leave) == (20, False)
    assert of_tiers(rule, []).tiers == ("highly_restricted",), "unknown is the strictest"
    assert [c.value for c in of_tiers(rule, ["public"]).asked()] == ["purpose"]


# --- earlier releases -------------------------------------------------------------------------


def test_small_differences_to_an_earlier_release_are_a_risk(world: World, grant: Grant) -> None:
    first = scenario.released(world, grant, count_columns=["refusals", "n"])
    request = scenario.asked(grant, title="Again")
    close = b"turn,language,refusals,n\n5,en,44,120\n5,de,18,64\n20,en,23,118\n"
    output = scenario.output(request, file=scenario.file("later.csv", close))
    check = output.checks[-1]
    assert (check["criterion"], check["result"], check["earlier"]) == (
        "differencing",
        "failed",
        first.ref,
    )
    assert check["detail"].startswith("1 count differs by less than 10 from an earlier release")
    far = b"turn,language,refusals,n\n5,en,89,240\n5,de,40,164\n"
    output = scenario.output(request, file=scenario.file("far.csv", far))
    assert output.checks[-1]["result"] == "passed"
    same = scenario.output(request)
    beside = comparing.compare(same, Release.objects.select_related("request", "output"), 10)
    assert [(one.words, one.risk) for one in beside] == [
        ("The same bytes were released before.", False)
    ]


def test_texts_are_compared_line_by_line(world: World, grant: Grant) -> None:
    note = scenario.file("note.md", b"Refusals fall.\nSlowly.\n")
    scenario.released(world, grant, file=note, kind="text")
    request = scenario.asked(grant, title="Again")
    later = scenario.file("note.md", b"Refusals fall.\nFast.\n")
    output = scenario.output(request, file=later, kind="text")
    beside = comparing.compare(output, Release.objects.select_related("request", "output"), 10)
    assert beside[0].difference.splitlines()[-2:] == ["-Slowly.", "+Fast."]
