"""Findings and controls as tables in fixed columns: CSV, XLSX and JSON Lines.

The columns and their order change only with VERSION, which the files' names carry; docs/api.md says
what each means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final

from fellowship.accounts.models import Actor
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.sheets import tables, writers
from fellowship.web.sheets.columns import Column
from findings import embargoes
from findings.models import FindingQuerySet

VERSION: Final = 1
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl",
}
FINDINGS: Final = (
    Column("ref", "text", say("Reference of the finding."), "ref"),
    Column("program", "text", say("Short name of the programme."), "program__realm__slug"),
    Column(
        "fellowship", "text", say("Reference of the fellowship it comes from."), "fellowship__ref"
    ),
    Column("title", "text", say("The finding in one line."), "title"),
    Column("system", "text", say("The system it is about."), "system"),
    Column("system_version", "text", say("That system's version."), "system_version"),
    Column("severity", "text", say("critical, high, medium or low."), "severity"),
    Column(
        "cvss_vector",
        "text",
        say(
            "CVSS 4.0 vector, where one was given; what is said instead where it is under embargo."
        ),
        "cvss_vector",
    ),
    Column("cvss_score", say("decimal number"), say("CVSS 4.0 base score, 0 to 10."), "cvss_score"),
    Column("technique", "text", say("MITRE ATLAS technique."), "technique"),
    Column(
        "hits",
        "integer",
        say("In how many trials it happened; empty while an embargo withholds it."),
        "hits",
    ),
    Column(
        "trials",
        "integer",
        say("How many trials there were; empty while an embargo withholds it."),
        "trials",
    ),
    Column(
        "state",
        "text",
        say("Disposition: reported, investigating, accepted, deferred, rejected or closed."),
        "state",
    ),
    Column(
        "actionable",
        say("true or false"),
        say("Whether something follows from it; empty before its disposition."),
        "actionable",
    ),
    Column("mapping", "text", say("control, metric, policy or evaluation."), "mapping"),
    Column("rationale", "text", say("Why, in the words of who disposed of it."), "rationale"),
    Column("owner", "text", say("Who answers for it."), "product_owner__name"),
    Column("reported_at", "instant", say("When it was reported, in UTC."), "reported_at"),
    Column("due_at", "instant", say("When it is due, in UTC."), "due_at"),
    Column("closed_at", "instant", say("When it was closed, in UTC."), "closed_at"),
    Column(
        "closure",
        "text",
        say("What closed it: control, exception, duplicate, rejection or exploratory."),
        "closure",
    ),
    Column(
        "duplicate_of", "text", say("Reference of the finding it repeats."), "duplicate_of__ref"
    ),
    Column(
        "exception", "text", say("Reference of the exception that closed it."), "exception__ref"
    ),
)


def name(file_format: str) -> str:
    """The file's name, with the version of its columns."""
    return f"findings-v{VERSION}.{file_format}"


def write(target: IO[bytes], file_format: str, rows: FindingQuerySet, *, reader: Actor) -> int:
    """Write findings as `csv`, `xlsx` or `jsonl`, as far as `reader` reads them; says how many."""
    rows = rows.order_by("id")
    claims = embargoes.among(rows, reader, now()).claims
    if not claims:
        return tables.write(target, file_format, FINDINGS, rows)
    names = [column.name for column in FINDINGS]
    fetched = tables.fetched((*FINDINGS, _KEY), rows)
    return writers.WRITERS[file_format](target, names, _closed(fetched, claims))


_KEY: Final = Column("key", "integer", say("Which finding it is."), "pk")
_INSTEAD: Final = {"cvss_vector": True, "hits": False, "trials": False}
"""What a claim says in these columns, and whether a sentence stands in its place."""


def _closed(rows: Iterable[Sequence[Any]], claims: Mapping[int, str]) -> Iterator[list[Any]]:
    places = {i: _INSTEAD[c.name] for i, c in enumerate(FINDINGS) if c.name in _INSTEAD}
    for *values, key in rows:
        if key in claims:
            for place, told in places.items():
                values[place] = claims[key] if told else None
        yield values
