"""What a machine can tell of an output against the limits. It finds; it never lets anything pass.

A check that found nothing says so and no more: the reviewers decide. No value of the file stands in
what is found, for it is kept with the record.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from access.criteria import Limits
from access.outputs import identifiers, kinds, tables
from access.outputs.tables import Table
from access.release_states import CheckResult, Criterion, OutputKind
from fellowship.kernel import saying
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import begun, joined, say
from fellowship.kernel.worded import IN_WORDS

PASSED, FAILED, UNKNOWN = CheckResult.PASSED, CheckResult.FAILED, CheckResult.UNKNOWN
_RECORD_COLUMNS: Final = frozenset(
    {"id", "uuid", "user", "user_id", "person_id", "session_id", "record_id", "conversation_id"}
)
_FEW: Final = 5
"""Rows below which a column of distinct names is no list of records."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found for one criterion, in words; `earlier` names a release it was found beside."""

    criterion: str
    result: str
    detail: str
    earlier: str = ""

    def stored(self) -> dict[str, Any]:
        """As the record keeps it: in English, the words of what was found beside it."""
        return {**asdict(self), IN_WORDS: saying.pack(self.detail)}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Check:
        """As it was stored; what was found says itself, where its words were kept."""
        values = {name: value for name, value in kept.items() if name != IN_WORDS}
        return cls(**{**values, "detail": saying.unpacked(kept.get(IN_WORDS)) or kept["detail"]})


@dataclass(frozen=True, slots=True)
class File:
    """An output as it is looked into: its name, kind, bytes, what was declared, its tables."""

    name: str
    kind: str
    body: bytes
    declared: Mapping[str, Any]
    tables: tuple[Table, ...] = ()
    unreadable: str = ""

    @classmethod
    def of(cls, name: str, kind: str, body: bytes, declared: Mapping[str, Any]) -> File:
        """With its tables, where it has any."""
        try:
            found = tuple(tables.read(name, body))
        except tables.Unreadable as error:
            return cls(name, kind, body, declared, unreadable=str(error))
        return cls(name, kind, body, declared, found)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text in it, with the name of the file in an archive."""
        if kinds.ending(self.name) == "zip":
            with zipfile.ZipFile(io.BytesIO(self.body)) as archive:
                for info in archive.infolist():
                    if not info.is_dir() and kinds.ending(info.filename) in kinds.PLAIN:
                        yield (
                            info.filename,
                            kinds.unpacked(self.body, info.filename).decode("utf-8-sig", "replace"),
                        )
        elif kinds.ending(self.name) == "xlsx":
            for table in self.tables:
                rows = (table.columns, *table.rows)
                yield table.name, "\n".join("\t".join(row) for row in rows)
        elif (kind := kinds.PLAIN.get(kinds.ending(self.name))) and kind.text:
            yield "", self.body.decode("utf-8-sig", "replace")


def acceptable(file: File) -> None:
    """Raise Refused for what a reviewer could not judge, or a reader's machine would run."""
    if file.kind == OutputKind.TABLE and (file.unreadable or not file.tables):
        why = f" ({file.unreadable})" if file.unreadable else ""
        reason = say("“{name}” cannot be read as a table{why}.", name=file.name, why=why)
        refuse(Refusal("file_table", reason, rule=kinds.RULE, field="file"))
    for table in file.tables:
        row = tables.formula(table)
        if row is not None:
            where = say("heading") if row == 0 else say("row {row}", row=row)
            sheet = say(" of sheet {name}", name=table.name) if table.name else ""
            reason = say(
                "The {where}{sheet} holds a formula. Save its values instead.",
                where=where,
                sheet=sheet,
            )
            refuse(Refusal("file_formula", reason, rule=kinds.RULE, field="file"))
    known = {column for table in file.tables for column in table.columns}
    for column in file.declared.get("count_columns", ()):
        if file.kind == OutputKind.TABLE and column not in known:
            reason = say("“{name}” has no column “{column}”.", name=file.name, column=column)
            refuse(Refusal("unknown_column", reason, field="count_columns"))


def run(file: File, limits: Limits) -> list[Check]:
    """What a machine can tell of the criteria that need neither an earlier release nor a mind."""
    asked = limits.asked()
    found = []
    if Criterion.SMALLEST_GROUP in asked:
        found.append(_groups(file, limits))
    if Criterion.RECORDS in asked:
        found.append(_records(file, limits))
    if Criterion.IDENTIFIERS in asked:
        found.append(_identifiers(file))
    return found


def _groups(file: File, limits: Limits) -> Check:
    least, key = limits.smallest_group, Criterion.SMALLEST_GROUP
    declared = file.declared.get("smallest_group")
    if isinstance(declared, int) and declared < least:
        return Check(
            key,
            FAILED,
            say(
                "You declare a group of {declared}; the least is {least}.",
                declared=declared,
                least=least,
            ),
        )
    said = (
        say(" Declared: no group below {declared}.", declared=declared)
        if isinstance(declared, int)
        else ""
    )
    if not file.tables or file.kind != OutputKind.TABLE:
        return Check(key, UNKNOWN, say("Counts in it are read by the reviewers.{said}", said=said))
    counted, small = [], []
    for table in file.tables:
        for column in table.counting(file.declared.get("count_columns", ())):
            counted.append(column)
            rows = [number for number, value in table.numbers(column) if 0 < value < least]
            if rows:
                many = (
                    say("1 row")
                    if len(rows) == 1
                    else say("{n} rows, the first being", n=len(rows))
                )
                small.append(
                    say(
                        "“{column}” is below {least} in {many} {row}",
                        column=column[:60],
                        least=least,
                        many=many,
                        row=_row(rows[0], table),
                    )
                )
    if small:
        return Check(key, FAILED, joined("", (joined("; ", small[:_FEW]), ".")))
    if not counted:
        text = say("No column that counts is declared or recognised by its name.{said}", said=said)
        return Check(key, UNKNOWN, text)
    names = joined(", ", (say("“{name}”", name=column[:60]) for column in dict.fromkeys(counted)))
    return Check(
        key,
        PASSED,
        say("No count below {least} in {names}.{said}", least=least, names=names, said=said),
    )


def _row(number: int, table: Table) -> str:
    return say(
        "(row {number}{more})",
        number=number,
        more=say(" of sheet {name}", name=table.name) if table.name else "",
    )


def _records(file: File, limits: Limits) -> Check:
    key = Criterion.RECORDS
    if kinds.ending(file.name) == "ipynb":
        return _notebook(file)
    if not file.tables:
        return Check(key, UNKNOWN, say("Whether it shows records is read by the reviewers."))
    for table in file.tables:
        rows = len(table.rows)
        if rows >= limits.record_rows:
            text = say(
                "It has {rows:,} rows; from {record_rows:,} on a table may be records.",
                rows=rows,
                record_rows=limits.record_rows,
            )
            return Check(key, FAILED, text)
        for place, column in enumerate(table.columns):
            values = [row[place] for row in table.rows if place < len(row)]
            known = column.strip().lower() in _RECORD_COLUMNS
            if known and rows > _FEW and len(set(values)) == rows:
                text = say(
                    "“{column}” is different in each row: each may be one record.", column=column
                )
                return Check(key, FAILED, text)
    most = max(len(table.rows) for table in file.tables)
    return Check(key, PASSED, say("{most:,} rows, and no column that names records.", most=most))


def _notebook(file: File) -> Check:
    try:
        cells = json.loads(file.body.decode("utf-8-sig")).get("cells", [])
        shown = sum(bool(cell.get("outputs")) for cell in cells)
    except (AttributeError, TypeError, ValueError):
        return Check(Criterion.RECORDS, UNKNOWN, say("It is no notebook a machine can read."))
    if not shown:
        return Check(Criterion.RECORDS, PASSED, say("No cell keeps an output."))
    cells_words = (
        say("1 cell keeps its output")
        if shown == 1
        else say("{shown} cells keep their outputs", shown=shown)
    )
    return Check(
        Criterion.RECORDS, FAILED, say("{cells_words}: clear them.", cells_words=cells_words)
    )


def _identifiers(file: File) -> Check:
    key, found, looked = Criterion.IDENTIFIERS, [], False
    for name, text in file.texts():
        looked = True
        where = say(" of {name}", name=name[:80]) if name else ""
        found += [joined("", (str(one), where)) for one in identifiers.find(text)]
    if found:
        listed = begun(joined("; ", found[:_FEW]))
        return Check(key, FAILED, joined("", (listed, ".")))
    if not looked:
        return Check(key, UNKNOWN, say("A machine cannot read what it shows; the reviewers do."))
    text = say("No e-mail address, telephone, card or account number, and no secret key.")
    return Check(key, PASSED, text)
